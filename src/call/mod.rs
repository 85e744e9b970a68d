//! One call: admit, attempt, classify, back off, settle. The only place where adapter and process meet.
