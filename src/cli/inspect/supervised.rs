//! Version and login commands as supervised children: bounded in time and output, nothing left
//! behind.

use crate::cli::inspect::checkup::{Ran, Runner};
use crate::invocation::{Ending, Flow, Invocation, Limits, StopLevel, Stream, Turn};
use crate::process::{Scratch, Supervisor};
use crate::time::duration;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

/// How much of what a program prints is kept.
const KEPT: usize = 64 * 1024;

/// Runs programs under supervision.
#[derive(Debug)]
pub struct Supervised<'a> {
    /// Starts and ends them.
    pub supervisor: &'a Supervisor,
    /// Where they are polled.
    pub runtime: &'a Runtime,
}

impl Supervised<'_> {
    async fn go(&self, invocation: &Invocation, limit: Duration) -> Result<Ran, String> {
        let (turns, receiver) = mpsc::unbounded_channel();
        let limits = Limits { hard: limit, first_byte: None, idle: None };
        // The receiver lives: this cannot fail.
        let _ = turns.send(Turn { input: Vec::new(), limits: Some(limits) });
        drop(turns);
        let (_running, stop) = watch::channel(StopLevel::Run);
        let mut ran = Ran::default();
        let mut take = |line: crate::invocation::Line| {
            let to = match line.stream {
                Stream::Stdout => &mut ran.stdout,
                Stream::Stderr => &mut ran.stderr,
            };
            if to.len() + line.text.len() < KEPT {
                to.push_str(&line.text);
                to.push('\n');
            }
            Flow::More
        };
        let exit = self.supervisor.supervise(invocation, receiver, stop, &mut take).await;
        match exit.ending {
            Ending::Left | Ending::Done => Ok(Ran { code: exit.code, ..ran }),
            Ending::NotStarted { message, .. } => Err(message),
            Ending::HardLimit => Err(format!("no end after {}", duration::show(limit))),
            Ending::Flooded => Err("it printed too much".to_owned()),
            Ending::FirstByteLimit | Ending::IdleLimit | Ending::Stopped => Err("it was stopped".to_owned()),
        }
    }
}

impl Runner for Supervised<'_> {
    fn run(&self, invocation: &dyn Fn(&Scratch) -> Invocation, timeout: Duration) -> Result<Ran, String> {
        let scratch = self.supervisor.scratch(None, "refinery-look-").map_err(|error| error.to_string())?;
        let invocation = invocation(&scratch);
        scratch.materialise(&invocation).map_err(|error| error.to_string())?;
        self.runtime.block_on(self.go(&invocation, timeout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocation::{Capture, EnvValue, StdinClose};
    use crate::process::Marker;

    fn run(script: &str, timeout: Duration) -> Result<Ran, String> {
        let supervisor = Supervisor::new(Marker::new("look-test"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let runner = Supervised { supervisor: &supervisor, runtime: &runtime };
        let invocation = |scratch: &Scratch| Invocation {
            program: "/bin/sh".into(),
            args: ["-c", script].map(str::to_owned).to_vec(),
            env: [("GREETING".to_owned(), EnvValue::Plain("hello".to_owned()))].into(),
            cwd: scratch.path().to_owned(),
            folders: Vec::new(),
            files: Vec::new(),
            links: Vec::new(),
            stdin: StdinClose::AfterPrompt,
            stdout: Capture::Pipe,
            stderr: Capture::Pipe,
            leave: Duration::from_millis(200),
        };
        runner.run(&invocation, timeout)
    }

    #[test]
    fn what_a_program_prints_and_its_code_come_back() {
        let ran = run("echo $GREETING; echo oops >&2; exit 3", Duration::from_secs(60)).unwrap();
        assert_eq!(ran, Ran { code: Some(3), stdout: "hello\n".into(), stderr: "oops\n".into() });
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let reason = run("exec sleep 600", Duration::from_secs(1)).unwrap_err();
        assert_eq!(reason, "no end after 1s");
    }
}
