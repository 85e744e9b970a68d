//! What a command that makes a run has to say: its flags, and the plan that follows from them.

use crate::app::roster::RosterBuilder;
use crate::cli::commands::shared_args::SharedArgs;
use crate::config::SettingValue;
use crate::error::Error;
use crate::plan::ProtocolPlan;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// A command that makes a run. One file each: clap types, and from them a plan.
pub trait Planner {
    /// What every run is given.
    fn shared(&self) -> &SharedArgs;

    /// All flags that are settings, as the strongest layer.
    fn entries(&self) -> Vec<SettingValue>;

    /// How many participants it takes.
    fn room(&self) -> RangeInclusive<usize>;

    /// What is done with the question. May be called more than once: with `--allow-missing`, again for
    /// those who are left.
    ///
    /// # Errors
    /// Flags that cannot be; nothing was called.
    fn plan(&self, roster: &mut RosterBuilder<'_>) -> Result<ProtocolPlan, Error>;

    /// The files of personas, on top of the usual ones; nothing where nobody speaks as a persona.
    fn personas(&self) -> Option<&[PathBuf]> {
        None
    }

    /// The file with the text that it is to work on, beside question and files; `-` is standard input.
    fn draft(&self) -> Option<&str> {
        None
    }

    /// What is asked where nothing is said but that text.
    fn implied_question(&self) -> Option<&str> {
        None
    }

    /// Whether a critique pass over its answer may follow, where one is asked for.
    fn self_refines(&self) -> bool {
        true
    }
}
