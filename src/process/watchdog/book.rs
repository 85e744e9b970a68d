//! What a watchdog was told and still matters: it acts on it, and the watched side tells it to the next one.

use super::message::Message;
use crate::process::supervisor::Marker;
use rustix::process::Pid;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Children that are alive, by the start of their leaders, and folders that are to go.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub marker: Option<Marker>,
    pub groups: BTreeMap<i32, Option<u64>>,
    pub scratch: BTreeSet<PathBuf>,
    pub registries: BTreeMap<PathBuf, PathBuf>,
}

impl Book {
    /// Takes a message in.
    pub(super) fn take(&mut self, message: Message) {
        match message {
            Message::Marker(marker) => self.marker = Some(marker),
            Message::Group(id, start) => drop(self.groups.insert(id.as_raw_nonzero().get(), start)),
            Message::Released(id) => drop(self.groups.remove(&id.as_raw_nonzero().get())),
            Message::Scratch(path) => drop(self.scratch.insert(path)),
            Message::ScratchGone(path) => {
                self.scratch.remove(&path);
                self.registries.remove(&path);
            }
            Message::Registry(scratch, registry) => drop(self.registries.insert(scratch, registry)),
        }
    }

    /// The messages that make this book anew.
    pub(super) fn messages(&self) -> impl Iterator<Item = Message> {
        let groups = self.groups.iter().filter_map(|(id, start)| Some(Message::Group(Pid::from_raw(*id)?, *start)));
        let registries = self.registries.iter().map(|(of, at)| Message::Registry(of.clone(), at.clone()));
        let scratch = self.scratch.iter().cloned().map(Message::Scratch);
        self.marker.iter().cloned().map(Message::Marker).chain(groups).chain(scratch).chain(registries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_is_made_anew_from_its_messages() {
        let id = |id| Pid::from_raw(id).unwrap();
        let mut book = Book::default();
        let path = PathBuf::from;
        for message in [
            Message::Marker(Marker::new("x")),
            Message::Group(id(7), Some(1)),
            Message::Group(id(8), None),
            Message::Released(id(8)),
            Message::Scratch(path("/a")),
            Message::Registry(path("/a"), path("/r")),
            Message::Scratch(path("/b")),
            Message::Registry(path("/b"), path("/r")),
            Message::ScratchGone(path("/b")),
        ] {
            book.take(message);
        }
        let mut anew = Book::default();
        book.messages().for_each(|message| anew.take(message));
        assert_eq!(format!("{anew:?}"), format!("{book:?}"));
        assert_eq!(anew.messages().count(), 4);
    }
}
