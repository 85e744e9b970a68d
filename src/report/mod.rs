//! Outputs: each reads the same events.
