//! Whether an adapter can work on this machine, and why not.

use crate::adapter::{self, ChosenPool, Host, Keyring, Manifest, PoolKind, Program};
use crate::app::resolve::{self, ReadyParticipant};
use crate::call::Secrets;
use crate::config::Settings;
use crate::error::Error;
use crate::host::Machine;
use crate::ids::ParticipantId;
use crate::invocation::{EnvValue, Invocation};
use crate::process::Scratch;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a version or login command may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a vendor's program for a look at it: version and login, never a question.
pub trait Runner {
    /// Runs it to its end, with a folder of its own, and returns its exit code, standard output and standard error.
    ///
    /// # Errors
    /// It could not be started, or took longer than `timeout`; in words.
    fn run(&self, invocation: &dyn Fn(&Scratch) -> Invocation, timeout: Duration) -> Result<Ran, String>;
}

/// What a program printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Makes one small real call.
pub trait Probe {
    /// What came back, in a few words.
    ///
    /// # Errors
    /// Why nothing did, in words, with what to do about it.
    fn probe(&self, participant: &ReadyParticipant, host: &Host) -> Result<String, String>;
}

/// What `doctor` may use beside its eyes.
#[derive(Clone, Copy, Default)]
pub struct Tools<'a> {
    /// Runs version and login commands; without it, files alone are looked at.
    pub runner: Option<&'a dyn Runner>,
    /// Makes one small real call each; without it, none is made.
    pub probe: Option<&'a dyn Probe>,
}

/// What was found out about one adapter. The fields are those of `doctor`'s JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Checkup {
    /// Its name.
    pub adapter: String,
    /// Whether it can take part in a run.
    pub works: bool,
    /// Where its program is.
    pub program: Option<String>,
    /// The program's version.
    pub version: Option<String>,
    /// Whether that version was tested with; `None` if it or the range is not known.
    pub tested: Option<bool>,
    /// The versions that were tested with: `from 0.171.0, before 0.172.0`; `None` if there is no range.
    pub tested_range: Option<String>,
    /// Whether a login is stored; `None` if unknown.
    pub logged_in: Option<bool>,
    /// What is known of the login.
    pub login: Option<String>,
    /// The account that is charged.
    pub pays: Option<String>,
    /// Whether its facts were measured against the real program.
    pub verified: bool,
    /// What is in the way.
    pub problems: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// What else should be known.
    pub notes: Vec<String>,
    /// What the small real call brought.
    pub probe: Option<ProbeResult>,
}

/// What a small real call brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProbeResult {
    /// Whether an answer came.
    pub answered: bool,
    /// The answer, or why there is none.
    pub message: String,
}

/// Looks at one adapter.
pub fn check(
    manifest: &Arc<Manifest>,
    settings: &Settings,
    host: &Host,
    machine: &Machine,
    tools: Tools<'_>,
) -> Checkup {
    let name = manifest.id.as_str();
    let said = settings.adapter(name);
    let mut checkup = Checkup {
        adapter: name.to_owned(),
        works: false,
        program: None,
        version: None,
        tested: None,
        tested_range: manifest.tested_range(),
        logged_in: None,
        login: None,
        pays: None,
        verified: manifest.verified(),
        problems: Vec::new(),
        hints: Vec::new(),
        notes: Vec::new(),
        probe: None,
    };
    if !manifest.verified() {
        checkup.notes.push("not verified with the real CLI".to_owned());
    }
    let program = resolve::locate(manifest, &said, machine).map_err(|error| checkup.blame(error)).ok();
    let billing = said.billing.unwrap_or_default();
    let pool = resolve::credential(manifest, host, billing);
    let stored = adapter::StoredLogin::find(manifest, host);
    if manifest.login.is_some() {
        checkup.logged_in = Some(stored.is_some());
        checkup.login = stored
            .as_ref()
            .map(|login| login.about.as_ref().map_or_else(|| "stored".to_owned(), |about| format!("stored ({about})")));
        // It may pay for nothing and still be found first by the CLI itself.
        checkup.notes.extend(adapter::login_note(manifest, host).filter(|_| pool.is_ok()));
    }
    let secrets = Secrets::of_machine(host);
    let look = |program: &Program, runner: &dyn Runner, args: &[String], env: Option<BTreeMap<String, EnvValue>>| {
        let invocation = |scratch: &Scratch| {
            let places = (scratch.path(), scratch.short());
            let look = adapter::look(manifest, program, args, host, pool.as_ref().ok(), places);
            Invocation { env: env.clone().unwrap_or(look.env), ..look }
        };
        let ran = runner.run(&invocation, PATIENCE)?;
        // Such a program may repeat what it sees.
        Ok::<Ran, String>(Ran {
            stdout: secrets.take_out_of(ran.stdout),
            stderr: secrets.take_out_of(ran.stderr),
            ..ran
        })
    };
    let mut version = None;
    let mut reported = None;
    if let (Some(program), Some(runner)) = (&program, tools.runner) {
        if !manifest.version_args().is_empty() {
            match look(program, runner, manifest.version_args(), None).and_then(|ran| version_of(&ran)) {
                Ok(found) => version = found,
                Err(reason) => checkup.blame(unusable(manifest, program, &reason)),
            }
        }
        if !manifest.login_args().is_empty() && checkup.problems.is_empty() {
            // The person's own environment, where the login is; without keys, for which some CLIs answer instead.
            let mut env = host.env.clone();
            env.retain(|name, _| !manifest.credential_names().contains(&name.as_str()));
            let env = env.into_iter().map(|(name, value)| (name, EnvValue::Plain(value))).collect();
            match look(program, runner, manifest.login_args(), Some(env)) {
                Ok(ran) => {
                    reported = Some(ran.code == Some(0) && !says_logged_out(&ran.stdout));
                    let words = || said_line(&ran).or_else(|| reported?.then(|| "reported by the CLI".to_owned()));
                    checkup.login = checkup.login.take().or_else(words);
                    checkup.logged_in = reported;
                }
                Err(reason) => checkup.notes.push(format!("login check failed: {reason}")),
            }
        }
    }
    let unseen = |pool: &ChosenPool| pool.kind == PoolKind::Login && stored.is_none();
    let hidden = manifest.login.as_ref().and_then(|login| match &login.keyring {
        Some(Keyring::Hidden(way)) if stored.is_none() && reported == Some(true) => Some(way),
        _ => None,
    });
    let pool = match (pool, hidden) {
        (Ok(pool), _) if unseen(&pool) && reported == Some(false) => {
            Err(resolve::refused(adapter::refusal(manifest, host, billing)))
        }
        (Ok(pool), _) if unseen(&pool) && reported == Some(true) => {
            Ok(ChosenPool { words: format!("{} (reported by the CLI)", pool.name), ..pool })
        }
        (Err(_), Some(way)) => Err(Error::config(format!(
            "{name}: its login is in no file but in a keyring, which the private home of a call hides"
        ))
        .hint(way)
        .hint(format!("or set {}", manifest.credential_names().join(" or ")))),
        (pool, _) => pool,
    };
    let pool = pool.map_err(|error| checkup.blame(error)).ok();
    checkup.pays = pool.as_ref().map(|pool| pool.words.clone());
    let Some(mut program) = program else { return checkup };
    checkup.program = Some(program.path.display().to_string());
    program.version = version.or(program.version);
    checkup.tested = program.version.as_deref().and_then(|version| manifest.tested_with(version));
    if checkup.tested == Some(false) {
        checkup.notes.push("untested version".to_owned());
    }
    checkup.version.clone_from(&program.version);
    checkup.works = pool.is_some() && checkup.problems.is_empty();
    if let (Some(pool), Some(probe), true) = (pool, tools.probe, checkup.works) {
        let model = manifest.resolve_exact(said.model.as_deref());
        let effort = said.effort.or(model.effort);
        let id = ParticipantId::new(name);
        let participant = ReadyParticipant { id, manifest: Arc::clone(manifest), program, pool, model, effort };
        let result = probe.probe(&participant, host);
        checkup.works = result.is_ok();
        let (answered, message) = result.map_or_else(|reason| (false, reason), |answer| (true, answer));
        if !answered {
            checkup.problems.push(format!("{name}: the probe failed: {message}"));
        }
        checkup.probe = Some(ProbeResult { answered, message });
    }
    checkup
}

impl Checkup {
    fn blame(&mut self, error: Error) {
        self.problems.extend(error.messages);
        self.hints.extend(error.hints);
    }
}

/// The version that a program printed, if it did.
fn version_of(ran: &Ran) -> Result<Option<String>, String> {
    let code = ran.code.map_or_else(|| "a signal ended it".to_owned(), |code| format!("exit code {code}"));
    match (ran.code, said_line(ran)) {
        (Some(0), _) => Ok(version_in(&ran.stdout).or_else(|| version_in(&ran.stderr))),
        (_, Some(line)) => Err(format!("{code}: {line}")),
        (_, None) => Err(code),
    }
}

/// A program that cannot even say its version where a call would have it.
fn unusable(manifest: &Manifest, program: &Program, reason: &str) -> Error {
    let words = program.prefix.iter().chain(manifest.version_args());
    let line = shell_words::join([program.path.display().to_string()].iter().chain(words));
    Error::config(format!("{}: `{line}` fails in the environment of a call: {reason}", manifest.id))
        .hint(format!("try it: env -i PATH=\"$PATH\" HOME=\"$(mktemp -d)\" {line}"))
}

/// Whether a login command answers that there is none although it exits with 0.
fn says_logged_out(stdout: &str) -> bool {
    serde_json::from_str::<Value>(stdout).is_ok_and(|said| said.get("loggedIn") == Some(&Value::Bool(false)))
}

/// The first word that looks like a version: digits and dots, at least one of each.
fn version_in(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',')).find_map(|word| {
        let word = word.trim_start_matches('v');
        let version = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
        version.then(|| word.to_owned())
    })
}

/// The first line that says something to people, and is no warning about something else: codex
/// begins with one where it has no place for its helpers.
fn said_line(ran: &Ran) -> Option<String> {
    if ran.stdout.trim_start().starts_with('{') {
        return None;
    }
    let lines = ran.stdout.lines().chain(ran.stderr.lines()).map(str::trim);
    let speaks = |line: &&str| line.chars().filter(|c| c.is_alphabetic()).count() > 3;
    let line = lines.into_iter().filter(speaks).find(|line| !line.starts_with("WARNING"))?;
    Some(line.chars().take(100).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_print() {
        assert_eq!(version_in("2.1.263 (Claude Code)\n").as_deref(), Some("2.1.263"));
        assert_eq!(version_in("codex-cli 0.169.0").as_deref(), Some("0.169.0"));
        assert_eq!(version_in("tool v1.2.3-beta.1").as_deref(), Some("1.2.3-beta.1"));
        assert_eq!(version_in("no version, 3 words"), None);
    }

    #[test]
    fn the_first_line_in_words_is_the_login() {
        let ran = Ran { code: Some(1), stdout: "--\n".into(), stderr: "WARNING: proceeding\nNot logged in\n".into() };
        assert_eq!(said_line(&ran).as_deref(), Some("Not logged in"));
        let ran = Ran { stdout: "{\n  \"loggedIn\": false\n}".into(), ..ran };
        assert_eq!(said_line(&ran), None, "not for people");
        assert_eq!(said_line(&Ran::default()), None);
    }
}
