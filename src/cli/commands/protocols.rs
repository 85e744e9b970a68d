//! The commands that make a run of one protocol: the flags of its options, of the critique pass and of every run.

use crate::cli::commands::shared_args::SharedArgs;
use crate::cli::commands::typed::{Asks, Typed};
use crate::config::Key;
use crate::exchange::Tuning;
use crate::plan::ProtocolKind;
use crate::protocol::options::{Flag, OptionTable, Takes};
use crate::protocol::refine::CritiquePlan;
use crate::value::Range;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, Subcommand, value_parser};
use std::ffi::OsString;

/// The default command: a consensus run.
#[derive(Debug, Clone)]
pub struct ConsensusArgs;

/// A command that makes a run, beside the default one.
#[derive(Debug, Clone)]
pub struct RunArgs(pub Typed<Self>);

const SELF_REFINE: &str = "Self-refine";

/// The flags of a protocol's command.
#[must_use]
pub fn with_flags(command: Command, kind: ProtocolKind) -> Command {
    let plan = kind.usual();
    let own = |command: Command| flags(command, plan.settings().flags());
    let shared = |command| flags(SharedArgs::augment_args(command), Tuning::flags());
    // The default command is the one that people meet first: what they need most comes first there.
    let command = if kind == ProtocolKind::default() { own(shared(command)) } else { shared(own(command)) };
    if plan.settings().takes_draft() { command } else { self_refine(command) }
}

fn flags(command: Command, flags: Vec<(Flag, String)>) -> Command {
    flags.into_iter().fold(command, |command, (flag, usual)| command.args(args(flag.name, &flag, &usual)))
}

/// The flags of the critique pass over the answer of any run.
fn self_refine(command: Command) -> Command {
    let on = "After a run with exit code 0 or 2, critique and rewrite its answer [default: off]";
    let off = "Keep the answer unchanged, overriding environment and configuration";
    let command = command.arg(switch("self_refine", on, SELF_REFINE).overrides_with("no_self_refine"));
    let command = command.arg(switch("no_self_refine", off, SELF_REFINE));
    let named = CritiquePlan::flags().into_iter().filter_map(|(flag, usual)| match flag.name {
        "verify" | "refiner" => Some((flag.name.to_owned(), flag, usual)),
        name => Some((format!("refine_{name}"), flag, usual)).filter(|(name, ..)| Key::of(name).is_some()),
    });
    named.fold(command, |command, (name, flag, usual)| {
        command.args(args(&name, &Flag { group: SELF_REFINE, ..flag }, &usual))
    })
}

/// An option as flags of this name: one that switches has an opposite, which the help leaves out.
fn args(name: &str, flag: &Flag, usual: &str) -> Vec<Arg> {
    let help = |range: Range| {
        let range = if range == Range::Any { String::new() } else { format!(" ({range})") };
        let usual = if usual.is_empty() { String::new() } else { format!(" [default: {usual}]") };
        format!("{}{range}{usual}", flag.help)
    };
    let value =
        |range| named(name, flag.group).value_name(flag.value).help(help(range)).conflicts_with_all(flag.excludes);
    match flag.takes {
        Takes::Nothing { on } => {
            let off = format!("no_{name}");
            let (shown, hidden) = if on { (off.as_str(), name) } else { (name, off.as_str()) };
            let alias = |arg: Arg, prefix: &str| match flag.alias {
                Some(alias) => arg.alias(format!("{prefix}{}", dashed(alias))),
                None => arg,
            };
            let shown_arg = alias(switch(shown, flag.help, flag.group), if on { "no-" } else { "" });
            let hidden_arg = alias(switch(hidden, "", flag.group), if on { "" } else { "no-" });
            vec![shown_arg.overrides_with(hidden.to_owned()), hidden_arg.hide(true)]
        }
        Takes::Values => {
            let arg = value(Range::Any).action(ArgAction::Append);
            vec![if flag.value == "FILE" { arg.value_parser(value_parser!(OsString)) } else { arg }]
        }
        Takes::Value { range, alone } => {
            let mut arg = value(range).allow_hyphen_values(range != Range::Any);
            if let Some(alone) = alone {
                arg = arg.num_args(0..=1).require_equals(true).default_missing_value(alone);
            }
            if let Some(letter) = flag.letter {
                arg = arg.short(letter);
            }
            vec![flag.alias.map(dashed).into_iter().fold(arg, Arg::alias)]
        }
    }
}

fn named(name: &str, group: &'static str) -> Arg {
    Arg::new(name.to_owned()).long(dashed(name)).help_heading(group)
}

fn switch(name: &str, help: &'static str, group: &'static str) -> Arg {
    named(name, group).help(help).action(ArgAction::SetTrue)
}

fn dashed(name: &str) -> String {
    name.replace('_', "-")
}

impl Args for ConsensusArgs {
    fn augment_args(command: Command) -> Command {
        with_flags(command, Self::COMMAND)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ConsensusArgs {
    fn from_arg_matches(_: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self)
    }

    fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), clap::Error> {
        Ok(())
    }
}

impl Asks for ConsensusArgs {
    const COMMAND: ProtocolKind = ProtocolKind::Consensus;
}

/// The commands of all protocols but the default one.
fn kinds() -> impl Iterator<Item = ProtocolKind> {
    ProtocolKind::ALL.iter().copied().filter(|kind| *kind != ProtocolKind::default())
}

fn command(kind: ProtocolKind) -> Command {
    let help = kind.usual().settings().help();
    // After the flags: those that are shared bring words of their own.
    let command = with_flags(Command::new(kind.as_str()), kind).about(help.about).after_help(help.after);
    command.long_about(if help.long.is_empty() { help.about } else { help.long })
}

impl Subcommand for RunArgs {
    fn augment_subcommands(program: Command) -> Command {
        program.subcommands(kinds().map(command))
    }

    fn augment_subcommands_for_update(program: Command) -> Command {
        Self::augment_subcommands(program)
    }

    fn has_subcommand(name: &str) -> bool {
        kinds().any(|kind| kind.as_str() == name)
    }
}

impl FromArgMatches for RunArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let kind = matches.subcommand().and_then(|(name, typed)| {
            let kind = kinds().find(|kind| kind.as_str() == name)?;
            Some(Self(Typed::new(kind, with_flags(Command::new(""), kind), typed.clone())))
        });
        kind.ok_or_else(|| clap::Error::new(clap::error::ErrorKind::InvalidSubcommand))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
