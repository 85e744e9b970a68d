//! Means with the harshness of reviewers taken out.

use super::tally::Scores;
use crate::ids::ParticipantId;
use std::collections::BTreeMap;

/// Below this a pivot is zero: the equations have no single solution.
const SINGULAR: f64 = 1e-9;

/// Scores taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjusted {
    /// By author: what its answer would have got from reviewers of average harshness.
    pub means: BTreeMap<ParticipantId, f64>,
    /// By reviewer: how much more than the average reviewer it gives. They sum to zero.
    pub offsets: BTreeMap<ParticipantId, f64>,
}

/// The least-squares solution of `score = answer + reviewer`, where the reviewers' offsets sum to zero.
/// The means are on the scale of the scores, though they can leave it.
///
/// `None` with fewer than three participants, and where the scores do not connect everybody with everybody: then
/// an offset cannot be told from a better answer. `order` is the plan's order, in which sums are made.
///
/// The model is that of a two-way layout without interaction (Scheffé, The Analysis of Variance, 1959, chapter 4).
#[must_use]
pub fn adjusted(order: &[ParticipantId], scores: &Scores) -> Option<Adjusted> {
    if order.len() < 3 {
        return None;
    }
    let score = |reviewer: &ParticipantId, author: &ParticipantId| scores.get(reviewer)?.get(author).copied();
    let authors: Vec<_> = order.iter().filter(|author| order.iter().any(|by| score(by, author).is_some())).collect();
    let reviewers: Vec<_> = order.iter().filter(|by| order.iter().any(|author| score(by, author).is_some())).collect();
    let unknowns = authors.len() + reviewers.len();
    let mut equations = vec![vec![0.0; unknowns + 1]; unknowns];
    for (column, reviewer) in (authors.len()..).zip(&reviewers) {
        for (row, author) in authors.iter().enumerate() {
            let Some(score) = score(reviewer, author) else { continue };
            for (at, other) in [(row, column), (column, row)] {
                equations[at][at] += 1.0;
                equations[at][other] += 1.0;
                equations[at][unknowns] += score;
            }
        }
    }
    // The last equation follows from the others; the offsets' sum stands in its place.
    let sum = equations.last_mut()?;
    sum.fill(0.0);
    sum[authors.len()..unknowns].fill(1.0);
    let mut solution = solve(equations)?.into_iter();
    let means = authors.into_iter().cloned().zip(solution.by_ref()).collect();
    Some(Adjusted { means, offsets: reviewers.into_iter().cloned().zip(solution).collect() })
}

/// Gaussian elimination with partial pivoting; `None` if there is no single solution.
fn solve(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let count = rows.len();
    for at in 0..count {
        let pivot = (at..count).max_by(|one, other| rows[*one][at].abs().total_cmp(&rows[*other][at].abs()))?;
        rows.swap(at, pivot);
        let (done, rest) = rows.split_at_mut(at + 1);
        let row = &done[at];
        if row[at].abs() < SINGULAR {
            return None;
        }
        for other in rest {
            let factor = other[at] / row[at];
            other.iter_mut().zip(row).for_each(|(value, above)| *value -= factor * above);
        }
    }
    let mut solution = vec![0.0; count];
    for at in (0..count).rev() {
        let known: f64 = (at + 1..count).map(|column| rows[at][column] * solution[column]).sum();
        solution[at] = (rows[at][count] - known) / rows[at][at];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(count: usize) -> Vec<ParticipantId> {
        (0..count).map(|at| ParticipantId::new(format!("p{at}"))).collect()
    }

    /// Everybody scores everybody else: what the answer is worth, and what the reviewer adds.
    fn matrix(worth: &[f64], offset: &[f64]) -> Scores {
        let names = names(worth.len());
        let row = |by: usize| {
            let others = (0..worth.len()).filter(move |author| *author != by);
            others.map(|author| (names[author].clone(), worth[author] + offset[by])).collect()
        };
        (0..worth.len()).map(|by| (names[by].clone(), row(by))).collect()
    }

    #[test]
    fn offsets_are_taken_out() {
        let Adjusted { means, offsets } = adjusted(&names(3), &matrix(&[6.0, 7.0, 5.0], &[0.0, -3.0, 1.0])).unwrap();
        let found: Vec<f64> = means.into_values().collect();
        assert!(offsets.into_values().sum::<f64>().abs() < 1e-9);
        // The mean offset, which nobody can know, stays in.
        for (found, worth) in found.iter().zip([6.0, 7.0, 5.0]) {
            assert!((found - (worth - 2.0 / 3.0)).abs() < 1e-9, "{found}");
        }
    }

    #[test]
    fn what_cannot_be_told_apart_is_not_adjusted() {
        assert_eq!(adjusted(&names(2), &matrix(&[6.0, 7.0], &[0.0, 0.0])), None);
        let mut apart = matrix(&[6.0, 7.0, 5.0], &[0.0; 3]);
        apart.remove(&ParticipantId::new("p2"));
        apart.values_mut().for_each(|row| {
            row.remove(&ParticipantId::new("p2"));
        });
        assert_eq!(adjusted(&names(3), &apart), None);
        assert_eq!(adjusted(&names(3), &Scores::new()), None);
    }

    proptest! {
        #[test]
        fn a_constant_for_one_reviewer_changes_no_order(
            table in proptest::collection::vec(proptest::collection::vec(1u32..=19, 5), 5),
            count in 3usize..=5,
            harsh in 0usize..3,
            by in -3i32..=3,
        ) {
            let names = names(count);
            let score = |row: usize, column: usize| 1.0 + f64::from(table[row][column]) / 2.0;
            let scores = |shift: f64| -> Scores {
                (0..count).map(|row| {
                    let shift = if row == harsh { shift } else { 0.0 };
                    let others = (0..count).filter(move |column| *column != row);
                    (names[row].clone(), others.map(|column| (names[column].clone(), score(row, column) + shift)).collect())
                }).collect()
            };
            let plain = adjusted(&names, &scores(0.0)).unwrap();
            let shifted = adjusted(&names, &scores(f64::from(by))).unwrap();
            for (one, other) in plain.means.values().zip(shifted.means.values()) {
                prop_assert!((other - one - f64::from(by) / count as f64).abs() < 1e-9);
            }
        }
    }
}
