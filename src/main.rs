//! The `refinery` program.

fn main() {}
