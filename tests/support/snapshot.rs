//! Snapshots of what people see.

/// Holds it against its snapshot. Times, sizes and money differ with the machine and the wording of the
/// prompts.
macro_rules! assert_text_snapshot {
    ($text:expr) => {
        insta::with_settings!({filters => vec![
            (r"(?m)^──── run .*", "──── run [RUN] ────"),
            (r"(?m)^ +\d+(\.\d)? s\b", "   [TIME]"),
            (r"\b\d+(\.\d)? s\b", "[TIME]"),
            (r"[\d,]+ tokens in, [\d,]+ out", "[TOKENS]"),
            (r"\$\d+\.\d\d", "[MONEY]"),
        ]}, { insta::assert_snapshot!($text) })
    };
}
pub(crate) use assert_text_snapshot;
