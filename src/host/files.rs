//! The files that a question is about.

use crate::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::Arc;

/// How many bytes all files together may have, standard input as a file included.
pub const BUDGET: u64 = 1_000_000;

/// One file: its path as it was given, and its text.
pub type Named = (String, Arc<str>);

/// How many bytes a configuration file, manifest or plan may have.
const CONFIG_CAP: u64 = 16_000_000;

/// The text of a configuration file. A named pipe would wait for a writer that may never come: only what a shell
/// makes of `<(command)` is read.
///
/// # Errors
/// It cannot be read, is a pipe, or is too large.
pub fn config_text(path: &Path) -> io::Result<String> {
    let is_pipe = std::fs::metadata(path)?.file_type().is_fifo();
    if is_pipe && !["/dev/fd", "/proc"].iter().any(|place| path.starts_with(place)) {
        return Err(io::Error::other("it is a named pipe, not a file"));
    }
    let mut text = String::new();
    match File::open(path)?.take(CONFIG_CAP + 1).read_to_string(&mut text)? as u64 {
        size if size > CONFIG_CAP => Err(io::Error::other("it is larger than 16 MB")),
        _ => Ok(text),
    }
}

/// Whether an error says that there is no such file, be it that its folder is none: `HOME=/dev/null`.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Reads files as UTF-8 text, in the order given. `stdin` is what `-` stands for, if it was read.
///
/// # Errors
/// Every file that is missing, no regular file, unreadable, not UTF-8, or over the budget together
/// with those before it, each with its own reason.
pub fn read(paths: &[String], folder: &Path, stdin: Option<&Arc<str>>) -> Result<Vec<Named>, Error> {
    let mut files = Vec::new();
    let mut errors = Vec::new();
    let mut total = 0;
    for shown in paths {
        let text = match (shown.as_str(), stdin) {
            ("-", Some(text)) => Ok(Arc::clone(text)),
            _ => one(&folder.join(shown)),
        };
        match text {
            Ok(text) => {
                total += text.len() as u64;
                if total > BUDGET && total - text.len() as u64 <= BUDGET {
                    errors.push(Error::config(format!(
                        "with {shown} the files total {}; they may total 1 MB",
                        megabytes(total)
                    )));
                } else if total > BUDGET {
                    errors.push(Error::config(format!("{shown} does not fit: files may total 1 MB")));
                }
                files.push((if shown == "-" { "stdin".to_owned() } else { shown.clone() }, text));
            }
            Err(reason) => errors.push(Error::config(format!("{shown}{reason}"))),
        }
    }
    Error::all(errors).map_or(Ok(files), Err)
}

fn one(path: &Path) -> Result<Arc<str>, String> {
    // Looked at before it is opened: opening a named pipe would wait for a writer.
    let meta = std::fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ": no such file".to_owned(),
        _ => format!(" cannot be read: {error}"),
    })?;
    if meta.is_dir() {
        return Err(" is a directory; name the files in it".to_owned());
    }
    if !meta.is_file() {
        return Err(" is not a regular file".to_owned());
    }
    if meta.len() > BUDGET {
        return Err(format!(" is {}; files may total 1 MB", megabytes(meta.len())));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(BUDGET + 1).read_to_end(&mut bytes))
        .map_err(|error| format!(" cannot be read: {error}"))?;
    Ok(decode(bytes)?.into())
}

const UTF16: &str = " is UTF-16 text; convert it to UTF-8: iconv -f UTF-16 -t UTF-8";

/// How files begin that are attached although they are no text, and what is said of them.
const FORMATS: [(&[u8], &str); 8] = [
    (b"\xff\xfe", UTF16),
    (b"\xfe\xff", UTF16),
    (b"%PDF-", " is a PDF, not text; extract its text: pdftotext"),
    (b"\x89PNG", " is a PNG image, and only text can be attached"),
    (b"\xff\xd8\xff", " is a JPEG image, and only text can be attached"),
    (b"GIF8", " is a GIF image, and only text can be attached"),
    (b"PK\x03\x04", " is a ZIP archive or office document, and only text can be attached"),
    (b"\x1f\x8b", " is a gzip archive, and only text can be attached"),
];

/// The text in bytes.
///
/// # Errors
/// They are no UTF-8 text: what they are instead, as the rest of a sentence about them.
pub fn decode(bytes: Vec<u8>) -> Result<String, String> {
    // Western text in UTF-16 without a mark is valid UTF-8: every other byte of it is zero.
    let zeros = bytes.iter().filter(|byte| **byte == 0).count();
    if zeros > 0 && zeros * 5 >= bytes.len() * 2 {
        return Err(UTF16.to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        let format = FORMATS.iter().find(|(magic, _)| error.as_bytes().starts_with(magic));
        format.map_or_else(
            || format!(" is not UTF-8 text (first invalid byte: {})", error.utf8_error().valid_up_to() + 1),
            |(_, words)| (*words).to_owned(),
        )
    })
}

/// A size in megabytes, rounded up to a tenth so that what is too large also looks so.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_file_is_told_with_its_own_reason() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        write("good", "é".as_bytes());
        write("bad", b"ab\xff");
        write("huge", &vec![b'x'; 1_000_001]);
        write("half", &vec![b'x'; 600_000]);
        let paths = ["good", "bad", "none", ".", "huge", "half", "half", "good", "/dev/null"].map(str::to_owned);
        let error = read(&paths, folder.path(), None).unwrap_err();
        assert_eq!(
            error.messages,
            [
                "bad is not UTF-8 text (first invalid byte: 3)",
                "none: no such file",
                ". is a directory; name the files in it",
                "huge is 1.1 MB; files may total 1 MB",
                "with half the files total 1.3 MB; they may total 1 MB",
                "good does not fit: files may total 1 MB",
                "/dev/null is not a regular file",
            ]
        );
    }

    #[test]
    fn what_is_no_text_is_called_by_its_name() {
        let utf16: Vec<u8> = "why? é".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big_endian: Vec<u8> = "why?".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, words) in [
            ([b"\xff\xfe", utf16.as_slice()].concat(), "UTF-16"),
            ([b"\xfe\xff", big_endian.as_slice()].concat(), "UTF-16"),
            (utf16, "UTF-16"),
            (big_endian, "UTF-16"),
            (b"%PDF-1.7\n%\xe2\xe3".to_vec(), "PDF"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "PNG"),
            (b"PK\x03\x04\x14\xff".to_vec(), "office document"),
            (b"caf\xe9".to_vec(), "first invalid byte: 4"),
        ] {
            let reason = decode(bytes).unwrap_err();
            assert!(reason.contains(words), "{reason}");
        }
        for text in ["", "a\0b, and c", "\u{feff}x", "%PDF- in words", "PK"] {
            assert_eq!(decode(text.into()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn exactly_the_budget_fits_and_the_same_file_counts_twice() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("half"), vec![b'x'; 500_000]).unwrap();
        let twice = read(&["half".to_owned(), "half".to_owned()], folder.path(), None).unwrap();
        assert_eq!(twice.iter().map(|(_, text)| text.len()).sum::<usize>(), 1_000_000);
    }

    #[test]
    fn standard_input_is_a_file_of_that_name() {
        let text: Arc<str> = "hello".into();
        let files = read(&["-".to_owned()], Path::new("/"), Some(&text)).unwrap();
        assert_eq!(files, [("stdin".to_owned(), text)]);
    }
}
