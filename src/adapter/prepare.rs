//! From one call to one subprocess, as plain data.

use super::codec::Codec;
use super::facts::{Host, Program};
use super::manifest::{Manifest, ResolvedModel};
use super::pool::ChosenPool;
use crate::exchange::{CallSpec, Effort};
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::{Invocation, Piece};
use std::path::Path;

/// Everything that an invocation depends on.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// How the CLI is driven.
    pub manifest: &'a Manifest,
    /// Where it is.
    pub program: &'a Program,
    /// What pays.
    pub pool: &'a ChosenPool,
    /// The machine and the person's environment.
    pub host: &'a Host,
    /// The participant's model.
    pub model: &'a ResolvedModel,
    /// The participant's effort; the call's own tuning comes first.
    pub effort: Option<Effort>,
    /// The call.
    pub spec: &'a CallSpec,
    /// A fresh, empty, absolute folder for this attempt.
    pub scratch: &'a Path,
}

/// One attempt, ready to run.
pub struct Prepared {
    /// The subprocess.
    pub invocation: Invocation,
    /// What is written to its standard input.
    pub input: Vec<Piece>,
    /// The reader of its output.
    pub codec: Box<dyn Codec>,
    /// Whether silence means trouble, so that first-byte and idle clocks run.
    pub streams: bool,
    /// What a person should know: a setting that this CLI cannot take.
    pub warnings: Vec<String>,
}

/// Turns a call into a subprocess.
///
/// # Errors
/// The call cannot be made through this CLI: too long, no model, a setting out of range.
pub fn prepare(request: &Request<'_>) -> Result<Prepared, CallFailure> {
    Err(CallFailure::new(FailureClass::Internal, request.manifest.id.as_str()))
}
