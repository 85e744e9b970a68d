//! The shortest time in which a consensus run could have ended, from the latencies that were drawn
//! and the data that each call needs: computed from what the fakes wrote down, without a look at
//! when anything was really started.

use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// A draft: whose, and which version of it.
type Draft = (String, u64);

/// What the fakes of one run wrote down.
#[derive(Debug, Default)]
pub struct Played {
    proposals: BTreeMap<String, Duration>,
    /// By draft and reviewer.
    reviews: BTreeMap<(Draft, String), Duration>,
    /// By the draft that is refined.
    refinements: BTreeMap<Draft, Duration>,
}

impl Played {
    /// Reads the fakes' log.
    ///
    /// # Errors
    /// A line that cannot be read, or a call that was made twice: then there is no saying what the
    /// run had to wait for.
    pub fn read(log: &str) -> Result<Self, String> {
        let mut played = Self::default();
        for line in log.lines() {
            let entry: Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
            let author = entry["author"].as_str().unwrap_or_default().to_owned();
            let latency = Duration::from_micros(entry["latency_us"].as_u64().unwrap_or_default());
            let drafts: Vec<Draft> = entry["marks"].as_array().into_iter().flatten().filter_map(draft).collect();
            let before = match (entry["phase"].as_str(), &drafts[..]) {
                (Some("propose"), []) => played.proposals.insert(author, latency),
                (Some("evaluate"), [subject]) => played.reviews.insert((subject.clone(), author), latency),
                (Some("refine"), [own]) if own.0 == author => played.refinements.insert(own.clone(), latency),
                other => return Err(format!("not a call of a pairwise consensus run: {other:?}")),
            };
            if before.is_some() {
                return Err(format!("a call was made twice: {line}"));
            }
        }
        Ok(played)
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.proposals.len() + self.reviews.len() + self.refinements.len()
    }

    /// The length of the critical path: a review needs the draft that it is about, and nothing else;
    /// a refinement needs all reviews of its own draft and, from round `stability` on, where the
    /// round might be the last one, all reviews of the round; the end needs all reviews of the last
    /// round.
    ///
    /// # Errors
    /// A call that is missing.
    pub fn critical_path(&self, stability: u64) -> Result<Duration, String> {
        let last = self.reviews.keys().map(|((_, version), _)| *version).max().ok_or("nothing was reviewed")?;
        let mut ready: BTreeMap<&str, Duration> =
            self.proposals.iter().map(|(author, latency)| (author.as_str(), *latency)).collect();
        for version in 1..=last {
            let mut reviewed = BTreeMap::new();
            for (author, since) in &ready {
                reviewed.insert(*author, *since + self.slowest_review(author, version, ready.len())?);
            }
            let closed = reviewed.values().copied().max().unwrap_or_default();
            if version == last {
                return Ok(closed);
            }
            for (author, reviewed) in reviewed {
                let own = (author.to_owned(), version);
                let latency = self.refinements.get(&own).ok_or_else(|| format!("{own:?} was not refined"))?;
                let since = if version < stability { reviewed } else { closed };
                ready.insert(author, since + *latency);
            }
        }
        Err("there was no round".to_owned())
    }

    fn slowest_review(&self, author: &str, version: u64, authors: usize) -> Result<Duration, String> {
        let about = |((subject, _), _): &(&(Draft, String), &Duration)| subject.0 == author && subject.1 == version;
        let reviews: Vec<Duration> = self.reviews.iter().filter(about).map(|(_, latency)| *latency).collect();
        if reviews.len() + 1 != authors {
            return Err(format!("{author}.{version} has {} reviews of {}", reviews.len(), authors - 1));
        }
        Ok(reviews.into_iter().max().unwrap_or_default())
    }
}

fn draft(mark: &Value) -> Option<Draft> {
    let (author, version) = mark.as_str()?.split_once('.')?;
    Some((author.to_owned(), version.parse().ok()?))
}
