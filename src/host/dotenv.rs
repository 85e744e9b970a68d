//! A `.env` in the working directory. It may set credentials and nothing else: a cloned repository
//! must not be able to send a token elsewhere or change what is run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The file that people copy; its assignments, commented out or not, are the names that count.
pub const EXAMPLE: &str = include_str!("../../.env.example");

/// The largest `.env` that is read.
const CAP: u64 = 100_000;

/// The credential names that a `.env` may set.
pub fn names() -> impl Iterator<Item = &'static str> {
    EXAMPLE.lines().filter_map(|line| {
        let (name, _) = line.trim_start_matches('#').trim_start().split_once('=')?;
        is_name(name).then_some(name)
    })
}

/// What a `.env` brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The variables whose values come from it.
    pub names: BTreeSet<String>,
    /// A warning for everything that was ignored.
    pub warnings: Vec<String>,
}

/// Adds the credentials of `FOLDER/.env` to an environment, which wins where both say something.
#[must_use]
pub fn load(folder: &Path, env: &mut BTreeMap<String, String>) -> Loaded {
    let text = match text(&folder.join(".env")) {
        Ok(text) => text,
        Err(reason) => {
            return Loaded { warnings: vec![format!(".env is ignored: {reason}")], ..Loaded::default() };
        }
    };
    let mut names = BTreeSet::new();
    let (pairs, mut warnings) = parse(&text);
    let (accepted, other): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|(name, _)| self::names().any(|known| known == name));
    warnings.extend(ignored(&other));
    for (name, value) in accepted {
        if env.get(&name).is_none_or(|real| real.trim().is_empty()) && !value.trim().is_empty() {
            env.insert(name.clone(), value);
            names.insert(name);
        }
    }
    Loaded { names, warnings }
}

/// The text of a `.env`; of none, or of a folder of that name (a virtual environment), nothing.
fn text(path: &Path) -> Result<String, String> {
    match path.metadata() {
        Err(_) if path.symlink_metadata().is_err() => return Ok(String::new()),
        Err(error) => return Err(error.to_string()),
        Ok(meta) if meta.is_dir() => return Ok(String::new()),
        // A device or a named pipe might never end.
        Ok(meta) if !meta.is_file() => return Err("it is not a regular file".to_owned()),
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(CAP + 1).read_to_end(&mut bytes)).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > CAP {
        return Err(format!("it is larger than {CAP} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}

/// What is said of assignments that are ignored. A line of a key may look like one, so only what is written
/// as the names of variables are is shown as one.
fn ignored(other: &[(String, String)]) -> Option<String> {
    let of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_shown = |(name, value): &&(String, String)| {
        name.len() <= 40 && name.chars().all(of_name) && !value.chars().all(|c| c == '=')
    };
    let shown: Vec<_> = other.iter().filter(is_shown).map(|(name, _)| name.as_str()).collect();
    let rest = match (other.len() - shown.len(), shown.is_empty()) {
        (0, _) => None,
        (1, true) => Some("1 assignment".to_owned()),
        (rest, true) => Some(format!("{rest} assignments")),
        (rest, false) => Some(format!("{rest} more")),
    };
    let all: Vec<_> = shown.into_iter().map(str::to_owned).chain(rest).collect();
    (!all.is_empty()).then(|| {
        format!(".env may set credentials alone; ignored: {} (.env.example lists what it may set)", all.join(", "))
    })
}

/// Reads `NAME=value` lines: comments, `export `, single and double quotes, which may span lines as the armour
/// of a key may; nothing is expanded. The last of two assignments counts.
fn parse(text: &str) -> (BTreeMap<String, String>, Vec<String>) {
    let mut pairs = BTreeMap::new();
    let mut warnings = Vec::new();
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let exported = line.strip_prefix("export").filter(|rest| rest.starts_with(char::is_whitespace));
        let (name, first) = exported.unwrap_or(line).split_once('=').unwrap_or(("", line));
        // Spaces at the end of a quote's first line are the value's own.
        let mut value = first.trim_start().to_owned();
        while is_open(&value)
            && let Some((_, line)) = lines.next()
        {
            value.push('\n');
            value.push_str(line);
        }
        // The lines themselves may hold half a secret: they are not shown.
        let what = if is_open(&value) {
            "its value has no end, and nothing after it is read"
        } else if let (true, Some(value)) = (is_name(name.trim()), unquoted(&value)) {
            pairs.insert(name.trim().to_owned(), value.to_owned());
            continue;
        } else {
            "no NAME=value"
        };
        warnings.push(format!(".env:{}: ignored: {what}", number + 1));
    }
    (pairs, warnings)
}

/// Whether a value goes on in the next line: its quote is not closed, or the armour of a key has no end.
fn is_open(value: &str) -> bool {
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => !value[1..].contains(quote),
        _ => value.contains("-----BEGIN ") && !value.contains("-----END "),
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The value without its quotes, or without a comment behind it; nothing if a quote is not closed.
fn unquoted(value: &str) -> Option<&str> {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            let (inside, after) = rest.split_once(quote)?;
            let after = after.trim_start();
            return (after.is_empty() || after.starts_with('#')).then_some(inside);
        }
    }
    let starts = |(at, _): &(usize, &str)| value[..*at].chars().next_back().is_none_or(char::is_whitespace);
    Some(value.match_indices('#').find(starts).map_or(value, |(comment, _)| &value[..comment]).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_keeps_the_spaces_at_the_end_of_its_lines() {
        let (pairs, warnings) = parse("A='x \n y \n' # z\nB=x \t\n");
        assert_eq!((pairs["A"].as_str(), pairs["B"].as_str(), warnings.len()), ("x \n y \n", "x", 0));
    }

    #[test]
    fn reads_the_usual_forms() {
        let text = "\u{feff}# c\n\nA=1\nexport B = two # why\nC=\"x # y\" # z\nD='$A'\nA=last\nE=\nF=a#b\nG=sk-ant-'x\n\
            H= # none\nI=\t# none\nJ=#none\nK=x\t# tab\nexport\tL=x\nexport  M = x \t #\nexportN=x\nO='' # none\r\n";
        let (pairs, warnings) = parse(text);
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let first = ["A=last", "B=two", "C=x # y", "D=$A", "E=", "F=a#b", "G=sk-ant-'x"];
        let second = ["H=", "I=", "J=", "K=x", "L=x", "M=x", "O=", "exportN=x"];
        assert_eq!(pairs, [&first[..], &second].concat());
        assert!(warnings.is_empty());
    }

    #[test]
    fn a_broken_line_is_told_without_its_contents() {
        let (pairs, warnings) = parse("sk-secret\n1A=x\nB=\"a\"b\nA=\"sk-secret\n");
        assert!(pairs.is_empty());
        assert_eq!(warnings.len(), 4);
        assert!(!warnings.join("").contains("secret"));
    }

    #[test]
    fn a_value_may_have_lines_and_none_of_them_is_ever_shown() {
        let key = "-----BEGIN KEY-----\nMIIEvQ=\nABCD1234==\nPATH=secret\n-----END KEY-----";
        for value in [format!("\"{key}\" # mine"), format!("'{key}'"), key.to_owned()] {
            let (pairs, warnings) = parse(&format!("A=1\nexport OPENAI_API_KEY={value}\nB=2\n"));
            let names: Vec<_> = pairs.keys().map(String::as_str).collect();
            assert_eq!((names, warnings.len()), (vec!["A", "B", "OPENAI_API_KEY"], 0), "{value}");
            assert_eq!(pairs["OPENAI_API_KEY"], key);
        }
        for open in [format!("K=\"{key}\nB=2"), "K='MIIEvQ\nABCD1234==\n".to_owned(), format!("K=\"{key}\"x")] {
            let (pairs, warnings) = parse(&format!("A=1\n{open}"));
            assert_eq!(pairs.keys().collect::<Vec<_>>(), ["A"], "{open}");
            assert_eq!((warnings.len(), warnings[0].starts_with(".env:2: ignored: ")), (1, true), "{warnings:?}");
        }
    }

    #[test]
    fn only_what_is_written_as_a_variable_is_shown_as_one() {
        let all = ["MIIEvQIBADANBg", "ABCD1234", "PATH", "lower"]
            .map(|name| (name.to_owned(), if name == "ABCD1234" { "=".to_owned() } else { "x".to_owned() }));
        let shown = ignored(&all).unwrap();
        assert!(shown.contains("ignored: PATH, 3 more (") && !shown.contains("MII"), "{shown}");
        assert!(ignored(&all[..1]).unwrap().contains("ignored: 1 assignment ("));
        assert_eq!(ignored(&[]), None);
    }

    #[test]
    fn the_names_are_those_of_the_example() {
        let names: Vec<_> = names().collect();
        for name in [
            "ANTHROPIC_API_KEY",
            "CLAUDE_CODE_OAUTH_TOKEN",
            "OPENAI_API_KEY",
            "CODEX_API_KEY",
            "GEMINI_API_KEY",
            "GOOGLE_API_KEY",
        ] {
            assert!(names.contains(&name), "{name}");
        }
        // Nothing that sends a request elsewhere, or changes what runs.
        for name in names {
            assert!(name.ends_with("_API_KEY") || name.ends_with("_TOKEN"), "{name}");
        }
    }

    #[test]
    fn only_credentials_are_taken_and_the_real_environment_wins() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join(".env"),
            "ANTHROPIC_API_KEY=file\nOPENAI_API_KEY=file\nGEMINI_API_KEY=file\nCODEX_API_KEY= # none\nANTHROPIC_BASE_URL=http://evil\nPATH=/evil\n",
        )
        .unwrap();
        let mut env: BTreeMap<_, _> = [("OPENAI_API_KEY", "real"), ("GEMINI_API_KEY", " "), ("PATH", "/bin")]
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .into();
        let Loaded { names, warnings } = load(folder.path(), &mut env);
        assert_eq!(names.iter().collect::<Vec<_>>(), ["ANTHROPIC_API_KEY", "GEMINI_API_KEY"]);
        let env: Vec<_> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(env, ["ANTHROPIC_API_KEY=file", "GEMINI_API_KEY=file", "OPENAI_API_KEY=real", "PATH=/bin"]);
        assert_eq!(
            warnings,
            [".env may set credentials alone; ignored: ANTHROPIC_BASE_URL, PATH (.env.example lists what it may set)"]
        );
    }

    #[test]
    fn no_file_says_nothing_and_a_bad_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let warnings = || load(folder.path(), &mut BTreeMap::new()).warnings;
        let path = folder.path().join(".env");
        assert!(warnings().is_empty());
        std::fs::create_dir(&path).unwrap();
        assert!(warnings().is_empty(), "a virtual environment");
        std::fs::remove_dir(&path).unwrap();
        std::fs::write(&path, b"A=\xff").unwrap();
        assert_eq!(warnings(), [".env is ignored: it is not UTF-8"]);
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert!(warnings()[0].contains("No such file"), "{:?}", warnings());
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert_eq!(warnings(), [".env is ignored: it is not a regular file"]);
    }
}
