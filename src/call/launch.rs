//! A process on its way: its folder, what `--debug` shows and keeps of it, and what is warned of when it is gone.

use super::backend::AttemptError;
use super::cli::CliSettings;
use super::debug_output::DebugOutput;
use super::secrets::Secrets;
use crate::adapter::Prepared;
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::{Exit, Flow, Invocation, Line, StopLevel, Turn};
use crate::process::{Scratch, is_shortage};
use std::io;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// A folder for one process; under the echo's folder and named for it, if it stays.
pub(super) fn scratch(settings: &CliSettings, name: &str) -> Result<Scratch, AttemptError> {
    let made = match &settings.echo {
        Some(echo) => {
            let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
            let name: String = name.chars().map(plain).collect();
            // Until it has been cleaned it goes with the program, as any other does.
            settings.supervisor.scratch(Some(echo.folder()), &format!("{name}."))
        }
        None => settings.supervisor.scratch(settings.scratch_root.as_deref(), "refinery-"),
    };
    made.map_err(|error| no_scratch("make a", &error))
}

fn no_scratch(what: &str, error: &io::Error) -> AttemptError {
    let message = format!("cannot {what} scratch folder: {error}");
    if is_shortage(error) {
        AttemptError::Exhausted(message)
    } else {
        CallFailure::new(FailureClass::StartFailed, message).into()
    }
}

/// A process that can be started.
pub(super) struct Launch {
    settings: CliSettings,
    scratch: Scratch,
    invocation: Invocation,
    pub(super) secrets: Arc<Secrets>,
    /// What the echo calls it.
    name: String,
}

impl Launch {
    /// Fills the folder.
    pub(super) fn new(
        settings: &CliSettings,
        mut scratch: Scratch,
        prepared: &Prepared,
        name: String,
    ) -> Result<Self, AttemptError> {
        let invocation = prepared.invocation.clone();
        if let Some(registry) = prepared.registry.clone() {
            settings.supervisor.registers(&mut scratch, registry);
        }
        scratch.materialise(&invocation).map_err(|error| no_scratch("fill the", &error))?;
        let secrets = Arc::new(Secrets::of_child(&invocation, &settings.host));
        Ok(Self { settings: settings.clone(), scratch, invocation, secrets, name })
    }

    /// Shows what is about to start, with the first of what is written to it.
    pub(super) fn show(&self, turn: &Turn) {
        if let Some(echo) = &self.settings.echo {
            echo.show(&self.name, &self.invocation, turn, &self.scratch);
        }
    }

    /// Runs the process to its end. `warn` takes broken guarantees, whatever becomes of the process.
    pub(super) async fn run(
        self,
        turns: mpsc::UnboundedReceiver<Turn>,
        stop: watch::Receiver<StopLevel>,
        lines: &mut (dyn FnMut(Line) -> Flow + Send),
        warn: &(dyn Fn(String) + Sync),
    ) -> Exit {
        let Self { settings, scratch, invocation, secrets, name } = self;
        let mut output = settings.echo.as_ref().map(|_| DebugOutput::begin(&invocation, scratch.path(), &secrets));
        let mut seen = |line: Line| {
            if let Some(output) = &mut output {
                output.line(&line);
            }
            lines(line)
        };
        tracing::debug!(name, program = %invocation.program.display(), "start");
        let exit = settings.supervisor.supervise(&invocation, turns, stop, &mut seen).await;
        tracing::debug!(name, ending = ?exit.ending, code = ?exit.code, "the CLI ended");
        if let Some(output) = output {
            output.end();
        }
        if exit.leaked {
            warn("its CLI left processes behind; they were ended".to_owned());
        }
        let path = scratch.path().to_owned();
        if let Some(echo) = &settings.echo {
            echo.ended(&name, &exit);
            let _kept = scratch.keep();
        } else if let Err(error) = scratch.remove() {
            let words = "its prompt and credentials may still be there";
            warn(format!("the scratch folder {} cannot be removed ({error}): {words}", path.display()));
        }
        exit
    }
}
