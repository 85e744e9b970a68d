//! One call to a real CLI through the layers of a run: the call layer, the embedded adapter, the process
//! layer; and everything that came of it.

use super::installed::Cli;
use super::slots;
use super::user_home::{UserHome, chatgpt_on_loopback, text};
use refinery_core::adapter::{Billing, Catalog, Host, Manifest, Program, RunNeeds, Transport, choose};
use refinery_core::call::{
    AdapterQueue, Answered, AtLimit, Backoff, CallContext, CallEvent, CallLimit, Caller, CliBackend, CliEndpoint,
    CliSettings, Echo, Endpoint, Endpoints, Keep, WorkerPool,
};
use refinery_core::exchange::{CallSpec, Effort, Prompt, Reply, Role, Shape, Tuning};
use refinery_core::failure::CallFailure;
use refinery_core::host::{Folders, login};
use refinery_core::ids::{CallId, ParticipantId, Round};
use refinery_core::invocation::{Limits, StopLevel};
use refinery_core::process::{Marker, Supervisor};
use refinery_core::time::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// Who pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pays {
    /// A key or token in this variable.
    Variable(&'static str),
    /// A stored login of a plan.
    Login,
    /// A stored login whose access token is this.
    LoginAs(&'static str),
    /// A stored API key (codex).
    StoredKey,
    /// Nobody: the stored login that there was is gone.
    Nobody,
}

/// What is asked, and of whom.
pub struct Call {
    /// The program.
    pub cli: Cli,
    /// The vendor's address, without a path.
    pub url: String,
    /// Who pays.
    pub pays: Pays,
    /// The word for the model; `None` for the adapter's default.
    pub model: Option<&'static str>,
    /// How hard to think; `None` for the adapter's default.
    pub effort: Option<Effort>,
    /// Temperature and reply length.
    pub tuning: Tuning,
    /// The system prompt.
    pub system: String,
    /// Question and files, the stable part of the prompt.
    pub files: String,
    /// What the call adds.
    pub prompt: String,
    /// The shape of the reply.
    pub schema: Option<Value>,
    /// Arguments before all others, as a configuration can give them.
    pub prefix: Vec<String>,
    /// Whether the adapter's guards and limits are off: what the CLI does by itself.
    pub unguarded: bool,
    /// A flag whose group of arguments is left out: what the CLI does without it.
    pub without: Option<&'static str>,
    /// Further variables of ours.
    pub env: Vec<(&'static str, String)>,
    /// The clocks.
    pub limits: Limits,
    /// Whether its process is kept.
    pub transport: Transport,
    /// Whose home it is.
    pub user: UserHome,
}

/// What came back.
#[derive(Debug)]
pub struct Seen {
    /// What the call layer makes of it.
    pub result: Result<Reply, CallFailure>,
    /// How many attempts were made.
    pub attempts: u32,
    /// What a person is warned of.
    pub warnings: Vec<String>,
    /// What the CLI printed on standard output, as it was kept by `--debug`.
    pub stdout: String,
    /// On standard error.
    pub stderr: String,
    /// How it ended.
    pub ended: Ended,
    /// The line that makes the call again.
    pub line: String,
    /// The scratch folder, which occurs in the output.
    pub scratch: String,
    /// From admission to the result.
    pub elapsed: Duration,
}

/// How the program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// `left`, `done`, `hard_limit`, …
    pub ending: String,
    /// Its exit code.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

impl Call {
    /// A plain call, paid by a key, with clocks that a loaded machine does not reach.
    pub fn new(cli: Cli, url: impl Into<String>) -> Self {
        let (model, pays) = match cli {
            Cli::Claude => ("opus", "ANTHROPIC_API_KEY"),
            Cli::Codex => ("gpt-5.5", "CODEX_API_KEY"),
            Cli::Gemini => ("gemini-2.5-flash", "GEMINI_API_KEY"),
        };
        Self {
            cli,
            url: url.into(),
            pays: Pays::Variable(pays),
            model: Some(model),
            effort: Some(Effort::Low),
            tuning: Tuning::default(),
            system: "You answer in one line.".to_owned(),
            files: String::new(),
            prompt: "What is six times seven?".to_owned(),
            schema: None,
            prefix: Vec::new(),
            unguarded: false,
            without: None,
            env: Vec::new(),
            limits: Limits { hard: Duration::from_secs(180), first_byte: None, idle: None },
            // The same cases, with CLIs that are kept.
            transport: std::env::var("REFINERY_TEST_TRANSPORT")
                .map_or(Transport::Oneshot, |word| word.parse().unwrap()),
            user: UserHome::new(),
        }
    }

    /// Makes the call, with one attempt.
    pub fn run(&self) -> Seen {
        let _slot = slots::one();
        let begun = Instant::now();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let workers = WorkerPool::default();
        let endpoint = self.endpoint(&shown, &workers);
        let (answered, warnings) = runtime.block_on(async {
            let asked = self.ask(endpoint).await;
            workers.close(watch::channel(StopLevel::Run).1).await;
            asked
        });
        let Answered { result, attempts, .. } = answered;
        let elapsed = begun.elapsed();
        let shown = shown.lock().unwrap().join("\n");
        let line = shown.lines().find(|line| line.starts_with("cd ")).unwrap_or_default().to_owned();
        let scratch = self.scratch();
        let kept = |name: &str| {
            let bytes = scratch.as_ref().and_then(|folder| std::fs::read(folder.join(name)).ok());
            String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
        };
        Seen {
            result,
            attempts,
            warnings,
            stdout: kept("stdout"),
            stderr: kept("stderr"),
            ended: shown.lines().find_map(ended).unwrap_or_else(|| panic!("{} was not started: {shown}", self.cli)),
            line,
            scratch: scratch.as_deref().map(text).unwrap_or_default(),
            elapsed,
        }
    }

    /// Asks one prompt after the other through processes that are kept: what came of each, and how many processes
    /// that took.
    pub fn ask_kept(&mut self, prompts: &[&str]) -> (Vec<Result<Reply, CallFailure>>, usize) {
        let _slot = slots::one();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (workers, shown) = (WorkerPool::default(), Arc::new(Mutex::new(Vec::new())));
        self.transport = Transport::Kept;
        let results = prompts.iter().map(|prompt| {
            (*prompt).clone_into(&mut self.prompt);
            runtime.block_on(self.ask(self.endpoint(&shown, &workers))).0.result
        });
        let results = results.collect();
        runtime.block_on(workers.close(watch::channel(StopLevel::Run).1));
        (results, started(&shown))
    }

    /// Makes three calls at the same time through the same processes, and says how many these were.
    pub fn ask_at_once([one, two, three]: &[Self; 3]) -> ([Result<Reply, CallFailure>; 3], usize) {
        let _slot = slots::one();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (workers, shown) = (WorkerPool::default(), Arc::new(Mutex::new(Vec::new())));
        let ask = |call: &Self| call.endpoint(&shown, &workers);
        let results = runtime.block_on(async {
            let asked = tokio::join!(one.ask(ask(one)), two.ask(ask(two)), three.ask(ask(three)));
            workers.close(watch::channel(StopLevel::Run).1).await;
            [asked.0, asked.1, asked.2].map(|(answered, _)| answered.result)
        });
        (results, started(&shown))
    }

    /// The folder of the only attempt, if it came to one.
    fn scratch(&self) -> Option<PathBuf> {
        let mut entries = std::fs::read_dir(self.user.path("debug")).ok()?;
        Some(entries.next()?.unwrap().path())
    }

    fn manifest(&self) -> Arc<Manifest> {
        let mut manifest = Manifest::clone(Catalog::embedded().unwrap().get(self.cli.name()).unwrap());
        if self.unguarded {
            manifest.stdin.guard.clear();
            manifest.stdin.guard_when.clear();
            manifest.limits = Default::default();
        }
        if let Some(flag) = self.without {
            manifest.invocation.args.retain(|group| !group.iter().any(|arg| arg == flag));
        }
        if self.cli == Cli::Codex && !matches!(self.pays, Pays::Variable(_) | Pays::StoredKey) {
            let last = manifest.invocation.args.len() - 1;
            manifest.invocation.args.insert(last, chatgpt_on_loopback(&self.url));
        }
        Arc::new(manifest)
    }

    /// The environment that the person has.
    fn env(&self) -> BTreeMap<String, String> {
        let mut env = BTreeMap::from([
            ("PATH".to_owned(), std::env::var("PATH").unwrap()),
            ("HOME".to_owned(), text(&self.user.home())),
            ("ANTHROPIC_BASE_URL".to_owned(), self.url.clone()),
            ("OPENAI_BASE_URL".to_owned(), format!("{}/v1", self.url)),
            ("GOOGLE_GEMINI_BASE_URL".to_owned(), self.url.clone()),
            ("CODE_ASSIST_ENDPOINT".to_owned(), self.url.clone()),
            ("GOOGLE_CLOUD_PROJECT".to_owned(), "loopback-project".to_owned()),
        ]);
        if let Pays::Variable(name) = self.pays {
            env.insert(name.to_owned(), "loopback-key".to_owned());
        }
        env.extend(self.env.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        env
    }

    fn endpoint(&self, shown: &Arc<Mutex<Vec<String>>>, workers: &WorkerPool) -> Endpoint {
        let manifest = self.manifest();
        let mut program = Program { path: self.cli.program(), prefix: Vec::new(), version: None };
        match self.pays {
            Pays::Login | Pays::Nobody => self.user.log_in(self.cli),
            Pays::LoginAs(token) => self.user.log_in_as(self.cli, token),
            Pays::StoredKey => self.user.log_in_with_key(),
            Pays::Variable(_) => {}
        }
        if self.cli == Cli::Gemini && !matches!(self.pays, Pays::Variable(_) | Pays::StoredKey) {
            (program.path, program.prefix) = self.user.google_on_loopback(&self.url);
        }
        program.prefix.extend(self.prefix.clone());
        let env = self.env();
        let folders = Folders::of(&env, None);
        let logins = || BTreeMap::from([(manifest.id.clone(), login::read(&manifest, &env, &folders))]);
        let mut host = Host { env: env.clone(), home: folders.home.clone(), logins: logins(), ..Host::default() };
        let pool = choose(&manifest, &host, Billing::Auto).unwrap();
        if self.pays == Pays::Nobody {
            self.user.log_out();
            host.logins = logins();
        }
        let model = manifest.resolve_model(self.model);
        let shown = Arc::clone(shown);
        let echo = Echo::new(self.user.path("debug"), move |line| shown.lock().unwrap().push(line.to_owned()));
        let settings = CliSettings {
            supervisor: Supervisor::new(Marker::new(text(&self.user.home()))),
            host: Arc::new(host),
            limits: self.limits,
            scratch_root: None,
            echo: Some(Arc::new(echo)),
            now: Arc::new(now),
            workers: workers.clone(),
        };
        let effort = self.effort.or(model.effort);
        let needs = RunNeeds { debug: false, counts_output: false };
        let keep = manifest.keeps(self.transport, None, needs).ok().map(|spec| Keep { spec, most: 1 });
        let backend = CliBackend::new(settings, CliEndpoint { manifest, program, pool, model, effort, keep });
        Endpoint { backend: Arc::new(backend), queue: AdapterQueue::new(1), own: AdapterQueue::new(0) }
    }

    fn spec(&self) -> CallSpec {
        let part = |text: &str| if text.is_empty() { Vec::new() } else { vec![Arc::from(text)] };
        CallSpec {
            id: CallId::new("r1/answer/it"),
            to: ParticipantId::new("it"),
            role: Role::Answer,
            round: Round::FIRST,
            system: self.system.as_str().into(),
            prompt: Prompt::new(part(&self.files), part(&self.prompt)),
            shape: self.schema.clone().map(|schema| Shape { name: "n".into(), schema: Arc::new(schema) }),
            tuning: self.tuning,
        }
    }

    async fn ask(&self, endpoint: Endpoint) -> (Answered, Vec<String>) {
        let endpoints = BTreeMap::from([(ParticipantId::new("it"), endpoint)]);
        let backoff = Backoff { retries: 0, ..Backoff::default() };
        let caller = Caller::new(Endpoints { by_name: endpoints, limit: CallLimit::new(0), backoff });
        let (_running, stop) = watch::channel(StopLevel::Run);
        let (events, mut told) = mpsc::unbounded_channel();
        let listener = tokio::spawn(async move {
            let mut warnings = Vec::new();
            while let Some(news) = told.recv().await {
                match news {
                    CallEvent::Begun { go, .. } => drop(go.send(Ok(()))),
                    CallEvent::Limited { answer, .. } => drop(answer.send(AtLimit::GiveUp)),
                    CallEvent::Warning(warning) => warnings.push(warning),
                    CallEvent::Ended { .. }
                    | CallEvent::Replied { .. }
                    | CallEvent::Retrying { .. }
                    | CallEvent::Live(_) => {}
                }
            }
            warnings
        });
        let answered = caller.call(Arc::new(self.spec()), CallContext { stop, events }).await;
        (answered, listener.await.unwrap())
    }
}

/// How many processes that are kept were started.
fn started(shown: &Mutex<Vec<String>>) -> usize {
    shown.lock().unwrap().iter().filter(|line| line.starts_with("# worker") && line.contains("\ncd ")).count()
}

/// Reads `# ID attempt 1 ended (HardLimit): signal 15, …`.
fn ended(line: &str) -> Option<Ended> {
    let (ending, how) = line.split_once(" ended (")?.1.split_once("): ")?;
    let number = |mark: &str| how.strip_prefix(mark)?.split(',').next()?.parse().ok();
    let mut words = String::new();
    for c in ending.chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.push(c.to_ascii_lowercase());
    }
    Some(Ended { ending: words, code: number("exit code "), signal: number("signal ") })
}

/// The wall clock.
pub fn now() -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(now.as_millis()).unwrap())
}
