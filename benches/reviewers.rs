//! How often the best answer wins, by the way in which scores become a leader: raw means, medians, adjusted means, Borda
//! counts. Reviewers differ in harshness and make errors; one of them may be duped by its own favourite, or by a planted
//! verdict, and give one answer a 10 whatever it is worth.
//!
//! `cargo bench --bench reviewers` prints the table of docs/verdict.md. The same seed gives the same table.

use refinery_core::ids::{ParticipantId, Round};
use refinery_core::protocol::debate::Mulberry32;
use refinery_core::protocol::tally::{Ranking, Scores, Standing};
use std::collections::BTreeMap;
use std::io::Write as _;

/// Runs for each row of the table.
const RUNS: u32 = 6_000;
/// The standard deviation of what answers are worth, in points.
const SPREAD: f64 = 1.0;
/// The standard deviation of the error of a single score, in points.
const NOISE: f64 = 1.0;
/// What the average answer is worth.
const USUAL: f64 = 6.5;

struct Draws(Mulberry32);

impl Draws {
    /// From 0 to 1.
    fn uniform(&mut self) -> f64 {
        self.0.next_fraction()
    }

    /// With mean 0 and standard deviation 1, by the central limit of twelve draws.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.uniform() * count as f64) as usize).min(count - 1)
    }
}

struct Case {
    worth: Vec<f64>,
    offsets: Vec<f64>,
    /// `scores[reviewer][author]`; nothing for oneself.
    scores: Vec<Vec<Option<f64>>>,
}

fn case(members: usize, offset: f64, duped: bool, draws: &mut Draws) -> Case {
    let worth: Vec<f64> = (0..members).map(|_| USUAL + SPREAD * draws.normal()).collect();
    let offsets: Vec<f64> = (0..members).map(|_| offset * draws.normal()).collect();
    let mut scores: Vec<Vec<Option<f64>>> = (0..members)
        .map(|by| {
            let score = |author: usize, draws: &mut Draws| {
                let given = worth[author] + offsets[by] + NOISE * draws.normal();
                (author != by).then(|| (given * 2.0).round().clamp(2.0, 20.0) / 2.0)
            };
            (0..members).map(|author| score(author, draws)).collect()
        })
        .collect();
    if duped {
        let by = draws.below(members);
        let favourite = (by + 1 + draws.below(members - 1)) % members;
        scores[by][favourite] = Some(10.0);
    }
    Case { worth, offsets, scores }
}

fn names(count: usize) -> Vec<ParticipantId> {
    (0..count).map(|at| ParticipantId::new(format!("p{at}"))).collect()
}

/// The leader by the rule that the program uses.
fn by_standing(case: &Case, ranking: Ranking) -> usize {
    let names = names(case.worth.len());
    let row = |row: &Vec<Option<f64>>| -> BTreeMap<ParticipantId, f64> {
        names.iter().zip(row).filter_map(|(name, score)| Some((name.clone(), (*score)?))).collect()
    };
    let scores: Scores = names.iter().zip(&case.scores).map(|(name, given)| (name.clone(), row(given))).collect();
    let standing = Standing::ranked(ranking, Round::FIRST, &names, scores, None);
    names.iter().position(|name| Some(name) == standing.leader.as_ref()).unwrap_or(0)
}

fn given(case: &Case, author: usize) -> Vec<f64> {
    let mut scores: Vec<f64> = case.scores.iter().filter_map(|row| row[author]).collect();
    scores.sort_by(f64::total_cmp);
    scores
}

fn by_median(case: &Case) -> usize {
    let median = |author: usize| {
        let scores = given(case, author);
        (scores[(scores.len() - 1) / 2] + scores[scores.len() / 2]) / 2.0
    };
    best(case.worth.len(), median)
}

/// For each reviewer an answer gets a point for every other one that the same reviewer scored lower.
fn by_borda(case: &Case) -> usize {
    let points = |author: usize| {
        let rows = case.scores.iter().filter_map(|row| Some((row, row[author]?)));
        rows.map(|(row, own)| {
            let others = row.iter().enumerate().filter(|(other, _)| *other != author).filter_map(|(_, score)| *score);
            others
                .map(|other| {
                    if other < own {
                        1.0
                    } else if other > own {
                        0.0
                    } else {
                        0.5
                    }
                })
                .sum::<f64>()
        })
        .sum()
    };
    best(case.worth.len(), points)
}

fn best(count: usize, value: impl Fn(usize) -> f64) -> usize {
    (0..count).reduce(|best, other| if value(other) > value(best) { other } else { best }).unwrap_or(0)
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "| participants | offsets | duped | mean | median | adjusted | Borda | harshest wins by mean |")?;
    writeln!(out, "|---|---|---|---|---|---|---|---|")?;
    for members in [2, 3, 5] {
        for (offset, duped) in [(0.0, false), (1.0, false), (2.0, false), (0.0, true), (1.0, true)] {
            let mut draws = Draws(Mulberry32::new(20_261_130));
            let mut won = [0_u32; 5];
            for _ in 0..RUNS {
                let case = case(members, offset, duped, &mut draws);
                let right = best(members, |author| case.worth[author]);
                let harshest = best(members, |by| -case.offsets[by]);
                let mean = by_standing(&case, Ranking::Mean);
                let leaders = [mean, by_median(&case), by_standing(&case, Ranking::Adjusted), by_borda(&case)];
                for (count, leader) in won.iter_mut().zip(leaders) {
                    *count += u32::from(leader == right);
                }
                won[4] += u32::from(offset > 0.0 && mean == harshest);
            }
            let share = |count: u32| format!("{:.2}", f64::from(count) / f64::from(RUNS));
            let harshest = if offset > 0.0 { share(won[4]) } else { "–".to_owned() };
            let shares: Vec<String> = won[..4].iter().map(|count| share(*count)).collect();
            let duped = if duped { "one" } else { "none" };
            writeln!(out, "| {members} | {offset:.0} | {duped} | {} | {harshest} |", shares.join(" | "))?;
        }
    }
    Ok(())
}
