//! Journals on a real disk: order, locks, torn ends, damage, failing disks, retention.

use crate::support::folder::TestFolder;
use refinery_core::ids::RunId;
use refinery_core::journal::{Retention, Store, StoreError, Stored, Writer, read};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

async fn write(path: &Path, bodies: &[&str]) {
    let mut writer = Writer::create(path).unwrap();
    for body in bodies {
        writer.append(body).unwrap();
    }
    writer.sync().await.unwrap();
}

#[tokio::test]
async fn what_was_appended_is_read_in_order_and_private() {
    let folder = TestFolder::new("journal-");
    let path = folder.path().join("a.jsonl");
    write(&path, &[r#"{"n":1}"#, r#"{"n":2,"text":"é\n"}"#]).await;
    let contents = read(&path).unwrap();
    assert_eq!(contents.bodies, [r#"{"n":1}"#, r#"{"n":2,"text":"é\n"}"#]);
    assert!(!contents.torn);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for line in fs::read_to_string(&path).unwrap().lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[tokio::test]
async fn a_cut_at_any_byte_gives_the_whole_lines_before_it_and_can_be_gone_on_with() {
    let folder = TestFolder::new("journal-");
    let path = folder.path().join("a.jsonl");
    write(&path, &[r#"{"n":1}"#, r#"{"n":"äöü"}"#, r#"{"n":3}"#]).await;
    let bytes = fs::read(&path).unwrap();
    for cut in 0..bytes.len() {
        let cut_path = folder.path().join(format!("cut{cut}.jsonl"));
        fs::write(&cut_path, &bytes[..cut]).unwrap();
        let before = read(&cut_path).unwrap();
        let whole = bytes[..cut].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(before.bodies.len(), whole, "cut at {cut}");
        let file = Writer::open(&cut_path).unwrap();
        let mut writer = Writer::resume(file, before.whole_bytes, before.chain).unwrap();
        writer.append(r#"{"n":"more"}"#).unwrap();
        drop(writer);
        let after = read(&cut_path).unwrap();
        assert_eq!(after.bodies.len(), whole + 1, "cut at {cut}");
        assert!(!after.torn);
    }
}

#[tokio::test]
async fn damage_is_an_error_with_its_line() {
    let folder = TestFolder::new("journal-");
    let path = folder.path().join("a.jsonl");
    write(&path, &[r#"{"n":1}"#, r#"{"n":2}"#]).await;
    let text = fs::read_to_string(&path).unwrap().replace(r#""n":2"#, r#""n":7"#);
    fs::write(&path, text).unwrap();
    let error = read(&path).unwrap_err().to_string();
    assert!(error.contains("a.jsonl:2:") && error.contains("changed"), "{error}");
    fs::write(&path, [0xff, 0xfe, b'\n']).unwrap();
    assert!(read(&path).unwrap_err().to_string().contains("not a journal line"));
    fs::write(&path, "hello\n").unwrap();
    assert!(read(&path).unwrap_err().to_string().contains("not a journal line"));
}

#[tokio::test]
async fn a_second_writer_is_refused() {
    let folder = TestFolder::new("journal-");
    let path = folder.path().join("a.jsonl");
    let writer = Writer::create(&path).unwrap();
    assert_eq!(Writer::open(&path).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    assert!(Writer::create(&path).is_err());
    drop(writer);
    Writer::open(&path).unwrap();
}

#[test]
fn names_may_be_shortened_while_they_are_unique() {
    let state = TestFolder::new("journal-");
    let store = Store::open(state.path()).unwrap();
    for name in ["20260101-000000-aaaaaa", "20260101-000000-aabbbb", "20260202-000000-cccccc"] {
        fs::write(store.path(&RunId::new(name)), "x").unwrap();
    }
    assert_eq!(store.find("202602").unwrap().run.as_str(), "20260202-000000-cccccc");
    assert!(matches!(store.find("20260101"), Err(StoreError::Ambiguous { fitting, .. }) if fitting.len() == 2));
    assert!(matches!(store.find("x"), Err(StoreError::Unknown(_))));
    assert!(matches!(store.find(""), Err(StoreError::Unknown(_))));
    assert!(matches!(store.exactly("20260202-000000"), Err(StoreError::Unknown(_))));
    assert_eq!(store.exactly("20260202-000000-cccccc").unwrap().run.as_str(), "20260202-000000-cccccc");
    assert_eq!(store.list().unwrap()[0].run.as_str(), "20260202-000000-cccccc");
    assert_eq!(fs::metadata(state.path().join("runs")).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn retention_keeps_what_is_newest_in_use_or_unfinished() {
    let state = TestFolder::new("journal-");
    let store = Store::open(state.path()).unwrap();
    let names: Vec<_> = (1..=7).map(|day| RunId::new(format!("2026010{day}-000000-aaaaaa"))).collect();
    for name in &names {
        fs::write(store.path(name), "x").unwrap();
    }
    let busy = Writer::open(&store.path(&names[0])).unwrap();
    // The fifth can be resumed, the fourth is of somebody else.
    let finished = |one: &Stored| match one.run.as_str().as_bytes()[7] {
        b'5' => Some(false),
        b'4' => None,
        _ => Some(true),
    };
    let now = SystemTime::now();
    let later = now + Duration::from_secs(7200);
    let hour = Some(Duration::from_secs(3600));
    let none = Retention { age: None, runs: None, unfinished: true };
    assert!(store.tidy(&none, later, finished).unwrap().is_empty());
    let rules = Retention { age: hour, runs: Some(2), unfinished: false };
    let gone = store.tidy(&rules, now, finished).unwrap();
    assert_eq!(gone, [names[2].clone(), names[1].clone()]);
    let left = |store: &Store| store.list().unwrap().into_iter().map(|one| one.run).collect::<Vec<_>>();
    assert_eq!(left(&store), [6, 5, 4, 3, 0].map(|at| names[at].clone()));
    drop(busy);
    assert_eq!(store.tidy(&rules, later, finished).unwrap(), [6, 5, 0].map(|at| names[at].clone()));
    let all = Retention { unfinished: true, ..rules };
    assert_eq!(store.tidy(&all, later, finished).unwrap(), [names[4].clone()]);
    assert_eq!(left(&store), [names[3].clone()]);
}
