//! What the engine costs by itself, in a process with providers that answer at once: time and allocations
//! for each call.
//!
//! `cargo bench --bench in_process` prints the table; `-- --write` also puts it into the README beside this
//! file. It fails if a run with a question of a megabyte takes more heap than its limit.

mod written;

use async_trait::async_trait;
use refinery_core::{
    Engine, EngineConfig, EngineError, Message, ModelId, ModelProvider, ProviderError, ProviderRequest, Reply, Role,
    Runner, SamplingPlan, VoteThreshold,
};
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use written::Failure;

const NAMES: [&str; 7] = ["ada", "bob", "cyd", "dan", "eve", "fay", "gus"];
const MEGABYTE: usize = 1_000_000;
/// Heap beyond the question at most, in bytes.
const LIMIT: u64 = 16_000_000;
const RUNS: usize = 30;

/// Answers at once.
struct Instantly(ModelId);

#[async_trait]
impl ModelProvider for Instantly {
    async fn send_message(&self, _: &[Message]) -> Result<String, ProviderError> {
        Ok("Take the second one, for three reasons.".to_owned())
    }

    fn model_id(&self) -> &ModelId {
        &self.0
    }

    async fn reply(&self, request: &ProviderRequest) -> Result<Reply, ProviderError> {
        match request.role() {
            Role::Evaluate => Ok(r#"{"weaknesses": ["It is short."], "score": 7}"#.into()),
            _ => Ok(self.send_message(request.messages()).await?.into()),
        }
    }
}

/// What is measured.
#[derive(Clone, Copy)]
enum Case {
    /// So many participants, for three rounds in which nobody agrees.
    Consensus(usize),
    /// So many answers of one model.
    Sampling(u32),
}

struct Measured {
    name: String,
    calls: u64,
    time: Duration,
    allocations: u64,
    bytes: u64,
    peak: u64,
}

fn main() -> ExitCode {
    written::exit(bench())
}

fn bench() -> Result<bool, Failure> {
    let mut all = Vec::new();
    for (words, size) in [("", 100), (", 1 MB question", MEGABYTE)] {
        for case in [Case::Consensus(3), Case::Consensus(7), Case::Sampling(50)] {
            all.push(measure(case, words, size)?);
        }
    }
    let mut table = String::from(
        "| Run | Calls | Time for each call | Allocations | Bytes allocated | Heap beyond the question at most |\n\
         |---|---:|---:|---:|---:|---:|\n",
    );
    for one in &all {
        let each = |total: u64| total / one.calls.max(1);
        let micros = one.time.as_secs_f64() * 1e6 / one.calls as f64;
        let (kilobytes, megabytes) = (each(one.bytes) as f64 / 1e3, one.peak as f64 / 1e6);
        writeln!(
            table,
            "| {} | {} | {micros:.0} µs | {} | {kilobytes:.1} kB | {megabytes:.2} MB |",
            one.name,
            one.calls,
            each(one.allocations),
        )?;
    }
    written::publish(&table, ["<!-- in process -->", "<!-- end of it -->"])?;
    Ok(all.iter().all(|one| one.peak <= LIMIT))
}

fn measure(case: Case, words: &str, size: usize) -> Result<Measured, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let question: Arc<str> = "Why? ".repeat(size / 5).into();
    let mut calls = 0;
    let mut failed = None;
    // Everything happens on this thread. The first run fills what is kept from run to run.
    let mut run = || match runtime.block_on(once(case, Arc::clone(&question))) {
        Ok(made) => calls = made,
        Err(error) => failed = Some(error),
    };
    run();
    let heap = allocation_counter::measure(&mut run);
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            run();
            begun.elapsed()
        })
        .collect();
    if let Some(error) = failed {
        return Err(error.into());
    }
    times.sort();
    let name = match case {
        Case::Consensus(count) => format!("consensus of {count}, 3 rounds{words}"),
        Case::Sampling(count) => format!("{count} samples{words}"),
    };
    let time = times.get(RUNS / 2).copied().unwrap_or_default();
    Ok(Measured { name, calls, time, allocations: heap.count_total, bytes: heap.bytes_total, peak: heap.bytes_max })
}

/// One run; how many calls it made.
async fn once(case: Case, question: Arc<str>) -> Result<u64, EngineError> {
    let providers = |count: usize| {
        let provider = |name: &&str| Arc::new(Instantly(ModelId::new(*name))) as Arc<dyn ModelProvider>;
        NAMES.iter().take(count).map(provider).collect::<Vec<_>>()
    };
    match case {
        Case::Consensus(count) => {
            let models = NAMES.iter().take(count).map(|name| ModelId::new(*name)).collect();
            let config = EngineConfig::new(models, 3, 9.0, 1, Duration::from_secs(600), 0)?;
            let engine = Engine::new(providers(count), Box::new(VoteThreshold::new(9.0, 1)), config);
            Ok(engine.run(question).await?.cost().calls)
        }
        Case::Sampling(num_samples) => {
            let plan = SamplingPlan { num_samples, ..SamplingPlan::default() };
            Ok(Runner::new(providers(1)).sample(question, plan).await?.cost().calls)
        }
    }
}
