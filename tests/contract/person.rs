//! A person with credentials and a home of their own, who asks through the adapters: prepared, supervised
//! and read by the same code as in a run.

use super::installed::Cli;
use refinery_core::adapter::{Billing, Catalog, Host, Manifest, Program, choose};
use refinery_core::call::{Attempt, AttemptError, Backend, CliBackend, CliSeat, CliSettings};
use refinery_core::exchange::{CallSpec, Effort, Prompt, Reply, Role, Shape, Tuning};
use refinery_core::host::{Folders, login};
use refinery_core::ids::{CallId, ParticipantId, Round};
use refinery_core::invocation::{Limits, StopLevel};
use refinery_core::process::{Marker, Supervisor};
use refinery_core::time::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

/// Somebody at a shell.
pub struct Person {
    home: TempDir,
    env: BTreeMap<String, String>,
}

/// What they ask.
#[derive(Clone, Default)]
pub struct Question {
    /// The word for the model; `None` for the adapter's default.
    pub model: Option<&'static str>,
    /// How hard to think.
    pub effort: Option<Effort>,
    /// The system prompt.
    pub system: String,
    /// Question and files.
    pub stable: Vec<String>,
    /// What the call adds.
    pub varying: Vec<String>,
    /// The shape of the reply.
    pub schema: Option<serde_json::Value>,
    /// Temperature and reply length.
    pub tuning: Tuning,
}

impl Question {
    /// A plain question.
    pub fn new(text: impl Into<String>) -> Self {
        Self { system: "You answer in one line.".to_owned(), stable: vec![text.into()], ..Self::default() }
    }

    fn spec(&self) -> CallSpec {
        let parts = |texts: &[String]| texts.iter().map(|text| Arc::from(text.as_str())).collect();
        CallSpec {
            id: CallId::new("r1/answer/it"),
            to: ParticipantId::new("it"),
            role: Role::Answer,
            round: Round::FIRST,
            system: self.system.as_str().into(),
            prompt: Prompt::new(parts(&self.stable), parts(&self.varying)),
            shape: self.schema.clone().map(|schema| Shape { name: "n".into(), schema: Arc::new(schema) }),
            tuning: self.tuning,
        }
    }
}

impl Person {
    /// Somebody with this environment, beside PATH and HOME, and an empty home.
    pub fn new(env: &[(&str, &str)]) -> Self {
        let home = tempfile::Builder::new().prefix("refinery-contract-home-").tempdir().unwrap();
        let mut env: BTreeMap<_, _> =
            env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        env.insert("PATH".to_owned(), std::env::var("PATH").unwrap());
        env.insert("HOME".to_owned(), home.path().display().to_string());
        Self { home, env }
    }

    /// The same with a file in the home folder.
    pub fn with_file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// A path in the home folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    /// Asks through the adapter that this program brings along.
    pub fn ask(&self, cli: Cli, question: &Question) -> Result<Reply, AttemptError> {
        let catalog = Catalog::embedded().unwrap();
        self.ask_through(catalog.get(cli.name()).unwrap(), cli, question)
    }

    /// Asks through an adapter.
    pub fn ask_through(&self, manifest: &Arc<Manifest>, cli: Cli, question: &Question) -> Result<Reply, AttemptError> {
        let folders = Folders::of(&self.env, None);
        let logins = BTreeMap::from([(manifest.id.clone(), login::read(manifest, &self.env, &folders))]);
        let host = Host { env: self.env.clone(), home: folders.home, logins };
        let model = manifest.resolve_model(question.model);
        let seat = CliSeat {
            manifest: Arc::clone(manifest),
            program: Program { path: cli.program(), prefix: Vec::new(), version: None },
            pool: choose(manifest, &host, Billing::Auto).unwrap(),
            effort: question.effort.or(model.effort),
            model,
        };
        let settings = CliSettings {
            supervisor: Supervisor::new(Marker::new("contract")),
            host: Arc::new(host),
            limits: Limits { hard: Duration::from_secs(120), first_byte: None, idle: None },
            scratch_root: None,
            echo: None,
            now: Arc::new(now),
        };
        let (_stop, stop) = watch::channel(StopLevel::Run);
        let (tell, _told) = mpsc::unbounded_channel();
        let attempt = Attempt { spec: Arc::new(question.spec()), number: 1, stop, tell };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(CliBackend::new(settings, seat).attempt(attempt))
    }
}

fn now() -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(now.as_millis()).unwrap())
}
