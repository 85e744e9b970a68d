//! From the words that were typed to a command.

use crate::cli::args::Cli;
use crate::error::{self, Error};
use crate::report::OutputFormat;
use crate::words::closest;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches};
use std::ffi::OsString;

/// What the words mean, if they are no command.
#[derive(Debug)]
pub enum Refused {
    /// Help or version, asked for: text for standard output, exit code 0.
    Told(String),
    /// Wrong: exit code 4.
    Wrong(Error),
}

/// Reads the words, the program's own name first.
///
/// # Errors
/// Help that was asked for, an argument that cannot be, or a one-word prompt that was probably meant
/// to be a command.
pub fn parse(words: &[OsString], styled: bool) -> Result<Cli, Refused> {
    let mut program = Cli::command();
    let read = program.try_get_matches_from_mut(words);
    let read = read.and_then(|matches| Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut program)));
    let cli = read.map_err(|error| refused(&error, &program, words, styled))?;
    let forced = words.iter().any(|word| word == "--");
    if let (None, Some(prompt), false) = (&cli.command, cli.run.text("prompt"), forced) {
        slip(&prompt, &program)?;
    }
    Ok(cli)
}

fn refused(error: &clap::Error, program: &clap::Command, words: &[OsString], styled: bool) -> Refused {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let text = error.render();
        return Refused::Told(if styled { text.ansi().to_string() } else { text.to_string() });
    }
    let command = words.get(1).and_then(|word| program.find_subcommand(word));
    let help =
        command.map_or_else(|| "refinery --help".to_owned(), |one| format!("refinery {} --help", one.get_name()));
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Refused::Wrong(Error::config("a command is missing").hint(format!("`{help}` lists them")));
    }
    // Ours has the same words, in the shape that all our errors have.
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let mut paragraphs = text.split("\n\n").map(|lines| lines.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut told = Error::config(paragraphs.next().unwrap_or_default()).of_kind(kind(error.kind()));
    for line in text.lines().filter_map(|line| line.trim().strip_prefix("tip: ")) {
        told = told.hint(line);
    }
    // A second bare word after the prompt: clap takes it for a subcommand, or for nothing it knows.
    let stray = match (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidSubcommand)) {
        (Some(ContextValue::String(word)), _) if error.kind() == ErrorKind::UnknownArgument => Some(word),
        (_, Some(ContextValue::String(word))) => Some(word),
        _ => None,
    };
    let example = command.map_or_else(|| Some("refinery".to_owned()), asks);
    if let (Some(example), Some(stray)) = (example, stray.filter(|word| !word.starts_with('-'))) {
        return Refused::Wrong(
            Error::config(format!("`{stray}` comes after the prompt: a prompt of several words goes in quotes"))
                .hint(format!("{example} \"your question\" -m claude,codex")),
        );
    }
    Refused::Wrong(told.hint(format!("`{help}` shows everything")))
}

/// What kind of error of ours one of the parser's is.
fn kind(kind: ErrorKind) -> error::ErrorKind {
    match kind {
        ErrorKind::UnknownArgument => error::ErrorKind::UnknownFlag,
        ErrorKind::InvalidSubcommand => error::ErrorKind::UnknownCommand,
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => error::ErrorKind::InvalidValue,
        _ => error::ErrorKind::Config,
    }
}

/// How a command that takes a prompt is called; nothing for the others.
fn asks(command: &clap::Command) -> Option<String> {
    let takes_prompt = command.get_positionals().any(|one| one.get_id() == "prompt");
    takes_prompt.then(|| format!("refinery {}", command.get_name()))
}

/// A prompt of one word that is a command's name, or close to one, costs money by mistake.
fn slip(prompt: &str, program: &clap::Command) -> Result<(), Refused> {
    let names = program.get_subcommands().map(clap::Command::get_name).chain(["help"]);
    match closest(prompt, names) {
        None => Ok(()),
        Some(name) => {
            let meant = if name == "help" { "refinery --help".to_owned() } else { format!("refinery {name}") };
            let error = Error::config(format!("`{prompt}` looks like a command, not like a question"))
                .of_kind(error::ErrorKind::UnknownCommand);
            Err(Refused::Wrong(
                error
                    .hint(format!("the command is `{meant}`, before any option"))
                    .hint(format!("to ask it all the same: refinery -m MODELS -- {prompt}")),
            ))
        }
    }
}

/// The output format that words ask for, read without the rest: what is wrong with them is to be
/// told in that format too.
#[must_use]
pub fn format(words: &[OsString]) -> OutputFormat {
    let words: Vec<_> = words.iter().map_while(|word| word.to_str().filter(|word| *word != "--")).collect();
    let value = words.iter().enumerate().find_map(|(place, word)| {
        let joined =
            word.strip_prefix("--output-format=").or_else(|| word.strip_prefix("-o").filter(|v| !v.is_empty()));
        match *word {
            "-o" | "--output-format" => words.get(place + 1).copied(),
            _ => joined,
        }
    });
    let value = value.unwrap_or_default().trim_start_matches('=');
    value.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        shell_words::split(line).unwrap().into_iter().map(OsString::from).collect()
    }

    fn wrong(line: &str) -> Error {
        match parse(&words(line), false) {
            Err(Refused::Wrong(error)) => error,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_word_close_to_a_command_is_no_question() {
        for line in ["refinery docter", "refinery -m claude demo", "refinery help", "refinery Adapter -o json"] {
            assert!(wrong(line).to_string().contains("looks like a command"), "{line}");
        }
        for line in
            ["refinery why -m claude", "refinery 'demo it' -m claude", "refinery -m claude -- docter", "refinery -"]
        {
            assert!(parse(&words(line), false).is_ok(), "{line}");
        }
        assert!(parse(&words("refinery demo"), false).unwrap().command.is_some());
        for (word, command) in [("smaple", "sample"), ("refin", "refine"), ("piep", "pipe"), ("sample", "sample")] {
            let error = wrong(&format!("refinery -m claude {word}"));
            assert!(error.hints[0].contains(&format!("`refinery {command}`")), "{word}: {error:?}");
        }
    }

    #[test]
    fn several_bare_words_are_told_to_go_in_quotes() {
        let error = wrong("refinery what is this -m claude");
        assert_eq!(error.to_string(), "`is` comes after the prompt: a prompt of several words goes in quotes");
        let error = wrong("refinery sample what is this -m claude");
        assert_eq!(error.hints, ["refinery sample \"your question\" -m claude,codex"]);
        let error = wrong("refinery -m claude what is this");
        assert_eq!(error.to_string(), "`is` comes after the prompt: a prompt of several words goes in quotes");
    }

    #[test]
    fn a_slip_in_a_flag_gets_its_tip() {
        let error = wrong("refinery why --treshold 8");
        assert_eq!(error.to_string(), "unexpected argument '--treshold' found");
        assert!(error.hints[0].contains("'--threshold'"), "{error:?}");
    }

    #[test]
    fn the_format_is_found_in_any_form() {
        for line in ["-o json", "--output-format json", "--output-format=json", "-ojson", "-o=json --nonsense"] {
            assert_eq!(format(&words(line)), OutputFormat::Json, "{line}");
        }
        assert_eq!(format(&words("-- -o json")), OutputFormat::Text);
        assert_eq!(format(&words("-o")), OutputFormat::Text);
    }
}
