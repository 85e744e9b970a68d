//! Which real CLIs are there.

use std::fmt;
use std::path::PathBuf;

/// One of the three vendor CLIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cli {
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// Gemini CLI.
    Gemini,
}

impl Cli {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Claude, Self::Codex, Self::Gemini];

    /// Its program's name, which is the adapter's too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
        }
    }

    /// Where `scripts/install-clis` put it.
    ///
    /// # Panics
    /// It did not: a contract test without the real programs has nothing to test.
    pub fn program(self) -> PathBuf {
        let path = modules().join(".bin").join(self.name());
        assert!(path.is_file(), "{} is missing: run scripts/install-clis first", path.display());
        path
    }

    /// The installed version.
    pub fn version(self) -> String {
        let package = match self {
            Self::Claude => "@anthropic-ai/claude-code",
            Self::Codex => "@openai/codex",
            Self::Gemini => "@google/gemini-cli",
        };
        let text = std::fs::read_to_string(modules().join(package).join("package.json")).unwrap();
        let package: serde_json::Value = serde_json::from_str(&text).unwrap();
        package["version"].as_str().unwrap().to_owned()
    }
}

impl fmt::Display for Cli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn modules() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".clis/node_modules")
}
