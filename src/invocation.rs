//! What crosses the boundary between adapter and process: plain data that says what to start and
//! what it printed. `adapter` writes and reads these without an operating system; `process` runs
//! any of them without knowing a vendor.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// One subprocess to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Absolute path of the program.
    pub program: PathBuf,
    /// Its arguments, the program's name not among them. Never a prompt, never a secret.
    pub args: Vec<String>,
    /// The whole environment: the child starts from nothing else.
    pub env: BTreeMap<String, EnvValue>,
    /// Absolute working directory, within the scratch folder.
    pub cwd: PathBuf,
    /// Folders to make before the start (mode 0700), absolute, within the scratch folder.
    pub folders: Vec<PathBuf>,
    /// Files to write before the start (mode 0600).
    pub files: Vec<ScratchFile>,
    /// Symbolic links to make before the start: a private home that borrows a stored login.
    pub links: Vec<ScratchLink>,
    /// What closes the child's standard input.
    pub stdin: StdinClose,
    /// Where its standard output goes.
    pub stdout: Capture,
    /// Where its standard error goes.
    pub stderr: Capture,
    /// How long it may stay after the answer is complete, before it is asked to leave.
    pub leave: Duration,
}

/// The value of an environment variable of a child.
#[derive(Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// Shown as it is in `--debug`.
    Plain(String),
    /// A credential: `--debug` shows the name of the variable it came from, nothing shows the value.
    Secret {
        /// Name of the variable in *our* environment that holds it, such as `OPENAI_API_KEY`.
        from: String,
        /// The value. Only `process` reads it, at the spawn.
        value: Secret,
    },
}

impl fmt::Debug for EnvValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(value) => value.fmt(f),
            Self::Secret { from, .. } => write!(f, "${from}"),
        }
    }
}

/// A credential's value: no `Display`, no serialisation, and a `Debug` that hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Takes the value in.
    pub fn new(value: impl Into<Arc<str>>) -> Self {
        Self(value.into())
    }

    /// The value. Call it where a child is spawned, nowhere else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text with `[secret]` in place of the value. Values under 6 bytes are left: they would
    /// take ordinary words away.
    #[must_use]
    pub fn remove_from(&self, text: &str) -> String {
        if self.0.len() < 6 { text.to_owned() } else { text.replace(&*self.0, "[secret]") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A file that the child finds in its scratch folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScratchFile {
    /// Absolute path, within the scratch folder.
    pub path: PathBuf,
    /// Its contents, in parts that are written one after the other.
    pub parts: Vec<Arc<str>>,
}

/// A symbolic link that the child finds in its scratch folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScratchLink {
    /// Absolute path of the link, within the scratch folder.
    pub path: PathBuf,
    /// What it points to.
    pub target: PathBuf,
}

/// What closes a child's standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StdinClose {
    /// The end of the prompt.
    AfterPrompt,
    /// The codec's word that the answer is complete: some CLIs lose output when it closes earlier.
    AtDone,
}

/// Where an output stream goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capture {
    /// A pipe.
    Pipe,
    /// A regular file that is followed as it grows: some CLIs lose output on a pipe.
    File(PathBuf),
}

/// One piece of what is written to a child's standard input.
#[derive(Debug, Clone)]
pub enum Piece {
    /// Written as it is.
    Raw(Arc<str>),
    /// Written with JSON string escapes, without quotes.
    JsonEscaped(Arc<str>),
}

/// Which output stream a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line of output, without its end, as text: invalid UTF-8 became U+FFFD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it came from.
    pub stream: Stream,
    /// The line. Of a line over 16 MiB, its beginning.
    pub text: String,
    /// Whether it was longer than the cap, and is cut.
    pub cut: bool,
}

/// What a codec says of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on reading.
    More,
    /// The answer is complete, or hopeless: close its input, let it leave, end it if it does not.
    Done,
}

/// What is written to a child, and how long its answer may take.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The prompt, in pieces.
    pub input: Vec<Piece>,
    /// The clocks of its only answer; `None` for a child that is kept: each of its answers has clocks elsewhere.
    pub limits: Option<Limits>,
}

/// The clocks of one answer. They start when the prompt is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest time for the whole turn.
    pub hard: Duration,
    /// Longest silence before the first byte of output; only for CLIs that stream.
    pub first_byte: Option<Duration>,
    /// Longest silence after it; bytes on standard error count as life.
    pub idle: Option<Duration>,
}

/// How far a stop has got. Levels only rise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopLevel {
    /// Not at all.
    #[default]
    Run,
    /// Nothing new is begun; children are asked to leave, with a grace.
    Wind,
    /// Children are killed at once.
    Kill,
}

/// Why a child ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// By itself.
    Left,
    /// The codec said done; it left by itself or was made to.
    Done,
    /// We ended it: the hard limit.
    HardLimit,
    /// We ended it: no first byte in time.
    FirstByteLimit,
    /// We ended it: silence in the middle.
    IdleLimit,
    /// We ended it: a stop.
    Stopped,
    /// We ended it: more output than the caps allow.
    Flooded,
    /// It never started; the message says why.
    NotStarted {
        /// What the system said, and about which program.
        message: String,
        /// Whether it was for want of descriptors, processes or memory (EMFILE, ENFILE, EAGAIN,
        /// ENOMEM): lower the concurrency and try again.
        exhausted: bool,
    },
}

/// Everything known about a child that is gone.
#[derive(Debug, Clone)]
pub struct Exit {
    /// Why it ended.
    pub ending: Ending,
    /// Its exit code, if it exited.
    pub code: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// Whether a grandchild held a pipe open after the leader was gone, and had to be killed.
    pub leaked: bool,
    /// Bytes read from standard output.
    pub stdout_bytes: u64,
    /// Bytes read from standard error.
    pub stderr_bytes: u64,
    /// Whether the whole prompt was taken by the child.
    pub prompt_written: bool,
    /// From spawn to reap.
    pub elapsed: Duration,
}

impl Exit {
    /// What is known of a child at the line that completes its answer: it is still there.
    #[must_use]
    pub fn at_answer(elapsed: Duration) -> Self {
        Self {
            ending: Ending::Done,
            code: None,
            signal: None,
            leaked: false,
            stdout_bytes: 0,
            stderr_bytes: 0,
            prompt_written: true,
            elapsed,
        }
    }
}
