//! Drives a protocol: the loop, the ledger, the stop.
