//! Options of protocols. Each is declared once, beside the settings that it changes: name, range, default and help.
//! The flag, the word of a `--step`, the line of a steps file and the settings of that name are read by it.

use super::check::Check;
use crate::exchange::{Effort, Tuning};
use crate::ids::ParticipantId;
use crate::value::{Field, Kind, Range};

/// Settings that people can change by name. Their defaults are those of [`Default`].
pub trait OptionTable: Default + Clone + 'static {
    /// What can be changed.
    const OPTIONS: &'static [ProtocolOption<Self>];

    /// The parts that can be given to a participant of one's choice.
    const ROLES: &'static [RoleOption<Self>] = &[];

    /// The flags of the command, in the order of its help, each with what counts without it.
    #[must_use]
    fn flags() -> Vec<(Flag, String)> {
        of_table::<Self>().collect()
    }

    /// Adds every number that is outside of its range.
    fn check_ranges(&self, check: &mut Check<'_>) {
        let mut settings = self.clone();
        for option in Self::OPTIONS {
            if let Some(value) = (option.field)(&mut settings).outside(option.range) {
                check.wrong(format!("{} is {value}: it must be {}", option.flag.name, option.range));
            }
        }
    }
}

/// The flags of a table, each with what counts without it.
pub(super) fn of_table<P: OptionTable>() -> impl Iterator<Item = (Flag, String)> {
    let roles = P::ROLES.iter().map(|role| (role.flag, role.flag.default.unwrap_or("none").to_owned()));
    P::OPTIONS.iter().map(ProtocolOption::flag).chain(roles)
}

/// What a command says of itself in its help.
#[derive(Debug, Clone, Copy)]
pub struct Help {
    /// What it does, on one line.
    pub about: &'static str,
    /// What it does, at length; empty if there is no more to say.
    pub long: &'static str,
    /// Exit codes and examples.
    pub after: &'static str,
}

/// One value of settings.
pub struct ProtocolOption<P: 'static> {
    /// How it is typed, and what it is for.
    pub flag: Flag,
    /// The numbers that it may have.
    pub range: Range,
    /// Where the settings hold it.
    pub field: fn(&mut P) -> &mut dyn Field,
}

/// A part of a protocol for one participant.
pub struct RoleOption<P: 'static> {
    /// How it is typed, and what it is for.
    pub flag: Flag,
    /// Whether a participant can have an effort of its own in it.
    pub own_effort: bool,
    /// Gives it to a participant.
    pub give: fn(&mut P, Named),
}

/// A table of options: `field("VALUE", "help");` names one like the field that it sets, `VALUE` stands for its value in
/// the help.
macro_rules! options {
    ($group:expr; $($field:ident($value:literal, $help:expr) $(.$set:ident($($arg:expr),*))*;)+) => {
        &[$(ProtocolOption::new(stringify!($field), $value, $group, $help, |settings: &mut Self| &mut settings.$field)
            $(.$set($($arg),*))*),+]
    };
}
pub(crate) use options;

impl OptionTable for Tuning {
    const OPTIONS: &'static [ProtocolOption<Self>] = options! { PARTICIPANTS;
        effort("EFFORT", "Reasoning effort: minimal, low, medium, high, xhigh or max").default("each model's own");
        temperature("NUMBER", "Sampling temperature, where the CLI supports it").within(0.0, 2.0).default("not sent");
        reply_tokens("TOKENS", "Maximum reply length in tokens, where the CLI supports it").from(1.0)
            .alias("max_tokens").default("not sent");
    };
}

const PARTICIPANTS: &str = "Participants";

/// A participant that was given a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The participant.
    pub id: ParticipantId,
    /// Its effort in this role, if one was named.
    pub effort: Option<Effort>,
}

/// How an option is typed, and what it is for.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// Its name, with underscores.
    pub name: &'static str,
    /// Another name for it.
    pub alias: Option<&'static str>,
    /// A letter for it.
    pub letter: Option<char>,
    /// What stands for its value in the help.
    pub value: &'static str,
    /// What it is for; the default follows.
    pub help: &'static str,
    /// What counts without the option, in words, where the settings' own default does not say it.
    pub default: Option<&'static str>,
    /// The heading that it stands under in the help.
    pub group: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Flags that cannot stand beside it.
    pub excludes: &'static [&'static str],
}

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Takes {
    /// One value.
    Value {
        /// The numbers that it may be.
        range: Range,
        /// What counts if the flag stands alone.
        alone: Option<&'static str>,
    },
    /// No value: it switches something on, or off what is on by itself.
    Nothing {
        /// Whether it is on by itself.
        on: bool,
    },
    /// A value each time that it is typed.
    Values,
}

impl Flag {
    /// A flag with a value.
    #[must_use]
    pub const fn new(name: &'static str, value: &'static str, group: &'static str, help: &'static str) -> Self {
        let takes = Takes::Value { range: Range::Any, alone: None };
        Self { name, alias: None, letter: None, value, help, default: None, group, takes, excludes: &[] }
    }

    /// With words for what counts without it.
    #[must_use]
    pub const fn default(self, words: &'static str) -> Self {
        Self { default: Some(words), ..self }
    }

    /// A flag that takes a value each time that it is typed.
    #[must_use]
    pub const fn repeated(self) -> Self {
        Self { takes: Takes::Values, ..self }
    }
}

impl<P: Default> ProtocolOption<P> {
    /// An option; `value` stands for its value in the help.
    #[must_use]
    pub const fn new(
        name: &'static str,
        value: &'static str,
        group: &'static str,
        help: &'static str,
        field: fn(&mut P) -> &mut dyn Field,
    ) -> Self {
        Self { flag: Flag::new(name, value, group, help), range: Range::Any, field }
    }

    /// Between these numbers, both included.
    #[must_use]
    pub const fn within(self, least: f64, most: f64) -> Self {
        Self { range: Range::Within(least, most), ..self }
    }

    /// At least this number.
    #[must_use]
    pub const fn from(self, least: f64) -> Self {
        Self { range: Range::From(least), ..self }
    }

    /// With another name.
    #[must_use]
    pub const fn alias(self, alias: &'static str) -> Self {
        Self { flag: Flag { alias: Some(alias), ..self.flag }, ..self }
    }

    /// With a letter.
    #[must_use]
    pub const fn letter(self, letter: char) -> Self {
        Self { flag: Flag { letter: Some(letter), ..self.flag }, ..self }
    }

    /// With words for what counts without it.
    #[must_use]
    pub const fn default(self, words: &'static str) -> Self {
        Self { flag: Flag { default: Some(words), ..self.flag }, ..self }
    }

    /// With a value that counts if the flag stands alone.
    #[must_use]
    pub const fn alone(self, value: &'static str) -> Self {
        let takes = Takes::Value { range: Range::Any, alone: Some(value) };
        Self { flag: Flag { takes, ..self.flag }, ..self }
    }

    /// Takes the value that was typed.
    ///
    /// # Errors
    /// What is allowed.
    pub fn set(&self, settings: &mut P, text: &str) -> Result<(), String> {
        (self.field)(settings).set(text, self.range)
    }

    /// How it is typed, and what counts without it.
    #[must_use]
    pub fn flag(&self) -> (Flag, String) {
        let mut settings = P::default();
        let field = (self.field)(&mut settings);
        let usual = field.text();
        let takes = match self.flag.takes {
            _ if field.kind() == Kind::Switch => Takes::Nothing { on: usual.as_deref() == Some("true") },
            Takes::Value { alone, .. } => Takes::Value { range: self.range, alone },
            takes => takes,
        };
        let usual = self.flag.default.map(str::to_owned).or(usual).unwrap_or_else(|| "none".to_owned());
        (Flag { takes, ..self.flag }, usual)
    }
}
