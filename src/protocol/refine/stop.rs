//! When a score-gated loop ends, and when two texts are practically the same.

/// Watches scores, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreWatch {
    target: Option<f64>,
    patience: u32,
    delta: f64,
    last: Option<f64>,
    stale: u32,
}

/// Why a loop ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreStop {
    /// The target is reached.
    Target,
    /// The score has stopped moving.
    Plateau,
}

impl ScoreWatch {
    /// A watch that ends a loop at `target`, if there is one, or after `patience` steps in a row
    /// that change the score by at most `delta`.
    #[must_use]
    pub fn new(target: Option<f64>, patience: u32, delta: f64) -> Self {
        Self { target, patience: patience.max(1), delta, last: None, stale: 0 }
    }

    /// Takes the next score in; whether the loop ends with it.
    pub fn observe(&mut self, score: f64) -> Option<ScoreStop> {
        if let Some(last) = self.last.replace(score) {
            let moved = (score - last).abs() > self.delta;
            self.stale = if moved { 0 } else { self.stale + 1 };
        }
        if self.target.is_some_and(|target| score >= target) {
            return Some(ScoreStop::Target);
        }
        (self.stale >= self.patience).then_some(ScoreStop::Plateau)
    }
}

/// Whether two texts are practically the same: their lengths differ by at most `epsilon` bytes, and
/// so do their contents, byte by byte, as far as both go.
#[must_use]
pub fn converged_refine(one: &str, other: &str, epsilon: i64) -> bool {
    let within = |count: usize| i64::try_from(count).is_ok_and(|count| count <= epsilon);
    let mismatches = one.bytes().zip(other.bytes()).filter(|(one, other)| one != other).count();
    within(one.len().abs_diff(other.len())) && within(mismatches)
}

/// Whether the texts of a role or step are refined: it is not on the list, however it is written.
#[must_use]
pub fn applies_to<S: AsRef<str>>(writer: &str, exclude: &[S]) -> bool {
    let name = |text: &str| text.trim().to_lowercase();
    !exclude.iter().any(|excluded| name(excluded.as_ref()) == name(writer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_comes_before_the_plateau() {
        let mut watch = ScoreWatch::new(Some(0.5), 1, 0.0);
        assert_eq!(watch.observe(0.4), None);
        assert_eq!(watch.clone().observe(0.5), Some(ScoreStop::Target));
        assert_eq!(watch.observe(0.4), Some(ScoreStop::Plateau));
    }

    #[test]
    fn an_excluded_name_is_known_however_it_is_written() {
        assert!(!applies_to(" Refiner ", &["deps", "refiner"]));
        assert!(applies_to("refine", &["refiner"]));
    }
}
