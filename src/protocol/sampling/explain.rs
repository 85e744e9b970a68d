//! Which samples gave which answer.

use crate::event::preview;
use crate::outcome::{
    Answered, Explain, InDocument, Outcome, Response, Row, Said, SamplingBody, Status, Tone, Totals, Why, row,
};
use crate::words::counted;
use std::collections::BTreeMap;

/// So many of the different answers are shown.
const SHOWN: usize = 6;
/// So many of the samples that gave one.
const NUMBERS: usize = 10;

impl Explain for SamplingBody {
    fn status(&self, outcome: &Outcome) -> Option<(Tone, String)> {
        match outcome.status {
            Status::Agreed => Some((Tone::Good, agreement(self, true))),
            Status::AgreementMissed => Some((Tone::Warn, format!("{}: most common answer", agreement(self, false)))),
            _ => None,
        }
    }

    fn facts(&self, strong: &dyn Fn(&str) -> String) -> Vec<Row> {
        let mut rows = Vec::new();
        if let (Some(winner), Some(sample)) = (&self.winner, self.winning_sample) {
            let who = strong(winner.participant.as_str());
            rows.push(row("Answer", format!("sample {sample}, by {who} ({})", winner.model_id)));
        }
        let votes = self.responses.first().map_or(0, |first| first.votes);
        let required = self.min_agreement.map_or(String::new(), |least| format!("; required {}", percent(least)));
        let samples = counted(u64::from(self.num_samples), "sample");
        rows.push(row("Agreement", format!("{} ({votes} of {samples}){required}", share(self))));
        rows.push(row("Distinct answers", self.unique_responses));
        if let Some(end) = &self.early_stop {
            let sure = end.confidence.map(|sure| format!(" with {:.1} % confidence", sure * 100.0)).unwrap_or_default();
            let saved = counted(u64::from(end.calls_saved), "call");
            rows.push(row("Stopped early", format!("{saved} saved: result settled{sure}")));
        }
        rows
    }

    fn why(&self, _status: Status, _totals: &Totals) -> Why {
        let mut rows: Vec<_> = self.responses.iter().take(SHOWN).map(|one| cluster(one, self)).collect();
        if let Some(more @ 1..) = self.responses.len().checked_sub(SHOWN) {
            rows.push(row("More", counted(u64::try_from(more).unwrap_or(u64::MAX), "other answer")));
        }
        if self.tie_count > 1 {
            let tied = format!("{} answers with the same number of samples: the first one is taken", self.tie_count);
            rows.push(row("Tie", tied));
        }
        let mut failed: BTreeMap<_, Vec<u32>> = BTreeMap::new();
        for one in &self.samples {
            if let Some(class) = one.failure {
                failed.entry((&one.participant, class)).or_default().push(one.sample);
            }
        }
        rows.extend(
            failed
                .iter()
                .map(|((who, class), samples)| row("Failed", format!("{who}: {class} ({})", numbered(samples)))),
        );
        let caption = match self.responses.as_slice() {
            [] => String::new(),
            _ => format!("samples by answer, compared by `{}`", self.normaliser),
        };
        Why { caption, rows, ..Why::default() }
    }

    fn said(&self) -> Vec<Said<'_>> {
        self.samples.iter().map(|sample| Said::Sample { sample }).collect()
    }
}

impl InDocument for SamplingBody {
    type Shown<'a> = Answered<'a, Self>;

    fn shown<'a>(&'a self, answer: Option<&'a str>, _: &'a Totals) -> Self::Shown<'a> {
        Answered { answer, body: self }
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// The share of samples that gave the answer; a range while samples are missing.
fn share(body: &SamplingBody) -> String {
    match body.agreement_ratio {
        Some(ratio) => percent(ratio),
        None => format!("{} to {}", percent(body.agreement.least), percent(body.agreement.most)),
    }
}

/// `agreement 67 % is below the required 80 %`, or the same of the strategy where no share is required or that
/// share is met.
fn agreement(body: &SamplingBody, agreed: bool) -> String {
    match (body.min_agreement, body.strategy.as_str()) {
        (Some(least), _) if agreed => format!("agreement {} meets the required {}", share(body), percent(least)),
        (Some(least), _) if body.agreement.least < least => {
            format!("agreement {} is below the required {}", share(body), percent(least))
        }
        (_, "unanimous") => if agreed { "all samples agree" } else { "the samples do not all agree" }.to_owned(),
        _ => if agreed { "the majority of the samples agrees" } else { "no majority" }.to_owned(),
    }
}

/// `3 of 5: Paris (samples 1, 2 and 4: claude, codex)`
fn cluster(one: &Response, body: &SamplingBody) -> Row {
    let mut who: Vec<&str> = Vec::new();
    for sample in body.samples.iter().filter(|sample| one.samples.contains(&sample.sample)) {
        if !who.contains(&sample.participant.as_str()) {
            who.push(sample.participant.as_str());
        }
    }
    let members = format!("{}: {}", numbered(&one.samples), who.join(", "));
    row(
        format!("{} of {}", one.votes, body.num_samples),
        format!("{} ({members})", gist(&one.answer, &body.normaliser)),
    )
}

/// `samples 1, 2, 4`
fn numbered(samples: &[u32]) -> String {
    let numbers: Vec<String> = samples.iter().take(NUMBERS).map(ToString::to_string).collect();
    let more = if samples.len() > NUMBERS { ", …" } else { "" };
    let samples = if samples.len() == 1 { "sample" } else { "samples" };
    format!("{samples} {}{more}", numbers.join(", "))
}

/// The line that tells the answers apart: the last one where it is a number or a choice, which reasons come before.
fn gist(answer: &str, normaliser: &str) -> String {
    let mut lines = answer.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = match normaliser {
        "number" | "choice" => lines.next_back(),
        _ => lines.next(),
    };
    preview(line.unwrap_or_default())
}
