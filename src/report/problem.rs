//! Errors and warnings, for people.

use super::output_stream::OutputStream;
use super::paint::Paint;
use crate::error::Error;

/// Tells people what happened, and what to do next.
pub fn for_people(err: &mut OutputStream, paint: Paint, error: &Error) {
    for message in &error.messages {
        err.line(&format!("{} {message}", paint.bad("error:")));
    }
    for hint in &error.hints {
        err.line(&format!("{} {hint}", paint.dim("hint:")));
    }
}

/// Tells people what they should know.
pub fn warning(err: &mut OutputStream, paint: Paint, text: &str) {
    err.line(&format!("{} {text}", paint.warn("warning:")));
}
