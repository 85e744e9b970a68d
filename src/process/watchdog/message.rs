//! What a watchdog is told: one line each, so that a torn one is noticed.

use super::super::supervisor::Marker;
use rustix::process::Pid;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// One thing to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Message {
    /// Every child of the run carries this variable.
    Marker(Marker),
    /// A process group is alive; its leader started at that moment, if the system tells.
    Group(Pid, Option<u64>),
    /// A process group is gone.
    Released(Pid),
    /// A folder is to be removed.
    Scratch(PathBuf),
    /// A folder is gone, or is to be kept.
    ScratchGone(PathBuf),
    /// The child of a folder registers itself in another one.
    Registry(PathBuf, PathBuf),
}

impl Message {
    /// The line, its end included. Names and paths are written in hexadecimal: they may hold
    /// anything.
    pub(super) fn encode(&self) -> String {
        match self {
            Self::Marker(marker) => {
                format!("marker {} {}\n", hex(marker.name.as_bytes()), hex(marker.value.as_bytes()))
            }
            Self::Group(id, start) => {
                format!("group {id} {}\n", start.map(|start| start.to_string()).unwrap_or_default())
            }
            Self::Released(id) => format!("released {id}\n"),
            Self::Scratch(path) => format!("scratch {}\n", hex(path.as_os_str().as_bytes())),
            Self::ScratchGone(path) => format!("gone {}\n", hex(path.as_os_str().as_bytes())),
            Self::Registry(scratch, registry) => {
                format!("registry {} {}\n", hex(scratch.as_os_str().as_bytes()), hex(registry.as_os_str().as_bytes()))
            }
        }
    }

    /// The message of a line without its end; nothing if it is not one.
    pub(super) fn decode(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(' ')?;
        // To kill "group 1" is to kill everybody.
        let id = |text: &str| Pid::from_raw(text.parse().ok().filter(|id| *id > 1)?);
        let text = |text: &str| String::from_utf8(unhex(text)?).ok();
        let path = |text: &str| Some(PathBuf::from(OsString::from_vec(unhex(text)?)));
        match word {
            "marker" => {
                let (name, value) = rest.split_once(' ')?;
                Some(Self::Marker(Marker { name: text(name)?.into(), value: text(value)?.into() }))
            }
            "group" => match rest.split_once(' ')? {
                (group, "") => Some(Self::Group(id(group)?, None)),
                (group, start) => Some(Self::Group(id(group)?, Some(start.parse().ok()?))),
            },
            "released" => Some(Self::Released(id(rest)?)),
            "scratch" => Some(Self::Scratch(path(rest)?)),
            "gone" => Some(Self::ScratchGone(path(rest)?)),
            "registry" => {
                let (scratch, registry) = rest.split_once(' ')?;
                Some(Self::Registry(path(scratch)?, path(registry)?))
            }
            _ => None,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digits = text.chars().map(|char| char.to_digit(16)).collect::<Option<Vec<_>>>()?;
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn messages_are_read_back() {
        let id = Pid::from_raw(4711).unwrap();
        let odd = PathBuf::from(OsStr::from_bytes(b"/tmp/a b\n\xff"));
        for message in [
            Message::Marker(Marker { name: "RUN".into(), value: "ü =\n".into() }),
            Message::Group(id, Some(u64::MAX)),
            Message::Group(id, None),
            Message::Released(id),
            Message::Scratch(odd.clone()),
            Message::ScratchGone(odd.clone()),
            Message::Registry(odd, PathBuf::from("/home/me/.claude/sessions")),
        ] {
            let line = message.encode();
            let (line, rest) = line.split_once('\n').unwrap();
            assert_eq!(rest, "");
            assert_eq!(Message::decode(line).as_ref(), Some(&message));
        }
    }

    #[test]
    fn what_is_not_a_message_is_nothing() {
        for line in [
            "",
            "group",
            "group 0 1",
            "group 1 1",
            "group -7 1",
            "group x 1",
            "group 7 y",
            "scratch 2f7",
            "scratch zz",
            "registry 2f",
            "bark 1",
        ] {
            assert_eq!(Message::decode(line), None, "{line}");
        }
    }
}
