//! stub
use crate::time::Timestamp;
use std::time::Duration;
/// stub
pub fn reset_time(_: &str, _: Timestamp) -> Option<Timestamp> {
    None
}
/// stub
pub fn retry_after(_: &str) -> Option<Duration> {
    None
}
