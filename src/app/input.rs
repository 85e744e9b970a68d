//! What the run is about: the prompt, the files, standard input; all of it read before anything
//! else happens.

use crate::app::request::Sources;
use crate::error::Error;
use crate::host::files::{self, Named};
use crate::host::stdin::{Stdin, Unread};
use std::path::Path;
use std::sync::Arc;

/// Question and files.
#[derive(Debug, Clone)]
pub struct Input {
    /// The person's words; may be empty if there are files.
    pub question: Arc<str>,
    /// Files, in the order given.
    pub files: Vec<Named>,
    /// The text that the run works on, if there is one.
    pub draft: Option<Arc<str>>,
}

/// Reads everything; `implied_question` is asked about a draft without a question. With `no_stdin` standard input
/// is left alone where it is not named. `warnings` takes what a person should know.
///
/// # Errors
/// Standard input named twice, not named although data arrives, too long, empty or no text; bad files; nothing to
/// ask.
pub fn read(
    sources: &Sources,
    implied_question: Option<&str>,
    no_stdin: bool,
    folder: &Path,
    stdin: &mut Stdin,
    warnings: &mut Vec<String>,
) -> Result<Input, Error> {
    let (prompt, paths) = (sources.prompt.as_deref(), &sources.files);
    let from_stdin = prompt == Some("-");
    let draft_from_stdin = sources.draft.as_deref() == Some("-");
    let as_files = paths.iter().filter(|path| *path == "-").count();
    if usize::from(from_stdin) + usize::from(draft_from_stdin) + as_files > 1 {
        return Err(Error::config("standard input is used more than once")
            .hint("`-` makes it the prompt, `-f -` a file beside the prompt"));
    }
    let named = from_stdin || draft_from_stdin || as_files == 1;
    let piped = if named { Some(stdin.read()?) } else { None };
    match if named || no_stdin { Unread::Nothing } else { stdin.unread() } {
        Unread::Nothing => {}
        // It may be the list of a loop around us.
        Unread::File => {
            warnings.push("standard input is ignored: use `-` as the prompt, or `-f -` as a file".to_owned());
        }
        Unread::Piped => return Err(unnamed(prompt)),
    }
    let question: Arc<str> = match (&piped, prompt) {
        (Some(text), Some("-")) => Arc::clone(text),
        (_, prompt) => prompt.unwrap_or_default().into(),
    };
    let files = files::read(paths, folder, piped.as_ref())?;
    let draft = sources.draft.as_deref().map(|path| draft(path, folder, piped.as_ref())).transpose()?;
    let question = match (implied_question, &draft) {
        (Some(implied), Some(_)) if question.trim().is_empty() && files.is_empty() => implied.into(),
        _ => question,
    };
    if question.trim().is_empty() && files.is_empty() {
        return Err(nothing());
    }
    if !files.is_empty() && files.iter().all(|(_, text)| text.trim().is_empty()) {
        let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
        return Err(Error::config(format!("{} is empty: nothing to work on", names.join(", "))));
    }
    Ok(Input { question, files, draft })
}

fn draft(path: &str, folder: &Path, piped: Option<&Arc<str>>) -> Result<Arc<str>, Error> {
    let text = files::read(&[path.to_owned()], folder, piped)?.into_iter().next().map(|(_, text)| text);
    text.filter(|text| !text.trim().is_empty()).ok_or_else(|| Error::config(format!("the draft {path} is empty")))
}

/// Data that was piped in without a word about it is most likely what the question is about.
fn unnamed(prompt: Option<&str>) -> Error {
    let error = Error::config("data is piped to standard input, and no argument names it; no model was called");
    let error = match prompt {
        Some(_) => {
            error.hint("`-f -` attaches it as a file: git diff | refinery \"your question\" -f - -m claude,codex")
        }
        None => error.hint("`-` makes it the prompt: echo \"your question\" | refinery - -m claude,codex"),
    };
    error.hint("`--no-stdin` leaves it unread")
}

fn nothing() -> Error {
    Error::config("no question given")
        .hint("refinery \"your question\" -m claude,codex")
        .hint("refinery -f src/auth.rs -m claude,codex")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn input(prompt: Option<&str>, paths: &[&str], stdin: &str) -> Result<(String, Vec<String>, usize), Error> {
        input_with(prompt, paths, stdin, false)
    }

    fn input_with(
        prompt: Option<&str>,
        paths: &[&str],
        text: &str,
        no_stdin: bool,
    ) -> Result<(String, Vec<String>, usize), Error> {
        let files: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        drop(writer);
        let mut stdin = Stdin::of(reader);
        let mut warnings = Vec::new();
        let sources = Sources { prompt: prompt.map(str::to_owned), files, ..Sources::default() };
        let input = read(&sources, None, no_stdin, Path::new("/"), &mut stdin, &mut warnings)?;
        let files = input.files.iter().map(|(name, text)| format!("{name}={text}")).collect();
        Ok((input.question.to_string(), files, warnings.len()))
    }

    #[test]
    fn standard_input_is_read_where_it_is_named_and_nowhere_else() {
        assert_eq!(input(Some("-"), &[], " why\n").unwrap(), (" why\n".into(), vec![], 0));
        assert_eq!(input(Some("why"), &["-"], "text").unwrap(), ("why".into(), vec!["stdin=text".into()], 0));
        assert_eq!(input(None, &["-"], "text").unwrap(), (String::new(), vec!["stdin=text".into()], 0));
        assert_eq!(input_with(Some("why"), &[], "text", true).unwrap(), ("why".into(), vec![], 0));
        for (prompt, way) in [(Some("why"), "`-f -` attaches it"), (None, "`-` makes it the prompt")] {
            let error = input(prompt, &[], "text").unwrap_err();
            assert!(error.hints[0].starts_with(way) && error.hints[1].contains("--no-stdin"), "{error:?}");
        }
        assert_eq!(input(Some("why"), &[], "").unwrap(), ("why".into(), vec![], 0));
    }

    #[test]
    fn there_must_be_something_to_ask() {
        for named in [input(Some("-"), &[], ""), input(Some("why"), &["-"], " \n"), input(None, &["-"], "")] {
            assert_eq!(named.unwrap_err().to_string(), "standard input is empty: nothing to work on");
        }
        let error = input(Some("why"), &["/dev/null"], "").unwrap_err();
        assert!(error.to_string().contains("not a regular file"), "{error}");
        for prompt in [None, Some(""), Some(" \n")] {
            assert_eq!(input(prompt, &[], "").unwrap_err().to_string(), "no question given");
        }
        assert!(input(Some("-"), &["-"], "x").unwrap_err().to_string().contains("more than once"));
        assert!(input(Some("why"), &["-", "-"], "x").unwrap_err().to_string().contains("more than once"));
    }
}
