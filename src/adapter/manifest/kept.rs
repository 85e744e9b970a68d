//! How a CLI is kept: one process, a worker, that answers many calls.

use super::Manifest;
use crate::exchange::Tuning;
use crate::value::Word;
use serde::Deserialize;
use strum::{EnumString, IntoStaticStr, VariantNames};

/// How long a worker is kept, and how many calls it takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeptSpec {
    /// What a start takes, in milliseconds: a call waits no longer for a busy worker.
    pub start_ms: u64,
    /// Calls that one worker takes at once, at least 1.
    #[serde(default = "one")]
    #[cfg_attr(feature = "cli", schemars(range(min = 1)))]
    pub parallel: usize,
    /// Calls after which a worker is replaced, at least 1.
    #[cfg_attr(feature = "cli", schemars(range(min = 1)))]
    pub calls: u32,
    /// Age in seconds after which a worker is replaced.
    pub age_s: u64,
    /// Whether it does not say how many tokens it wrote, so that an answer that was cut at the limit of its length
    /// looks whole. It is kept only if that is asked for, and not where a limit or a budget counts them.
    #[serde(default)]
    pub hides_output: bool,
}

fn one() -> usize {
    1
}

/// How the CLIs of a run are driven.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, IntoStaticStr, VariantNames, EnumString)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum Transport {
    /// Kept where the version is known and tested, else one process per call.
    #[default]
    Auto,
    /// One process per call.
    Oneshot,
    /// Kept wherever the adapter can, whatever the version.
    Kept,
}

impl Word for Transport {}

/// What a run needs of its calls.
#[derive(Debug, Clone, Copy)]
pub struct RunNeeds {
    /// Each is shown as a command line.
    pub debug: bool,
    /// The budget counts what they write.
    pub counts_output: bool,
}

impl KeptSpec {
    /// Whether a call can be asked of a worker.
    #[must_use]
    pub fn takes(&self, tuning: &Tuning) -> bool {
        !(self.hides_output && tuning.reply_tokens.is_some())
    }
}

impl Manifest {
    /// How its processes are kept.
    ///
    /// # Errors
    /// Why each call has a process of its own, in words.
    pub fn keeps(&self, transport: Transport, version: Option<&str>, run: RunNeeds) -> Result<KeptSpec, String> {
        let spec = self.kept.ok_or("its adapter has no kept transport")?;
        let auto = transport == Transport::Auto;
        match (transport, version) {
            (Transport::Oneshot, _) => return Err("as asked for".to_owned()),
            (Transport::Auto, None) => return Err("its version is unknown".to_owned()),
            (Transport::Auto, Some(version)) if self.tested_with(version) != Some(true) => {
                return Err(format!("version {version} is untested"));
            }
            (Transport::Kept | Transport::Auto, _) => {}
        }
        // A call of a process that is kept cannot be made again by a line of its own.
        if auto && run.debug {
            return Err("`--debug` shows each call as a line".to_owned());
        }
        if spec.hides_output && (auto || run.counts_output) {
            return Err("kept, it does not say how many tokens it wrote".to_owned());
        }
        Ok(spec)
    }
}
