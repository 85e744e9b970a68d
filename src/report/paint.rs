//! A little colour, or none.

use super::terminal::styled;

/// Whether text is dressed up. Decided once, from the terminal and `NO_COLOR`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Paint {
    /// Whether escape codes are written.
    pub on: bool,
}

impl Paint {
    fn dress(self, code: &str, text: &str) -> String {
        if self.on { styled(code, text) } else { text.to_owned() }
    }

    /// What matters.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.dress("1", text)
    }

    /// What matters less.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.dress("2", text)
    }

    /// What is well.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.dress("32", text)
    }

    /// What needs a look.
    #[must_use]
    pub fn warn(self, text: &str) -> String {
        self.dress("33", text)
    }

    /// What failed.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.dress("1;31", text)
    }
}

#[cfg(test)]
mod tests {
    use super::Paint;

    #[test]
    fn off_is_the_text_itself() {
        assert_eq!(Paint { on: false }.bad("x"), "x");
        let bold = Paint { on: true }.bold("x");
        assert_eq!(super::super::terminal::render(&bold), "\u{1b}[1mx\u{1b}[0m");
    }
}
