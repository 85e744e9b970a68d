//! `refinery doctor --probe`: one small real call, made as a run of a single participant.

use crate::adapter::Host;
use crate::app::draft::Drawn;
use crate::app::execute::{Begin, execute};
use crate::app::freeze::freeze;
use crate::app::input::Input;
use crate::app::prepare::Ready;
use crate::app::resolve::ReadyParticipant;
use crate::cli::inspect::checkup::Probe;
use crate::cli::session::Session;
use crate::config::Settings;
use crate::exchange::{Effort, Tuning};
use crate::host::Machine;
use crate::outcome::Body;
use crate::plan::{Budget, OnLimit, ProtocolPlan};
use crate::protocol::consensus::{ConsensusPlan, ReviewMode};
use std::time::Duration;

/// What is asked: short to answer, and hard to answer without a model.
const QUESTION: &str = "What is six times seven? Reply with the number alone.";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Makes real calls.
pub struct RealProbe<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// The settings of a usual run.
    pub settings: &'a Settings,
    /// Where calls are made.
    pub session: &'a Session,
}

impl Probe for RealProbe<'_> {
    fn probe(&self, participant: &ReadyParticipant, host: &Host) -> Result<String, String> {
        // What holds for a run does not hold for a look: no budget, no waiting, no parking.
        let settings = Settings {
            timeout: PATIENCE,
            retries: 0,
            debug: false,
            no_journal: true,
            budget: Budget::default(),
            max_wall: None,
            on_limit: OnLimit::Drop,
            ..self.settings.clone()
        };
        let protocol = ConsensusPlan {
            threshold: settings.consensus.threshold,
            max_rounds: 1,
            stability_rounds: 1,
            review: ReviewMode::Pairwise,
            stepped: false,
            tuning: Tuning::default(),
            ..ConsensusPlan::default()
        };
        let mut participant = participant.clone();
        if participant.manifest.efforts.contains_key(&Effort::Low) {
            participant.effort = Some(Effort::Low);
        }
        let input = Input { question: QUESTION.into(), files: Vec::new(), draft: None };
        let participants = vec![participant];
        let drawn = Drawn::of(ProtocolPlan::Consensus(protocol));
        let plan = freeze(&participants, drawn, input, &settings, self.machine);
        let ready = Ready { plan, participants, host: host.clone(), settings, warnings: Vec::new(), state_dir: None };
        let Session { runtime, env, .. } = self.session;
        let mut unheard = |_: &_| {};
        let run = execute(&ready, Begin::Anew, env, &mut unheard);
        let finished = runtime.block_on(run).map_err(|error| error.to_string())?;
        let dropped = match &finished.outcome.body {
            Body::Consensus(body) => body.models_dropped.as_slice(),
            _ => &[],
        };
        match &finished.outcome.answer {
            Some(answer) => {
                let served: Vec<_> = finished.totals.participants.iter().flat_map(|one| one.served.clone()).collect();
                let who = if served.is_empty() { String::new() } else { format!(", served by {}", served.join(", ")) };
                let short: String = answer.trim().chars().take(60).collect();
                Ok(format!("answered `{short}` in {:.1} s{who}", finished.totals.elapsed_ms as f64 / 1000.0))
            }
            None => Err(dropped.first().map_or_else(
                || "no answer".to_owned(),
                |one| format!("{}: {}; {}", one.reason, one.message, one.reason.advice()),
            )),
        }
    }
}
