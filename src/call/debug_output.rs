//! The output of a child, kept beside its input for `--debug`: what a report of a problem needs, without
//! secrets.

use super::secrets::Secrets;
use crate::invocation::{Capture, Invocation, Line, Stream};
use crate::json;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Larger files are not kept: they cannot be searched as a whole.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The files `stdout` and `stderr` in the folder of an attempt.
pub(super) struct DebugOutput {
    stdout: Option<BufWriter<File>>,
    stderr: Option<BufWriter<File>>,
    folder: PathBuf,
    secrets: Arc<Secrets>,
}

impl DebugOutput {
    /// Opens files for the streams that go to pipes; the child itself writes the others.
    pub(super) fn begin(invocation: &Invocation, scratch: &Path, secrets: &Arc<Secrets>) -> Self {
        let open = |capture: &Capture, name: &str| match capture {
            Capture::Pipe => {
                let path = scratch.join(name);
                let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
                // A call is worth more than its record.
                file.ok().map(BufWriter::new)
            }
            Capture::File(_) => None,
        };
        let (stdout, stderr) = (open(&invocation.stdout, "stdout"), open(&invocation.stderr, "stderr"));
        Self { stdout, stderr, folder: scratch.to_owned(), secrets: Arc::clone(secrets) }
    }

    /// Takes a line in.
    pub(super) fn line(&mut self, line: &Line) {
        let file = match line.stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        if let Some(file) = file {
            let _ = writeln!(file, "{}", self.secrets.take_out_of(line.text.clone()));
        }
    }

    /// Cleans what only the whole shows, now that the child is gone: everything that it wrote into its folder, and
    /// secrets that came in pieces.
    pub(super) fn end(self) {
        let Self { stdout, stderr, folder, secrets } = self;
        drop((stdout, stderr));
        clean_folder(&folder, &secrets);
    }
}

/// Takes secrets out of every file below a folder; what cannot be cleaned is removed: better no record than one
/// with a key in it. No link is followed.
fn clean_folder(folder: &Path, secrets: &Secrets) {
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let kind = entry.file_type().ok();
        let named = |path: &Path| !secrets.spans(&path.to_string_lossy()).is_empty();
        let fine = match kind {
            Some(kind) if kind.is_dir() => {
                clean_folder(&path, secrets);
                true
            }
            Some(kind) if kind.is_file() => clean_file(&path, secrets).is_ok(),
            Some(kind) => kind.is_symlink() && !fs::read_link(&path).is_ok_and(|target| named(&target)),
            None => false,
        };
        if !fine || named(Path::new(&entry.file_name())) {
            let _ =
                if kind.is_some_and(|kind| kind.is_dir()) { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}

fn clean_file(path: &Path, secrets: &Secrets) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    if fs::metadata(path)?.len() > MOST_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let bytes = fs::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let cleaned = clean(secrets, text.clone().into_owned());
    if cleaned == text { Ok(()) } else { fs::write(path, cleaned) }
}

/// The text without secrets, also without those whose pieces stand in the same place of several documents,
/// as the pieces of an answer do that is streamed.
fn clean(secrets: &Secrets, text: String) -> String {
    let text = secrets.take_out_of(text);
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let mut documents: BTreeMap<usize, Value> = BTreeMap::new();
    let mut places: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with('{')) {
        let Some(document) = json::read(line) else { continue };
        texts(&document, String::new(), &mut |place, text| {
            places.entry(place).or_default().push((number, text.to_owned()));
        });
        documents.insert(number, document);
    }
    for (place, pieces) in places {
        let joined: String = pieces.iter().map(|(_, text)| text.as_str()).collect();
        let spans = secrets.spans(&joined);
        let mut from = 0;
        for (number, text) in pieces.iter().filter(|_| !spans.is_empty()) {
            let piece = from..from + text.len();
            from = piece.end;
            if spans.iter().all(|span| span.end <= piece.start || span.start >= piece.end) {
                continue;
            }
            let Some(document) = documents.get_mut(number) else { continue };
            if let Some(value) = document.pointer_mut(&place) {
                *value = without(&joined, &piece, &spans).into();
            }
            lines[*number] = document.to_string();
        }
    }
    lines.join("\n")
}

/// Every text in a document, with its place as a JSON Pointer.
fn texts(value: &Value, place: String, found: &mut impl FnMut(String, &str)) {
    match value {
        Value::String(text) => found(place, text),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| texts(item, format!("{place}/{at}"), found));
        }
        Value::Object(members) => {
            for (name, value) in members {
                texts(value, format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A piece of a text without the spans; where one begins it says so.
fn without(text: &str, piece: &Range<usize>, spans: &[Range<usize>]) -> String {
    let mut clean = String::new();
    let mut from = piece.start;
    for span in spans.iter().filter(|span| span.end > piece.start && span.start < piece.end) {
        if span.start >= piece.start {
            clean.push_str(&text[from..span.start]);
            clean.push_str("[secret]");
        }
        from = span.end.min(piece.end);
    }
    clean + &text[from..piece.end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocation::Secret;

    #[test]
    fn pieces_in_the_same_place_of_several_documents_are_one_text() {
        let secrets = Secrets::of([Secret::new("hunter2-hunter2")].into_iter());
        let delta = |text: &str| format!(r#"{{"delta":{{"text":"{text}"}},"type":"d"}}"#);
        let text =
            [delta("I know hun"), delta("ter2-hu"), "a note".to_owned(), delta("nter2!"), delta("hun")].join("\n");
        let expected = [delta("I know [secret]"), delta(""), "a note".to_owned(), delta("!"), delta("hun")].join("\n");
        assert_eq!(clean(&secrets, text), expected);
        let escaped = r#"{"a":"hunter2\u002dhunter2"}"#.to_owned();
        assert_eq!(clean(&secrets, escaped), r#"{"a":"[secret]"}"#);
    }

    #[test]
    fn lines_without_secrets_stay_as_they_came() {
        let secrets = Secrets::of([Secret::new("hunter2-hunter2")].into_iter());
        let text = "{\"z\": 1,  \"a\": \"x\"}\n\nplain\n".to_owned();
        assert_eq!(clean(&secrets, text.clone()), text);
    }
}
