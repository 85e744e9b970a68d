//! The vendors' command-line tools as providers: the same adapters, children and clocks as the program's.

use super::error::EngineError;
use super::message::Message;
use super::provider::{About, ModelId, ModelProvider, ProviderError};
use super::request::{ProviderRequest, unheard};
use crate::adapter::{self, Billing, Catalog, Host, Manifest};
use crate::call::{Attempt, AttemptError, Backend, CliBackend, CliEndpoint, CliSettings, WorkerPool};
use crate::error::{Error, ErrorKind};
use crate::exchange::{Effort, Reply};
use crate::failure::{CallFailure, FailureClass};
use crate::host::{Folders, locate, machine};
use crate::invocation::Limits;
use crate::process::{Marker, Supervisor};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How a CLI is driven, where the usual is not wanted.
#[derive(Debug, Clone, Default)]
pub struct CliOptions {
    name: Option<ModelId>,
    model: Option<String>,
    effort: Option<Effort>,
    billing: Billing,
    program: Option<String>,
    program_args: Vec<String>,
    manifests: Vec<(String, String)>,
    env: Option<BTreeMap<String, String>>,
    first_byte: Option<Duration>,
    idle: Option<Duration>,
}

impl CliOptions {
    /// The usual.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The participant's name; by default its model's: `claude-opus`.
    #[must_use]
    pub fn name(self, name: impl Into<Arc<str>>) -> Self {
        Self { name: Some(ModelId::new(name)), ..self }
    }

    /// The model: an alias of the adapter, or what the CLI is told. By default the adapter's.
    #[must_use]
    pub fn model(self, model: impl Into<String>) -> Self {
        Self { model: Some(model.into()), ..self }
    }

    /// How hard the model thinks; by default as the adapter says.
    #[must_use]
    pub fn effort(self, effort: Effort) -> Self {
        Self { effort: Some(effort), ..self }
    }

    /// What may pay; by default a subscription where there is one, else an API key.
    #[must_use]
    pub fn billing(self, billing: Billing) -> Self {
        Self { billing, ..self }
    }

    /// Where the program is: an absolute path, or a name to look up on the PATH; and arguments that come
    /// before all others. By default it is looked up under the adapter's names.
    #[must_use]
    pub fn program(self, program: impl Into<String>, args: impl IntoIterator<Item = String>) -> Self {
        Self { program: Some(program.into()), program_args: args.into_iter().collect(), ..self }
    }

    /// A manifest of one's own, as TOML: it adds an adapter, or replaces the one of its name. `origin` is
    /// what errors call it. Nothing is read from the working directory or from the program's configuration.
    #[must_use]
    pub fn manifest(mut self, origin: impl Into<String>, toml: impl Into<String>) -> Self {
        self.manifests.push((origin.into(), toml.into()));
        self
    }

    /// The environment in which program, home, credentials and the folder for temporary files are looked for,
    /// instead of this process's. A child gets only what its adapter passes on.
    #[must_use]
    pub fn env(self, env: BTreeMap<String, String>) -> Self {
        Self { env: Some(env), ..self }
    }

    /// Longest silence before the first byte and after it, of CLIs that stream; by default 60 s and 300 s.
    #[must_use]
    pub fn silences(self, first_byte: Duration, idle: Duration) -> Self {
        Self { first_byte: Some(first_byte), idle: Some(idle), ..self }
    }
}

/// A vendor's command-line tool as a provider. Each attempt is one child, in an empty folder of its own, with
/// exactly one credential.
///
/// Dropping an attempt's future, and so a run's, kills its whole process group. What the library does not do
/// is start a watchdog, as the program does: that is a copy of the running program, and a library does not
/// start its host anew. If this whole process is killed (`kill -9`), children may outlive it until their
/// input or output breaks.
///
/// ```no_run
/// use refinery_core::{CliOptions, CliProvider};
///
/// let claude = CliProvider::from_adapter("claude", CliOptions::new().model("sonnet"))?;
/// # Ok::<(), refinery_core::EngineError>(())
/// ```
pub struct CliProvider {
    name: ModelId,
    endpoint: CliEndpoint,
    settings: CliSettings,
}

impl std::fmt::Debug for CliProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CliProvider")
            .field("name", &self.name)
            .field("adapter", &self.endpoint.manifest.id)
            .field("program", &self.endpoint.program.path)
            .field("pays", &self.endpoint.pool.words)
            .finish_non_exhaustive()
    }
}

impl CliProvider {
    /// A provider through an adapter: `claude`, `codex`, `gemini`, or one of a manifest of your own. Program
    /// and credential are looked for now; nothing is started.
    ///
    /// # Errors
    /// [`EngineError::Config`]: no such adapter, a bad manifest, no program, nothing that can pay; with what to
    /// do about it.
    pub fn from_adapter(adapter: &str, options: CliOptions) -> Result<Self, EngineError> {
        let manifest = manifest(adapter, &options.manifests)?;
        let home = std::env::home_dir().filter(|_| options.env.is_none());
        let scratch_root = options.env.as_ref().and_then(|env| env.get("TMPDIR")).map(PathBuf::from);
        let env = options.env.unwrap_or_else(machine::env);
        let folders = Folders::of(&env, home);
        let program = locate::locate(&manifest, options.program.as_deref(), &options.program_args, &env, &folders)?;
        let host: Host = locate::host([manifest.as_ref()].into_iter(), &env, &folders);
        let pool = locate::credential(&manifest, &host, options.billing)?;
        let model = manifest.resolve_exact(options.model.as_deref());
        let effort = options.effort.or(model.effort);
        let now = machine::steady_clock();
        let marker = Marker::new(format!("{}-{}", machine::run_id(now()), std::process::id()));
        Ok(Self {
            name: options.name.unwrap_or_else(|| ModelId::new(model.model_id.as_str())),
            endpoint: CliEndpoint { manifest, program, pool, model, effort, keep: None },
            settings: CliSettings {
                supervisor: Supervisor::new(marker),
                host: Arc::new(host),
                limits: Limits {
                    hard: Duration::MAX,
                    first_byte: Some(options.first_byte.unwrap_or(Duration::from_secs(60))),
                    idle: Some(options.idle.unwrap_or(Duration::from_secs(300))),
                },
                scratch_root,
                echo: None,
                now: Arc::new(now),
                workers: WorkerPool::default(),
            },
        })
    }

    /// What pays for it, in words: `subscription (CLAUDE_CODE_OAUTH_TOKEN)`.
    #[must_use]
    pub fn pays(&self) -> &str {
        &self.endpoint.pool.words
    }
}

fn manifest(adapter: &str, own: &[(String, String)]) -> Result<Arc<Manifest>, Error> {
    let mut catalog = Catalog::embedded().map_err(|error| Error::failed(error.to_string()))?;
    for (origin, toml) in own {
        catalog.add(origin, toml).map_err(|error| Error::config(error.to_string()))?;
    }
    let unknown = || {
        let known: Vec<_> = catalog.iter().map(|manifest| manifest.id.to_string()).collect();
        Error::config(format!("unknown adapter `{adapter}`"))
            .of_kind(ErrorKind::UnknownModel)
            .hint(format!("known adapters: {}", known.join(", ")))
    };
    catalog.get(adapter).map(Arc::clone).ok_or_else(unknown)
}

#[async_trait]
impl ModelProvider for CliProvider {
    async fn send_message(&self, messages: &[Message]) -> Result<String, ProviderError> {
        let reply = self.reply(&ProviderRequest::of(messages.to_vec())).await?;
        Ok(reply.text.to_string())
    }

    fn model_id(&self) -> &ModelId {
        &self.name
    }

    async fn reply(&self, request: &ProviderRequest) -> Result<Reply, ProviderError> {
        let mut settings = self.settings.clone();
        settings.limits.hard = request.timeout();
        let backend = CliBackend::new(settings, self.endpoint.clone());
        let attempt = Attempt { answered: unheard(), ..request.attempt.clone() };
        backend.attempt(attempt).await.map_err(|error| match error {
            AttemptError::Failed(failure) => failure,
            // For want of descriptors, processes or memory: after a pause there may be some.
            AttemptError::Exhausted(message) => CallFailure::new(FailureClass::Overloaded, message),
        })
    }

    fn may_refresh_login(&self) -> bool {
        let CliEndpoint { manifest, pool, .. } = &self.endpoint;
        adapter::may_refresh(manifest, &self.settings.host, pool, (self.settings.now)())
    }

    fn about(&self) -> About {
        let CliEndpoint { manifest, pool, .. } = &self.endpoint;
        About {
            adapter: Some(manifest.id.clone()),
            concurrency: manifest.default_concurrency(),
            vendor_words: manifest.vendor_words(),
            prompt_bytes: manifest.prompt_bytes(),
            pays: pool.words.clone(),
            metered: pool.metered,
            keeps_time: true,
        }
    }
}
