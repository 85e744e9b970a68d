//! Counting: which answer most samples gave.

use super::settings::Strategy;
use std::sync::Arc;

/// One answer and who gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The samples that gave it, by index, the first one first; never empty.
    pub samples: Vec<usize>,
}

impl Group {
    /// How many samples gave it.
    #[must_use]
    pub fn votes(&self) -> usize {
        self.samples.len()
    }
}

/// What a count came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// The different answers, in the order in which they were first given.
    pub groups: Vec<Group>,
    /// Which of the groups won: most votes, of several the one that was given first. `None` if there
    /// is no answer at all.
    pub winner: Option<usize>,
    /// How many groups have as many votes as the winner: 1 is a clear win. 0 where all have to agree.
    pub ties: usize,
    /// Whether the strategy is satisfied by these samples.
    pub reached: bool,
}

impl Vote {
    /// Counts samples, in index order; `None` is one without an answer.
    #[must_use]
    pub fn count(strategy: Strategy, forms: &[Option<Arc<str>>]) -> Self {
        let mut groups: Vec<(&Arc<str>, Group)> = Vec::new();
        for (index, form) in forms.iter().enumerate() {
            let Some(form) = form else { continue };
            match groups.iter_mut().find(|(known, _)| *known == form) {
                Some((_, group)) => group.samples.push(index),
                None => groups.push((form, Group { samples: vec![index] })),
            }
        }
        let groups: Vec<Group> = groups.into_iter().map(|(_, group)| group).collect();
        let most = groups.iter().map(Group::votes).max();
        let tied = groups.iter().filter(|group| Some(group.votes()) == most).count();
        let unanimous = groups.len() == 1 && most == Some(forms.len());
        Self {
            winner: groups.iter().position(|group| Some(group.votes()) == most),
            ties: if strategy == Strategy::Unanimous { 0 } else { tied },
            reached: match strategy {
                Strategy::Majority => !groups.is_empty(),
                Strategy::Unanimous => unanimous,
            },
            groups,
        }
    }

    /// The first sample of the winner, whose original text is the answer.
    #[must_use]
    pub fn winning_sample(&self) -> Option<usize> {
        self.groups.get(self.winner?)?.samples.first().copied()
    }

    /// How many samples gave the winning answer.
    #[must_use]
    pub fn votes(&self) -> usize {
        self.winner.and_then(|winner| self.groups.get(winner)).map_or(0, Group::votes)
    }

    /// The winner's share of so many samples, 0 to 1.
    #[must_use]
    pub fn agreement(&self, samples: usize) -> f64 {
        share(self.votes(), samples)
    }
}

/// A part of a whole, 0 to 1; of nothing, 0.
#[must_use]
pub fn share(part: usize, whole: usize) -> f64 {
    let number = |count: usize| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
    if whole == 0 { 0.0 } else { number(part) / number(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(strategy: Strategy, forms: &[&str]) -> Vote {
        let forms: Vec<Option<Arc<str>>> = forms.iter().map(|form| (*form != "!").then(|| (*form).into())).collect();
        Vote::count(strategy, &forms)
    }

    #[test]
    fn a_failed_sample_is_no_vote_and_fails_unanimity() {
        let vote = count(Strategy::Majority, &["!", "b", "a", "b"]);
        assert_eq!((vote.winning_sample(), vote.votes(), vote.ties, vote.reached), (Some(1), 2, 1, true));
        assert!(!count(Strategy::Unanimous, &["a", "!", "a"]).reached);
        assert!(count(Strategy::Unanimous, &["a", "a"]).reached);
    }

    #[test]
    fn nothing_wins_where_nobody_answered() {
        for strategy in [Strategy::Majority, Strategy::Unanimous] {
            let vote = count(strategy, &["!", "!"]);
            assert_eq!((vote.winner, vote.votes(), vote.reached), (None, 0, false));
        }
        assert!((share(0, 0)).abs() < f64::EPSILON);
    }
}
