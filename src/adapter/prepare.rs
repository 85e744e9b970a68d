//! From one call to one subprocess, as plain data.

use super::codec::{Codec, CodecContext, CodecKind, codec};
use super::environment::{CALL, MARK_CALLS, credential, environment, holds_secret, links, registry};
use super::facts::{Host, Program};
use super::manifest::{CodecName, Escape, Holds, Manifest, PoolSpec, ResolvedModel, StdinSpec, Where};
use super::overflow::{SplitPrompt, split_prompt, system_file};
use super::pool::ChosenPool;
use super::template::{Values, render, render_json};
use super::worker::Ask;
use crate::exchange::{CallSpec, Effort};
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::{Capture, EnvValue, Invocation, Piece, ScratchFile, StdinClose};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Everything that an invocation depends on.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// How the CLI is driven.
    pub manifest: &'a Manifest,
    /// Where it is.
    pub program: &'a Program,
    /// What pays.
    pub pool: &'a ChosenPool,
    /// The machine and the person's environment.
    pub host: &'a Host,
    /// The participant's model.
    pub model: &'a ResolvedModel,
    /// The participant's effort; the call's own tuning comes first.
    pub effort: Option<Effort>,
    /// The call.
    pub spec: &'a CallSpec,
    /// A fresh, empty, absolute folder for this attempt.
    pub scratch: &'a Path,
    /// The same folder by a name that leaves room for that of a socket in it.
    pub short: &'a Path,
    /// Whether the process is kept, and this call only one of those that it answers.
    pub kept: bool,
}

/// One attempt, ready to run.
pub struct Prepared {
    /// The subprocess.
    pub invocation: Invocation,
    /// What is written to its standard input.
    pub input: Vec<Piece>,
    /// What is asked of it instead, if it is kept.
    pub ask: Ask,
    /// The reader of its output.
    pub codec: Box<dyn Codec>,
    /// Whether silence means trouble, so that first-byte and idle clocks run.
    pub streams: bool,
    /// What a person should know: a setting that this CLI cannot take.
    pub warnings: Vec<String>,
    /// Where the CLI registers itself outside the scratch folder while it runs.
    pub registry: Option<PathBuf>,
}

/// The system takes no argument of this many bytes: 32 pages (Linux: MAX_ARG_STRLEN).
const ARG_BYTES: usize = 131_072;

/// Turns a call into a subprocess.
///
/// # Errors
/// The call cannot be made through this CLI: too long, no model, a setting out of range.
pub fn prepare(request: &Request<'_>) -> Result<Prepared, CallFailure> {
    let Request { manifest, program, pool, spec, scratch, .. } = *request;
    let internal = |words: &str| CallFailure::new(FailureClass::Internal, format!("{}: {words}", manifest.id));
    let paying = manifest.pools.iter().find(|one| one.name == pool.name);
    let paying = paying.ok_or_else(|| internal("its credential is not in the manifest"))?;
    let split = split_prompt(manifest, spec)?;
    let mut warnings = Vec::new();
    let mut values = values(request, paying, &mut warnings)?;
    let files = files(request, &split, &mut values)?;

    let mut args = program.prefix.clone();
    for group in &manifest.invocation.args {
        // A group is all there, or not at all.
        args.extend(group.iter().map(|arg| render(arg, &values)).collect::<Option<Vec<_>>>().unwrap_or_default());
    }
    if let Some(long) = args.iter().find(|arg| arg.len() >= ARG_BYTES) {
        let words = format!("{}: an argument of {} bytes is more than the system takes", spec.to, long.len());
        return Err(CallFailure::new(FailureClass::BadRequest, words));
    }
    let (stdin, secret) = (&manifest.stdin, credential(request, paying)?);
    let mut env = environment(manifest, request.host, paying, &values, secret.as_ref());
    let mark = request.host.var(MARK_CALLS).map(|_| spec.id.clone());
    if let Some(id) = mark.as_ref().filter(|_| !request.kept) {
        env.insert(CALL.to_owned(), EnvValue::Plain(id.to_string()));
    }
    let invocation = Invocation {
        program: program.path.clone(),
        args,
        env,
        cwd: scratch.join(&manifest.invocation.cwd),
        folders: manifest.invocation.folders.iter().map(|folder| scratch.join(folder)).collect(),
        files,
        links: links(request, paying),
        stdin: if stdin.hold_open || request.kept { StdinClose::AtDone } else { StdinClose::AfterPrompt },
        stdout: capture(manifest.output.stdout, scratch, "stdout"),
        stderr: capture(manifest.output.stderr, scratch, "stderr"),
        leave: Duration::from_millis(manifest.invocation.leave_ms),
    };
    let context = CodecContext {
        shaped: spec.shape.is_some(),
        rules: Arc::clone(&manifest.failures),
        secret: secret.map(|credential| credential.value),
        max_output_tokens: spec.tuning.reply_tokens,
        model: request.model.argument.clone(),
    };
    let codec = codec(&kind(manifest)?, context);
    let prompt = guard(stdin, &split.stdin).into_iter().chain(split.stdin.iter().cloned());
    let prompt = prompt.map(Piece::JsonEscaped).collect();
    let system = system_file(&spec.system, &split.in_system_file).into_iter().map(Piece::JsonEscaped).collect();
    Ok(Prepared {
        invocation,
        input: input(request, &split.stdin),
        ask: Ask { prompt, system, values, mark },
        codec,
        streams: manifest.output.streams,
        warnings,
        registry: registry(request, paying),
    })
}

/// What stands for the placeholders; `warnings` takes what was asked for and cannot be passed on.
fn values(request: &Request<'_>, paying: &PoolSpec, warnings: &mut Vec<String>) -> Result<Values, CallFailure> {
    let Request { manifest, host, model, spec, scratch, short, .. } = *request;
    let mut values = places(manifest, host, scratch, short);
    values.insert(if request.kept { "kept" } else { "oneshot" }.to_owned(), String::new());
    if let Some(argument) = &model.argument {
        values.insert("model".to_owned(), argument.clone());
    }
    for (name, variable) in &paying.reads {
        let Some(value) = host.var(variable) else { continue };
        if holds_secret(value) {
            // Arguments are for everybody on the machine to see.
            let words = format!("{}: {variable} holds a user, password or key, which would show in `ps`", manifest.id);
            return Err(CallFailure::new(FailureClass::Misconfigured, words));
        }
        values.insert(name.clone(), value.to_owned());
    }
    values.extend(paying.values.clone());
    if let Some(shape) = &spec.shape {
        values.insert("schema".to_owned(), shape.to_json());
    }
    if let Some(effort) = spec.tuning.effort.or(request.effort) {
        match effort_word(manifest, model, effort) {
            Some(word) => drop(values.insert("effort".to_owned(), word)),
            None => warnings.push(format!("its CLI takes no effort `{effort}` for {}", model.model_id)),
        }
    }
    let (takes_temperature, takes_length) = manifest.takes_tuning(model);
    if let Some(temperature) = spec.tuning.temperature {
        if takes_temperature {
            values.insert("temperature".to_owned(), temperature.to_string());
        } else {
            warnings.push(no_temperature(&model.model_id));
        }
    }
    if let Some(tokens) = spec.tuning.reply_tokens {
        if takes_length {
            values.insert("reply_tokens".to_owned(), tokens.to_string());
        } else {
            warnings.push(NO_REPLY_LENGTH.to_owned());
        }
    }
    Ok(values)
}

/// The folders of a call.
fn places(manifest: &Manifest, host: &Host, scratch: &Path, short: &Path) -> Values {
    let shown = |path: &Path| path.display().to_string();
    let cwd = scratch.join(&manifest.invocation.cwd);
    let all = [("scratch", shown(scratch)), ("short", shown(short)), ("cwd", shown(&cwd))];
    let home = host.home.as_ref().map(|home| ("user_home", shown(home)));
    let all = all.into_iter().chain([("home", shown(&scratch.join("home")))]).chain(home);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A program with other arguments than those of a call, where a call would have it: its environment without the
/// credential, its folders. Nothing is asked of it.
#[must_use]
pub fn look(
    manifest: &Manifest,
    program: &Program,
    args: &[String],
    host: &Host,
    pool: Option<&ChosenPool>,
    (scratch, short): (&Path, &Path),
) -> Invocation {
    let paying = manifest.pools.iter().find(|one| pool.is_none_or(|pool| pool.name == one.name));
    let values = places(manifest, host, scratch, short);
    Invocation {
        program: program.path.clone(),
        args: program.prefix.iter().chain(args).cloned().collect(),
        env: paying.map(|paying| environment(manifest, host, paying, &values, None)).unwrap_or_default(),
        cwd: scratch.join(&manifest.invocation.cwd),
        folders: manifest.invocation.folders.iter().map(|folder| scratch.join(folder)).collect(),
        files: Vec::new(),
        links: Vec::new(),
        stdin: StdinClose::AfterPrompt,
        stdout: Capture::Pipe,
        stderr: Capture::Pipe,
        leave: Duration::from_millis(200),
    }
}

/// Said of a model whose CLI cannot pass a temperature on: before a run, and else by the first call.
pub(crate) fn no_temperature(model_id: &str) -> String {
    format!("its CLI takes no temperature for {model_id}")
}

/// The same of the length of replies.
pub(crate) const NO_REPLY_LENGTH: &str = "its CLI takes no reply length";

fn effort_word(manifest: &Manifest, model: &ResolvedModel, effort: Effort) -> Option<String> {
    manifest.models.takes_effort(model.argument.as_deref()).then(|| manifest.efforts.get(&effort).cloned())?
}

fn files(request: &Request<'_>, split: &SplitPrompt, values: &mut Values) -> Result<Vec<ScratchFile>, CallFailure> {
    let Request { manifest, spec, scratch, .. } = *request;
    let mut files = Vec::new();
    for file in &manifest.invocation.files {
        let Some(path) = render(&file.path, values) else { continue };
        let parts: Vec<Arc<str>> = match file.holds {
            Holds::System => system_file(&spec.system, &split.in_system_file),
            Holds::Schema => match &spec.shape {
                Some(shape) => vec![shape.to_json().into()],
                None => continue,
            },
            Holds::Json => {
                let template = serde_json::from_str(file.json.as_deref().unwrap_or("null"));
                let template = template.map_err(|error| {
                    CallFailure::new(FailureClass::Internal, format!("{}: {}: {error}", manifest.id, file.path))
                })?;
                vec![render_json(&template, values).into()]
            }
        };
        let path = scratch.join(path);
        if let Some(value) = &file.value {
            values.insert(value.clone(), path.display().to_string());
        }
        files.push(ScratchFile { path, parts });
    }
    Ok(files)
}

/// What keeps the beginning of a prompt from being taken for a command, where it could be.
fn guard(stdin: &StdinSpec, prompt: &[Arc<str>]) -> Option<Arc<str>> {
    let first = prompt.iter().find(|part| !part.is_empty()).map_or("", |part| part);
    let needed = stdin.guard_when.is_empty() || stdin.guard_when.iter().any(|start| first.starts_with(start));
    (needed && !stdin.guard.is_empty()).then(|| stdin.guard.as_str().into())
}

fn input(request: &Request<'_>, prompt: &[Arc<str>]) -> Vec<Piece> {
    let stdin = &request.manifest.stdin;
    let escape = |text: Arc<str>| match stdin.escape {
        Escape::None => Piece::Raw(text),
        Escape::Json => Piece::JsonEscaped(text),
    };
    let mut pieces = Vec::new();
    if !stdin.before.is_empty() {
        pieces.push(Piece::Raw(stdin.before.as_str().into()));
    }
    pieces.extend(guard(stdin, prompt).map(escape));
    if stdin.system_first && !request.spec.system.trim().is_empty() {
        pieces.push(escape(Arc::clone(&request.spec.system)));
        pieces.push(escape("\n\n".into()));
    }
    pieces.extend(prompt.iter().cloned().map(escape));
    if !stdin.after.is_empty() {
        pieces.push(Piece::Raw(stdin.after.as_str().into()));
    }
    pieces
}

fn capture(place: Where, scratch: &Path, name: &str) -> Capture {
    match place {
        Where::Pipe => Capture::Pipe,
        Where::File => Capture::File(scratch.join(name)),
    }
}

fn kind(manifest: &Manifest) -> Result<CodecKind, CallFailure> {
    let pointers = || {
        manifest.output.pointers.clone().ok_or_else(|| {
            CallFailure::new(FailureClass::Internal, format!("{}: `output.pointers` is missing", manifest.id))
        })
    };
    Ok(match manifest.output.codec {
        CodecName::Claude => CodecKind::Claude,
        CodecName::Codex => CodecKind::Codex,
        CodecName::Gemini => CodecKind::Gemini,
        CodecName::Plain => CodecKind::Plain,
        CodecName::Json => CodecKind::Json(pointers()?),
        CodecName::Jsonl => CodecKind::Jsonl(pointers()?),
    })
}
