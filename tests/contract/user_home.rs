//! A person's machine: a home of their own, with what the vendors' CLIs keep there.

use super::folder::TestFolder;
use super::installed::Cli;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// A home, and room for everything else that a call leaves behind. It goes with the test.
pub struct UserHome {
    root: TestFolder,
    below: String,
}

impl UserHome {
    /// Somebody with an empty home.
    pub fn new() -> Self {
        Self::below("")
    }

    /// The same, with everything of theirs below this path.
    pub fn below(path: &str) -> Self {
        let root = TestFolder::new("refinery-contract-");
        for folder in ["home", "work", "tmp"] {
            fs::create_dir_all(root.path().join(path).join(folder)).unwrap();
        }
        Self { root, below: path.to_owned() }
    }

    /// A path below everything of theirs: `home/…`, `work/…`, `tmp/…`.
    pub fn path(&self, below: &str) -> PathBuf {
        // Without links: what a CLI says of its working directory has none.
        self.root.path().canonicalize().unwrap().join(&self.below).join(below)
    }

    /// Their home.
    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Writes a file.
    pub fn write(&self, below: &str, text: impl AsRef<[u8]>) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Leaves a stored login of a plan: tokens that have the right shape and mean nothing.
    pub fn log_in(&self, cli: Cli) {
        self.log_in_as(cli, "loopback-access");
    }

    /// The same with an access token that the loopback knows something of (claude, gemini).
    pub fn log_in_as(&self, cli: Cli, token: &str) {
        let (file, login) = match cli {
            Cli::Claude => (
                "home/.claude/.credentials.json",
                json!({ "claudeAiOauth": { "accessToken": token, "refreshToken": "loopback-refresh",
                    "expiresAt": FAR_MS, "scopes": ["user:inference", "user:profile"], "subscriptionType": "max",
                    "rateLimitTier": "default" } }),
            ),
            Cli::Codex => ("home/.codex/auth.json", chatgpt_login()),
            Cli::Gemini => (
                "home/.gemini/oauth_creds.json",
                json!({ "access_token": token, "refresh_token": "loopback-refresh", "token_type": "Bearer",
                    "scope": "https://www.googleapis.com/auth/cloud-platform", "expiry_date": FAR_MS }),
            ),
        };
        self.write(file, login.to_string());
        if cli == Cli::Gemini {
            self.write("home/.gemini/google_accounts.json", r#"{"active":"nobody@example.com","old":[]}"#);
        }
    }

    /// Takes everything out of their home.
    pub fn log_out(&self) {
        fs::remove_dir_all(self.home()).unwrap();
        fs::create_dir(self.home()).unwrap();
    }

    /// Leaves a stored API key of codex, as `codex login --with-api-key` does.
    pub fn log_in_with_key(&self) {
        let login = json!({ "auth_mode": "apikey", "OPENAI_API_KEY": "loopback-stored-key" });
        self.write("home/.codex/auth.json", login.to_string());
    }

    /// The program with the arguments before all others, such as a configuration can name them, that keep a
    /// Google login on the loopback.
    pub fn google_on_loopback(&self, url: &str) -> (PathBuf, Vec<String>) {
        let stub = self.path("tokeninfo.cjs");
        fs::write(&stub, TOKENINFO.replace("LOOPBACK", url)).unwrap();
        let entry = Cli::Gemini.program().canonicalize().unwrap();
        (node(), ["--require".to_owned(), text(&stub), text(&entry)].into())
    }
}

/// The arguments that keep a ChatGPT login on the loopback: no variable does, so that no variable can send
/// its token elsewhere.
pub fn chatgpt_on_loopback(url: &str) -> Vec<String> {
    let provider = format!("model_providers.refinery.base_url=\"{url}/v1\"");
    let account = format!("chatgpt_base_url=\"{url}/backend-api/\"");
    ["-c".to_owned(), provider, "-c".to_owned(), account].into()
}

/// A moment in 2100.
const FAR_MS: i64 = 4_102_444_800_000;

/// The one address of a Google login that no variable redirects: it asks whether the token is good.
const TOKENINFO: &str = r"
const https = require('https');
const request = https.request;
https.request = (...args) => {
  const target = String(args[0]?.href ?? args[0]);
  if (!target.startsWith('https://oauth2.googleapis.com/')) return request(...args);
  const { method, headers } = args[1] ?? {};
  return require('http').request(target.replace('https://oauth2.googleapis.com', 'LOOPBACK'), { method, headers });
};
require('module').syncBuiltinESMExports();
";

/// A stored ChatGPT login.
fn chatgpt_login() -> Value {
    let claims = json!({ "exp": FAR_MS / 1000, "email": "nobody@example.com",
        "https://api.openai.com/auth": { "chatgpt_account_id": "loopback-account", "chatgpt_plan_type": "plus" } });
    let token = format!("{}.{}.c2ln", base64url(r#"{"alg":"none"}"#), base64url(&claims.to_string()));
    json!({ "auth_mode": "chatgpt", "OPENAI_API_KEY": null, "last_refresh": "2099-01-01T00:00:00Z",
        "tokens": { "id_token": token, "access_token": token, "refresh_token": "loopback-refresh", "account_id": "loopback-account" } })
}

fn base64url(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for index in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(word >> (18 - 6 * index)) as usize & 63]));
        }
    }
    out
}

/// The node that the CLIs run on.
pub fn node() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path).map(|folder| folder.join("node")).find(|node| node.is_file());
    found.expect("node is not on the PATH")
}

/// A path as an argument.
pub fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
