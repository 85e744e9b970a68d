//! What the run is about: the prompt, the files, standard input; all of it read before anything
//! else happens.

use crate::error::Error;
use crate::host::files::{self, Named};
use crate::host::stdin::Stdin;
use std::path::Path;
use std::sync::Arc;

/// Question and files.
#[derive(Debug)]
pub struct Input {
    /// The person's words; may be empty if there are files.
    pub question: Arc<str>,
    /// Files, in the order given.
    pub files: Vec<Named>,
}

/// Reads everything; `warnings` takes what a person should know.
///
/// # Errors
/// Standard input named twice, too long or no text; bad files; nothing to ask.
pub fn read(
    prompt: Option<&str>,
    paths: &[String],
    folder: &Path,
    stdin: &mut Stdin,
    warnings: &mut Vec<String>,
) -> Result<Input, Error> {
    let from_stdin = prompt == Some("-");
    let as_files = paths.iter().filter(|path| *path == "-").count();
    if usize::from(from_stdin) + as_files > 1 {
        return Err(Error::config("standard input is named more than once, and can be read only once")
            .hint("`-` makes it the prompt, `-f -` a file beside the prompt"));
    }
    let named = from_stdin || as_files == 1;
    let piped = if named { Some(stdin.read()?) } else { None };
    if !named && stdin.carries() {
        warnings
            .push("standard input is not read: give `-` to make it the prompt, or `-f -` to make it a file".to_owned());
    }
    let question: Arc<str> = match (&piped, prompt) {
        (Some(text), Some("-")) => Arc::clone(text),
        (_, prompt) => prompt.unwrap_or_default().into(),
    };
    let files = files::read(paths, folder, piped.as_ref())?;
    if question.trim().is_empty() && files.is_empty() {
        return Err(nothing(from_stdin));
    }
    Ok(Input { question, files })
}

fn nothing(from_stdin: bool) -> Error {
    let error = match from_stdin {
        true => Error::config("standard input is empty: there is nothing to ask"),
        false => Error::config("there is nothing to ask"),
    };
    error.hint("refinery \"your question\" -m claude,codex").hint("refinery -f src/auth.rs -m claude,codex")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn input(prompt: Option<&str>, paths: &[&str], stdin: &str) -> Result<(String, Vec<String>, usize), Error> {
        let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
        let mut stdin = Stdin::made_up(Cursor::new(stdin.to_owned()), !stdin.is_empty());
        let mut warnings = Vec::new();
        let input = read(prompt, &paths, Path::new("/"), &mut stdin, &mut warnings)?;
        let files = input.files.iter().map(|(name, text)| format!("{name}={text}")).collect();
        Ok((input.question.to_string(), files, warnings.len()))
    }

    #[test]
    fn standard_input_is_read_where_it_is_named_and_nowhere_else() {
        assert_eq!(input(Some("-"), &[], " why\n").unwrap(), (" why\n".into(), vec![], 0));
        assert_eq!(input(Some("why"), &["-"], "text").unwrap(), ("why".into(), vec!["stdin=text".into()], 0));
        assert_eq!(input(None, &["-"], "text").unwrap(), (String::new(), vec!["stdin=text".into()], 0));
        assert_eq!(input(Some("why"), &[], "text").unwrap(), ("why".into(), vec![], 1));
        assert_eq!(input(Some("why"), &[], "").unwrap(), ("why".into(), vec![], 0));
    }

    #[test]
    fn there_must_be_something_to_ask() {
        assert_eq!(
            input(Some("-"), &[], "").unwrap_err().to_string(),
            "standard input is empty: there is nothing to ask"
        );
        for prompt in [None, Some(""), Some(" \n")] {
            assert_eq!(input(prompt, &[], "").unwrap_err().to_string(), "there is nothing to ask");
        }
        assert!(input(Some("-"), &["-"], "x").unwrap_err().to_string().contains("more than once"));
        assert!(input(Some("why"), &["-", "-"], "x").unwrap_err().to_string().contains("more than once"));
    }
}
