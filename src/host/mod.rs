//! What this machine holds.
