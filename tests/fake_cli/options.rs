//! The fake's own arguments, before the vendor's.

use super::vendor::Vendor;
use std::ffi::OsString;
use std::path::PathBuf;

/// What the process is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// A vendor's CLI.
    Play(Options),
    /// A grandchild that stays behind.
    Linger(Linger),
}

/// How a vendor's CLI is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Whose.
    pub vendor: Vendor,
    /// The script; none: the built-in default.
    pub script: Option<PathBuf>,
    /// Who answers; none: vendor and model.
    pub who: Option<String>,
    /// The vendor's arguments.
    pub argv: Vec<String>,
}

/// How a grandchild stays behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Linger {
    /// For how long, in seconds.
    pub seconds: u64,
    /// In a session of its own.
    pub own_session: bool,
    /// Deaf to INT, TERM and HUP.
    pub deaf: bool,
}

const USAGE: &str = "use: fake-cli --as claude|codex|gemini|plain [--script FILE] [--name WHO] -- ARGUMENTS";

impl Mode {
    /// Reads the arguments.
    ///
    /// # Errors
    /// What is wrong with them, and how they are used.
    pub fn parse(args: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut args = args.map(|arg| arg.into_string().map_err(|arg| format!("no UTF-8: {}", arg.display())));
        let (mut vendor, mut script, mut who, mut linger) = (None, None, None, None::<Linger>);
        while let Some(word) = args.next().transpose()? {
            let mut value = || args.next().transpose()?.ok_or_else(|| format!("{word} needs a value; {USAGE}"));
            match word.as_str() {
                "--as" => vendor = Some(vendor_of(&value()?)?),
                "--script" => script = Some(PathBuf::from(value()?)),
                "--name" => who = Some(value()?),
                "--linger" => {
                    let seconds = value()?.parse().map_err(|_| format!("--linger takes seconds; {USAGE}"))?;
                    linger = Some(Linger { seconds, ..Linger::default() });
                }
                "--own-session" => linger = linger.map(|linger| Linger { own_session: true, ..linger }),
                "--deaf" => linger = linger.map(|linger| Linger { deaf: true, ..linger }),
                "--" => break,
                other => return Err(format!("`{other}` is not known here; {USAGE}")),
            }
        }
        if let Some(linger) = linger {
            return Ok(Self::Linger(linger));
        }
        let vendor = vendor.ok_or_else(|| format!("--as is missing; {USAGE}"))?;
        Ok(Self::Play(Options { vendor, script, who, argv: args.collect::<Result<_, _>>()? }))
    }
}

fn vendor_of(word: &str) -> Result<Vendor, String> {
    let found = Vendor::ALL.into_iter().find(|vendor| vendor.as_str() == word);
    found.ok_or_else(|| format!("`{word}` is no vendor; {USAGE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Mode, String> {
        Mode::parse(words.split(' ').map(OsString::from))
    }

    #[test]
    fn vendor_arguments_stand_after_the_dashes() {
        let options = Options {
            vendor: Vendor::Codex,
            script: Some("s.toml".into()),
            who: None,
            argv: vec!["exec".into(), "--as".into(), "-".into()],
        };
        assert_eq!(parse("--as codex --script s.toml -- exec --as -"), Ok(Mode::Play(options)));
        assert_eq!(parse("--linger 3 --deaf"), Ok(Mode::Linger(Linger { seconds: 3, own_session: false, deaf: true })));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(parse("--as llama").unwrap_err().contains("`llama` is no vendor"));
        assert!(parse("--script x").unwrap_err().contains("--as is missing"));
        assert!(parse("--as").unwrap_err().contains("--as needs a value"));
        assert!(parse("exec").unwrap_err().contains("`exec` is not known"));
    }
}
