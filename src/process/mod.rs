//! Runs any invocation as a child process, and leaves nothing behind. Knows no vendor.
