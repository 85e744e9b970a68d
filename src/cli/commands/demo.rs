//! `refinery demo`: a whole run that this program answers itself.

use crate::adapter;
use crate::app::options::flag;
use crate::app::prepare::{self, Ready};
use crate::app::request::{OptionValue, RunRequest, Sources, StepText, Steps};
use crate::cli::args::DemoArgs;
use crate::cli::commands::typed::said;
use crate::cli::session::program;
use crate::config::Key;
use crate::demo::{self, Demo, Plot};
use crate::error::Error;
use crate::host::Machine;
use crate::plan::ProtocolKind;
use crate::value::word;
use anyhow::Context as _;
use std::path::Path;

/// Credentials that open nothing: without one, no adapter starts its program.
const CREDENTIALS: [(&str, &str); 3] =
    [("ANTHROPIC_API_KEY", "demo"), ("CODEX_API_KEY", "demo"), ("GEMINI_API_KEY", "demo")];

/// The demo that was asked for.
///
/// # Errors
/// There is none of that name.
pub fn of(args: &DemoArgs) -> Result<Demo, Error> {
    let Some(name) = &args.demo else { return Ok(Demo::Consensus) };
    word(name).map_err(|names| Error::config(format!("there is no demo `{name}`")).hint(format!("there are {names}")))
}

/// The command that a person would type for it, without the question.
#[must_use]
pub fn command(demo: Demo) -> String {
    let RunRequest { options, steps, .. } = request(demo);
    let name = if demo == Demo::Consensus { String::new() } else { format!(" {}", demo.as_str()) };
    let mut words = vec!["-m".to_owned(), models(demo)];
    for OptionValue { place, value, .. } in options {
        words.push(place);
        words.extend((value != "true").then_some(value));
    }
    if let Steps::Listed(steps) = steps {
        for StepText { step, conditions } in steps {
            words.extend(["--step".to_owned(), step]);
            words.extend(conditions.into_iter().flat_map(|condition| ["--if".to_owned(), condition]));
        }
    }
    format!("refinery{name} QUESTION {}", shell_words::join(words))
}

fn models(demo: Demo) -> String {
    let names = demo.participants().iter();
    match demo.plot() {
        Plot::Debate { personas, .. } => {
            names.zip(personas).map(|(name, persona)| format!("{name}:{persona}")).collect::<Vec<_>>().join(",")
        }
        _ => names.copied().collect::<Vec<_>>().join(","),
    }
}

/// The run that a demo is.
fn request(demo: Demo) -> RunRequest {
    let option = |name: &str, value: String| OptionValue { name: name.to_owned(), value, place: flag(name) };
    let (command, options, steps) = match demo.plot() {
        Plot::Consensus => (ProtocolKind::Consensus, Vec::new(), &[][..]),
        Plot::Debate { judge, .. } => (ProtocolKind::Debate, vec![option("judge", judge.to_owned())], &[][..]),
        Plot::Sample { num_samples, normaliser } => {
            let options = vec![
                option("num_samples", num_samples.to_string()),
                option("normaliser", normaliser.to_owned()),
                option("early_stop", "true".to_owned()),
            ];
            (ProtocolKind::Sample, options, &[][..])
        }
        Plot::Refine { judge, target_score } => {
            let options = vec![option("judge", judge.to_owned()), option("target_score", target_score.to_string())];
            (ProtocolKind::Refine, options, &[][..])
        }
        Plot::Pipe { steps } => (ProtocolKind::Pipe, Vec::new(), steps),
    };
    let step = |one: &demo::Step| StepText {
        step: one.step.to_owned(),
        conditions: one.condition.map(str::to_owned).into_iter().collect(),
    };
    let settings = [
        (Key::Models, models(demo)),
        (Key::Seed, Demo::SEED.to_string()),
        (Key::NoJournal, "true".to_owned()),
        (Key::NoStdin, "true".to_owned()),
    ];
    RunRequest {
        command,
        options,
        steps: Steps::Listed(steps.iter().map(step).collect()),
        settings: settings.map(|(key, value)| said(key, vec![value], flag(key.name()))).to_vec(),
        input: Sources { prompt: Some(demo.question()), ..Sources::default() },
        ..RunRequest::default()
    }
}

/// The demo as a run that is ready, with its script in `folder`. Nothing of the person's takes part: no
/// configuration, no credential, no login, no program.
///
/// # Errors
/// The script cannot be written.
pub fn prepare(demo: Demo, args: &DemoArgs, machine: &mut Machine, folder: &Path) -> Result<Ready, Error> {
    let script = folder.join("script.toml");
    std::fs::write(&script, demo.script()).with_context(|| format!("cannot write {}", script.display()))?;
    machine.folders.config = None;
    machine.folders.home = None;
    machine.env.retain(|name, _| matches!(name.as_str(), "PATH" | "NO_COLOR"));
    machine.env.extend(CREDENTIALS.map(|(name, value)| (name.to_owned(), value.to_owned())));
    machine.env.insert(adapter::MARK_CALLS.to_owned(), "1".to_owned());
    let mut request = request(demo);
    let format = args.output_format.clone().map(|format| (Key::OutputFormat, format));
    let verbose = args.verbose.then(|| (Key::Verbose, "true".to_owned()));
    let shown = format.into_iter().chain(verbose);
    request.settings.extend(shown.map(|(key, value)| said(key, vec![value], flag(key.name()))));
    let mut settings = prepare::load(&request, machine)?.settings;
    let program = program()?.display().to_string();
    for vendor in demo::VENDORS {
        let said = settings.adapters.entry(vendor.to_owned()).or_default();
        said.program = Some(program.clone());
        said.program_args = demo::arguments(vendor, &script);
    }
    prepare::prepare(request, settings, machine, &mut Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_demo_is_a_command_that_can_be_typed() {
        for demo in <Demo as strum::VariantArray>::VARIANTS.iter().copied() {
            let line = command(demo);
            let words: Vec<_> = shell_words::split(&line).unwrap().into_iter().map(Into::into).collect();
            assert!(crate::cli::parse::parse(&words, false).is_ok(), "{line}");
        }
        assert_eq!(command(Demo::Consensus), "refinery QUESTION -m claude,codex,gemini");
        assert_eq!(
            command(Demo::Pipe),
            "refinery pipe QUESTION -m claude,codex,gemini --step 'sample num_samples=3 normaliser=choice' \
             --step 'refine mode=critique' --if 'agreement < 0.95'"
        );
    }
}
