//! What the real CLIs printed, read by the codecs with the embedded tables of failures.

use refinery_core::adapter::Catalog;
use refinery_core::adapter::codec::{Codec, CodecContext, CodecKind, End, codec};
use refinery_core::adapter::rules::Rule;
use refinery_core::exchange::Reply;
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::invocation::{Ending, Exit, Line, Secret, Stream};
use refinery_core::time::Timestamp;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Deserialize)]
struct Meta {
    exit: MetaExit,
    expected: Expected,
    now: String,
    shape: bool,
}

#[derive(Debug, Deserialize)]
struct MetaExit {
    code: Option<i32>,
    ending: String,
    signal: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Expected {
    Ok { ok: ExpectedReply },
    Failed { failure: FailureClass, resets_at: Option<String> },
}

#[derive(Debug, Deserialize)]
struct ExpectedReply {
    text: String,
}

/// One recorded run of a CLI.
struct Transcript {
    folder: PathBuf,
    kind: CodecKind,
    adapter: String,
    rules: Arc<[Rule]>,
    meta: Meta,
    stdout: String,
    stderr: String,
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

fn transcripts() -> Vec<Transcript> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/transcripts");
    let catalog = Catalog::embedded().unwrap();
    let mut found = Vec::new();
    for (adapter, kind) in [("claude", CodecKind::Claude), ("codex", CodecKind::Codex), ("gemini", CodecKind::Gemini)] {
        for folder in folders(&root.join(adapter)).iter().flat_map(|version| folders(version)) {
            let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
            found.push(Transcript {
                kind: kind.clone(),
                adapter: adapter.to_owned(),
                rules: Arc::clone(&catalog.get(adapter).unwrap().failures),
                meta: serde_json::from_str(&text("meta.json")).unwrap(),
                stdout: text("stdout"),
                stderr: text("stderr"),
                folder,
            });
        }
    }
    assert!(found.len() > 90, "only {} transcripts", found.len());
    found
}

fn moment(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

impl Transcript {
    fn exit(&self) -> Exit {
        let ending = match self.meta.exit.ending.as_str() {
            "left" => Ending::Left,
            "done" => Ending::Done,
            "hard_limit" => Ending::HardLimit,
            "first_byte_limit" => Ending::FirstByteLimit,
            "idle_limit" => Ending::IdleLimit,
            other => panic!("unknown ending {other}"),
        };
        Exit {
            ending,
            code: self.meta.exit.code,
            signal: self.meta.exit.signal,
            leaked: false,
            stdout_bytes: self.stdout.len() as u64,
            stderr_bytes: self.stderr.len() as u64,
            prompt_written: true,
            elapsed: Duration::from_secs(1),
        }
    }

    fn codec(&self) -> Box<dyn Codec> {
        let rules = Arc::clone(&self.rules);
        let secret = Some(Secret::new("not-in-any-transcript"));
        codec(&self.kind, CodecContext { shaped: self.meta.shape, rules, secret, ..CodecContext::default() })
    }

    /// What the codec makes of this much of it. Standard error comes first: where the two streams
    /// meet is not recorded, and no codec may depend on it.
    fn read(&self, stdout: &str, exit: &Exit) -> Result<Reply, CallFailure> {
        let mut codec = self.codec();
        for (stream, text) in [(Stream::Stderr, self.stderr.as_str()), (Stream::Stdout, stdout)] {
            for text in text.lines() {
                codec.line(&Line { stream, text: text.to_owned(), cut: false });
            }
        }
        codec.end(&End { exit, now: moment(&self.meta.now) })
    }
}

#[test]
fn every_recorded_run_is_understood() {
    let mut wrong = Vec::new();
    for transcript in transcripts() {
        let result = transcript.read(&transcript.stdout, &transcript.exit());
        let right = match (&transcript.meta.expected, &result) {
            (Expected::Ok { ok }, Ok(reply)) => *ok.text == *reply.text,
            (Expected::Failed { failure, resets_at }, Err(seen)) => {
                seen.class == *failure
                    && resets_at.as_deref().is_none_or(|at| seen.resets_at == Some(moment(at)))
                    && !seen.message.is_empty()
            }
            _ => false,
        };
        if !right {
            wrong.push(format!("{}: {:?}, not {result:?}", transcript.folder.display(), transcript.meta.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn replies_come_with_tokens_and_structure() {
    for transcript in transcripts() {
        if let Ok(reply) = transcript.read(&transcript.stdout, &transcript.exit()) {
            let name = transcript.folder.display();
            assert!(reply.usage.input_tokens.is_some_and(|tokens| tokens > 0), "{name}: {reply:?}");
            assert!(reply.usage.output_tokens.is_some_and(|tokens| tokens > 0), "{name}: {reply:?}");
            assert!(reply.usage.cached_input_tokens <= reply.usage.input_tokens, "{name}: {reply:?}");
            assert!(reply.usage.extra_requests.is_some(), "{name}: {reply:?}");
            let claude = transcript.adapter == "claude";
            assert_eq!(reply.structured.is_some(), claude && transcript.meta.shape, "{name}: {reply:?}");
            assert_eq!(reply.served.is_some(), transcript.adapter != "codex", "{name}: {reply:?}");
            assert_eq!(reply.warnings, Vec::<String>::new(), "{name}");
        }
    }
}

/// A run that was cut anywhere is never taken for an answer, unless the answer was complete.
#[test]
fn a_run_that_was_cut_is_no_answer() {
    for transcript in transcripts() {
        let Expected::Ok { ok } = &transcript.meta.expected else { continue };
        let mut exit = transcript.exit();
        exit.ending = Ending::Left;
        let whole = transcript.stdout.len();
        let cuts = (0..whole).rev().filter(|at| transcript.stdout.is_char_boundary(*at));
        // Every place near the end, and every hundredth before it.
        for at in cuts.filter(|at| whole - at < 40 || at % 97 == 0) {
            if let Ok(reply) = transcript.read(&transcript.stdout[..at], &exit) {
                assert_eq!(*reply.text, *ok.text, "{} cut at {at}", transcript.folder.display());
                assert!(transcript.stdout[at..].trim().is_empty(), "{} cut at {at}", transcript.folder.display());
            }
        }
    }
}

/// A complete answer counts, even if the child had to be ended afterwards.
#[test]
fn a_complete_answer_counts_however_the_child_ended() {
    for transcript in transcripts() {
        if let Expected::Ok { ok } = &transcript.meta.expected {
            for ending in [Ending::HardLimit, Ending::Stopped, Ending::IdleLimit, Ending::Done] {
                let exit = Exit { ending, code: None, signal: Some(9), ..transcript.exit() };
                let reply = transcript.read(&transcript.stdout, &exit).unwrap();
                assert_eq!(*reply.text, *ok.text, "{}", transcript.folder.display());
            }
        }
    }
}

/// Whatever a stop cuts off is a stop, unless the answer or the failure was there before.
#[test]
fn a_stop_before_the_answer_is_a_stop() {
    for transcript in transcripts() {
        let exit = Exit { ending: Ending::Stopped, code: Some(143), signal: None, ..transcript.exit() };
        let failure = transcript.read("", &exit).unwrap_err();
        assert_eq!(failure.class, FailureClass::Stopped, "{}", transcript.folder.display());
    }
}
