//! Draws: every one a hash of the seed and of what it is for, so that it depends on nothing else.

use super::script::Latency;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Eight bytes of a hash over a seed and words.
#[must_use]
pub fn hash(seed: u64, words: &[&str]) -> u64 {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_le_bytes());
    for word in words {
        hasher.update((word.len() as u64).to_le_bytes());
        hasher.update(word.as_bytes());
    }
    let digest: [u8; 32] = hasher.finalize().into();
    digest.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// A number above 0 and below 1.
#[must_use]
pub fn fraction(seed: u64, words: &[&str]) -> f64 {
    // 53 bits are all that an f64 holds; the half keeps 0 out, whose logarithm there is none of.
    ((hash(seed, words) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// A latency, log-normal: `median * exp(sigma * z)` with z from the standard normal distribution
/// (Box and Muller's transform).
#[must_use]
pub fn latency(latency: Latency, seed: u64, words: &[&str]) -> Duration {
    let radius = (-2.0 * fraction(seed, &[&["radius"], words].concat()).ln()).sqrt();
    let angle = std::f64::consts::TAU * fraction(seed, &[&["angle"], words].concat());
    let normal = radius * angle.cos();
    let millis = latency.median_ms * (latency.sigma * normal).exp();
    // Nobody waits for a draw from the far tail of a script with a large sigma.
    Duration::from_micros((millis.min(600_000.0) * 1000.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_seed_and_words_alone() {
        assert_eq!(hash(1, &["a", "b"]), hash(1, &["a", "b"]));
        assert_ne!(hash(1, &["a", "b"]), hash(2, &["a", "b"]));
        assert_ne!(hash(1, &["ab", ""]), hash(1, &["a", "b"]));
    }

    #[test]
    fn latencies_are_log_normal() {
        let asked = Latency { median_ms: 300.0, sigma: 0.6, think: 0.5 };
        let mut logs: Vec<f64> = (0..4001)
            .map(|call: u32| latency(asked, 5, &[&call.to_string()]).as_secs_f64() * 1000.0)
            .map(f64::ln)
            .collect();
        logs.sort_by(f64::total_cmp);
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        let deviation = (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / logs.len() as f64).sqrt();
        assert!((logs[2000].exp() - 300.0).abs() < 15.0, "median {}", logs[2000].exp());
        assert!((deviation - 0.6).abs() < 0.03, "sigma {deviation}");
    }
}
