//! From arguments to exit code: one process of a fake.

use super::action::Action;
use super::call::Call;
use super::faults::{self, SignalHandlers};
use super::options::{Mode, Options};
use super::output::Output;
use super::request::Request;
use super::script::{Latency, Rule, Script};
use super::vendor::{Asked, Early, Turn, Vendor};
use super::{clock, draw, kept, log, rules, speech, threads};
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// The script that is played when none is given, and after the last rule of every other one.
const DEFAULT: &str = include_str!("default.toml");

/// The exit code for a script or arguments of our own that cannot be used: none of the vendors'.
const OUR_MISTAKE: u8 = 64;

/// Plays what the arguments say, and returns the exit code.
#[must_use]
pub fn run(args: impl Iterator<Item = OsString>) -> u8 {
    match Mode::parse(args) {
        Ok(Mode::Play(options)) => match play(&options) {
            Ok(code) => code,
            Err(early) => {
                let _ = io::stdout().write_all(early.stdout.as_bytes()).and_then(|()| io::stdout().flush());
                let _ = io::stderr().write_all(early.stderr.as_bytes());
                early.code
            }
        },
        Ok(Mode::Linger(linger)) => faults::linger(linger),
        Err(reason) => {
            let _ = writeln!(io::stderr(), "fake-cli: {reason}");
            OUR_MISTAKE
        }
    }
}

pub(super) fn mistake(reason: impl std::fmt::Display) -> Early {
    Early { stderr: format!("fake-cli: {reason}\n"), code: OUR_MISTAKE, ..Early::default() }
}

fn play(options: &Options) -> Result<u8, Early> {
    let script = options.script.as_deref().map_or_else(|| Ok(Script::default()), load)?;
    let default = Script::parse(DEFAULT).map_err(mistake)?;
    let handlers = SignalHandlers::new(options.vendor.signal_codes());
    let call = Call::of_environment().map_err(mistake)?;
    let asked = options.vendor.parse(&options.argv)?;
    let player = Player { options: options.clone(), call, script, default, handlers };
    if asked.kept {
        return if options.vendor == Vendor::Codex { threads::serve(&player) } else { kept::serve(&player, asked) };
    }
    let (mut input, mut last) = (BufReader::new(io::stdin()), 0);
    while let Some((code, over)) = player.play(asked.clone(), 1, &mut input)? {
        last = code;
        if over || !asked.stays {
            break;
        }
    }
    Ok(last)
}

fn load(path: &Path) -> Result<Script, Early> {
    let named = |reason: String| mistake(format!("script {}: {reason}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| named(error.to_string()))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    Script::parse(&text).map(|script| script.within(folder)).map_err(named)
}

/// What a process plays from.
#[derive(Clone)]
pub(super) struct Player {
    pub options: Options,
    pub call: Call,
    pub script: Script,
    default: Script,
    handlers: SignalHandlers,
}

/// Why the prompt was not read: it is over, or the vendor's program refuses it.
enum Unread {
    Over,
    Early(Early),
}

impl Player {
    /// Plays the next request, the last of so many of one conversation. The exit code, and whether the process ends
    /// with it; `None` when nobody asks any more.
    pub fn play(&self, asked: Asked, history: u32, input: &mut impl BufRead) -> Result<Option<(u8, bool)>, Early> {
        let Some((request, rule, name)) = self.next(asked, input)? else { return Ok(None) };
        let (code, over) = self.turn(&request, &rule, &name, history)?;
        Ok(Some((code, over || request.prompt.is_none())))
    }

    /// The rule for the reset of a conversation, where it is not the vendor's own.
    pub fn on_reset(&self) -> Option<Rule> {
        self.script.rule.iter().find(|rule| rule.when.begins.as_deref() == Some("/clear")).cloned()
    }

    /// The next request and the rule that it plays; `None` when nobody asks any more.
    fn next(&self, asked: Asked, input: &mut impl BufRead) -> Result<Option<(Request, Rule, String)>, Early> {
        let mut request = Request::new(self.options.vendor, self.options.who.as_deref(), self.call.clone(), asked);
        let mut read = |request: &mut Request| {
            let prompt = request.vendor.prompt(&request.asked, input).map_err(Unread::Early)?;
            request.prompt = Some(prompt.ok_or(Unread::Over)?);
            Ok(())
        };
        let fault = |reason: String| Unread::Early(mistake(reason));
        let never =
            self.script.rule.iter().any(|rule| rule.actions.iter().any(|action| matches!(action, Action::Unread)));
        let first = if never { Ok(()) } else { read(&mut request) };
        let own = first.and_then(|()| rules::choose(&self.script, &mut request, &mut read, fault));
        let chosen = own.and_then(|own| match own {
            Some((rule, name)) => Ok(Some((rule, name))),
            None => rules::choose(&self.default, &mut request, &mut read, fault)
                .map(|found| found.map(|(rule, name)| (rule, format!("default {name}")))),
        });
        match chosen {
            Ok(Some((rule, name))) => Ok(Some((request, rule.clone(), name))),
            Ok(None) => Err(mistake("no rule fits, not even the default ones")),
            Err(Unread::Over) => Ok(None),
            Err(Unread::Early(early)) => Err(early),
        }
    }

    /// Plays a rule. The exit code, and whether that ends the process at once.
    fn turn(&self, request: &Request, rule: &Rule, name: &str, history: u32) -> Result<(u8, bool), Early> {
        let mut code = 0;
        let begun = Instant::now();
        let latency = rule.latency.or(self.script.latency);
        let mut left = latency.map_or(Duration::ZERO, |latency| drawn(latency, self.script.seed, request, name));
        if let Some(log) = &self.script.log {
            log::request(log, request, &self.options.argv, name, left, history)
                .map_err(|error| mistake(format!("log {}: {error}", log.file.display())))?;
        }
        let session = request.asked.thread.clone().unwrap_or_else(|| session(request));
        let turn = Turn {
            asked: &request.asked,
            prompt: request.text(),
            session: &session,
            chunks: rule.manner.chunks,
            now: clock::now(),
            millis: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
        };
        let mut output = Output::new(&rule.manner, request.vendor.pipe_bytes());
        for action in &rule.actions {
            let text = speech::said(action, self.script.seed, request);
            let rendered = match (&text, action) {
                (Some(text), _) => Some(request.vendor.answer(&turn, text)),
                (None, Action::Fail(fail)) => Some(request.vendor.fail(&turn, fail)),
                _ => None,
            };
            if let Some(rendered) = rendered {
                let think = latency.map_or(0.0, |latency| latency.think);
                // The latency is that of the whole call: a second answer comes at once.
                output.play(&rendered, begun, std::mem::take(&mut left), think);
                code = rendered.code;
                if rendered.leaves {
                    return Ok((code, true));
                }
            } else if let Some(code) = self.inject(action, &mut output)? {
                return Ok((code, true));
            }
        }
        Ok((code, false))
    }

    fn inject(&self, action: &Action, output: &mut Output) -> Result<Option<u8>, Early> {
        match action {
            Action::Wait(millis) => std::thread::sleep(Duration::from_millis(*millis)),
            Action::Print(print) => {
                output.write(print.to, print.text.as_bytes());
                output.write(print.to, &faults::unhex(&print.hex).map_err(mistake)?);
            }
            Action::Flood(flood) => faults::flood(flood.to, flood.bytes),
            Action::Line(line) => faults::line(line.to, line.bytes),
            Action::Deaf(names) => self.handlers.close(names),
            Action::Grandchild(child) => {
                let pid = faults::grandchild(child).map_err(mistake)?;
                if let Some(log) = &self.script.log {
                    log::grandchild(log, pid).map_err(mistake)?;
                }
            }
            Action::Exit(code) => return Ok(Some(*code)),
            Action::Signal(name) => faults::die(name),
            Action::Hang => faults::hang(),
            Action::CloseStdin => faults::close(0),
            Action::CloseStdout => faults::close(1),
            Action::CloseStderr => faults::close(2),
            Action::Unread
            | Action::Say(_)
            | Action::Draft(_)
            | Action::Review(_)
            | Action::Opinion(_)
            | Action::Argue(_)
            | Action::Synthesis(_)
            | Action::Critique(_)
            | Action::Fail(_) => {}
        }
        Ok(None)
    }
}

/// What a call takes: drawn from the script's seed and what the call is, so that the same call takes
/// the same time in every run.
pub(super) fn drawn(latency: Latency, seed: u64, request: &Request, rule: &str) -> Duration {
    draw::latency(latency, seed, &[&request.who, &request.call.id, rule])
}

/// A UUID that is not used twice: from the process and the moment.
fn session(request: &Request) -> String {
    let moment = clock::now_ms().to_string();
    let pid = std::process::id().to_string();
    let (high, low) = (draw::hash(1, &[&request.who, &pid, &moment]), draw::hash(2, &[&request.who, &pid, &moment]));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}
