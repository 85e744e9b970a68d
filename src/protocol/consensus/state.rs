//! What a consensus run knows at a moment: rounds, who has an answer in them, which reviews are in.

use crate::exchange::Prompt;
use crate::failure::{CallFailure, FailureClass};
use crate::ids::Round;
use crate::outcome::AnswerOrigin;
use crate::protocol::material::MemberIndex;
use crate::protocol::parse::Review;
use crate::protocol::tally::Standing;
use std::sync::Arc;

/// An answer in the room.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// As its author wrote it.
    pub text: Arc<str>,
    /// As reviewers see it.
    pub shown: Arc<str>,
    /// How it came into its round.
    pub origin: AnswerOrigin,
}

/// Where a participant stands in a round.
#[derive(Debug)]
pub(super) enum Seat {
    /// The caller left it out of this round.
    Out,
    /// Its answer is on the way, or not asked for yet.
    Pending,
    /// Its answer is in the room.
    Here(Candidate),
    /// It has no answer in this round.
    Empty(CallFailure),
}

/// One review, from when it can be asked for.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Not asked for yet.
    Due,
    /// Asked for.
    Asked,
    /// It is in.
    In(Review),
    /// It is missing for good, and why.
    Missing(CallFailure),
    /// It cannot change how the run ends.
    NotNeeded,
}

impl Verdict {
    /// Whether it is still to come.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Due | Self::Asked)
    }
}

/// One round.
#[derive(Debug)]
pub(super) struct RoundState {
    pub round: Round,
    /// By participant.
    pub seats: Vec<Seat>,
    /// By reviewer, then by author.
    pub verdicts: Vec<Vec<Verdict>>,
    /// Who has gone on to the next round.
    pub left: Vec<bool>,
    /// Whether the strategy said that the run cannot end in this round.
    pub cannot_close: bool,
    /// How many repairs were asked for.
    pub repairs: u32,
    /// What the caller adds to the prompts of this round.
    pub context: Option<Arc<str>>,
}

impl RoundState {
    pub fn new(round: Round, seats: Vec<Seat>, context: Option<Arc<str>>) -> Self {
        let members = seats.len();
        let verdicts = (0..members).map(|_| (0..members).map(|_| Verdict::Due).collect()).collect();
        Self { round, seats, verdicts, left: vec![false; members], cannot_close: false, repairs: 0, context }
    }

    pub fn candidate(&self, who: MemberIndex) -> Option<&Candidate> {
        match self.seats.get(who) {
            Some(Seat::Here(candidate)) => Some(candidate),
            _ => None,
        }
    }

    /// Who has an answer here, in plan order.
    pub fn authors(&self) -> impl Iterator<Item = MemberIndex> {
        (0..self.seats.len()).filter(|who| self.candidate(*who).is_some())
    }

    pub fn is_out(&self, who: MemberIndex) -> bool {
        matches!(self.seats.get(who), Some(Seat::Out))
    }

    /// Whether it is known who has an answer in this round.
    pub fn is_seated(&self) -> bool {
        !self.seats.iter().any(|seat| matches!(seat, Seat::Pending))
    }

    /// Who is to review this author, in plan order. One needs no answer of one's own for it.
    pub fn reviewers(&self, author: MemberIndex) -> impl Iterator<Item = MemberIndex> {
        (0..self.seats.len()).filter(move |reviewer| *reviewer != author && !self.is_out(*reviewer))
    }

    /// How many reviews of this author are still to come.
    pub fn open_reviews(&self, author: MemberIndex) -> usize {
        let open = |reviewer: &MemberIndex| self.verdicts[*reviewer][author].is_open();
        self.reviewers(author).filter(open).count()
    }

    /// The reviews of this author that are in, in plan order of the reviewers.
    pub fn reviews(&self, author: MemberIndex) -> impl Iterator<Item = (MemberIndex, &Review)> {
        (0..self.seats.len()).filter_map(move |reviewer| Some((reviewer, self.review(reviewer, author)?)))
    }

    /// A reviewer's review of an author, if it is in.
    pub fn review(&self, reviewer: MemberIndex, author: MemberIndex) -> Option<&Review> {
        match &self.verdicts[reviewer][author] {
            Verdict::In(review) => Some(review),
            _ => None,
        }
    }

    /// Whether any review was asked for, or given up.
    pub fn reviews_begun(&self) -> bool {
        self.verdicts.iter().flatten().any(|verdict| !matches!(verdict, Verdict::Due))
    }

    /// How many reviews could be read, and how many there are that could not.
    pub fn readable_reviews(&self) -> (usize, usize) {
        let count = |what: fn(&Verdict) -> bool| self.verdicts.iter().flatten().filter(|verdict| what(verdict)).count();
        let is_unreadable = |verdict: &Verdict| match verdict {
            Verdict::Missing(failure) => failure.class == FailureClass::Malformed,
            _ => false,
        };
        (count(|verdict| matches!(verdict, Verdict::In(_))), count(is_unreadable))
    }

    /// Whether any answer has at least half of its reviews. Once it is so, it stays so.
    pub fn is_judged(&self) -> bool {
        self.authors().any(|author| match self.reviews(author).count() {
            0 => false,
            read => 2 * read >= self.reviewers(author).count(),
        })
    }

    /// Whether nothing is to come any more that belongs to this round.
    pub fn is_complete(&self) -> bool {
        self.is_seated() && self.authors().all(|author| self.open_reviews(author) == 0)
    }
}

/// What a call of a round is for, in the order of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Propose,
    Evaluate,
    Refine,
}

/// A call that was asked for and has not settled.
#[derive(Debug)]
pub(super) enum Pending {
    /// A first answer; `at` is the round's place in the list of rounds.
    Propose { at: usize, who: MemberIndex },
    /// One review or several.
    Review(ReviewCall),
    /// A better answer.
    Refine(Refining),
}

impl Pending {
    /// The round and stage that it belongs to.
    pub fn stage(&self) -> (usize, Stage) {
        match self {
            Self::Propose { at, .. } => (*at, Stage::Propose),
            Self::Review(call) => (call.at, Stage::Evaluate),
            Self::Refine(asked) => (asked.at, Stage::Refine),
        }
    }
}

/// A call for a better answer.
#[derive(Debug)]
pub(super) struct Refining {
    /// The round that it comes after.
    pub at: usize,
    /// The round of the version that is to be improved.
    pub version: usize,
    pub who: MemberIndex,
    /// The code of its fences.
    pub nonce: String,
}

/// A call for reviews.
#[derive(Debug)]
pub(super) struct ReviewCall {
    pub at: usize,
    pub reviewer: MemberIndex,
    /// What its id ends with.
    pub path: String,
    /// How many answers its prompt shows.
    pub shown: usize,
    /// Whose reviews are to come of it, under which labels.
    pub answers: Vec<(MemberIndex, String)>,
    /// The prompt: a repair repeats it.
    pub prompt: Prompt,
    /// Whether it is a repair: then there is no other.
    pub repair: bool,
}

/// The rounds that are closed, and the one that ended the run.
#[derive(Debug, Default)]
pub(super) struct Closed {
    /// The first round first.
    pub standings: Vec<Standing>,
    /// Whether the run converged in the last of them.
    pub converged: bool,
}
