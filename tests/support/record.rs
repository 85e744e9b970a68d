//! Journals as a test sees them from outside, and what of a run does not depend on the clock.

use super::sandbox::Sandbox;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

impl Sandbox {
    /// The journals in the usual place, oldest first.
    pub fn journals(&self) -> Vec<PathBuf> {
        let folder = self.path("home").join(".local/state/refinery/runs");
        let mut all: Vec<_> = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        all
    }

    /// The only journal.
    pub fn journal(&self) -> PathBuf {
        let [only] = &self.journals()[..] else { panic!("{:?}", self.journals()) };
        only.clone()
    }
}

/// How many whole lines a file has; none if it is not there.
pub fn lines(path: &Path) -> usize {
    fs::read(path).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count()
}

/// The records of a journal, its header and a torn end left out.
pub fn records(path: &Path) -> Vec<Value> {
    entries(path).into_iter().map(|entry| entry["record"].clone()).collect()
}

/// The same, each as `record` beside the time `at` which it was written.
pub fn entries(path: &Path) -> Vec<Value> {
    let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n')).skip(1);
    whole.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The calls whose replies are in a journal.
pub fn settled(records: &[Value]) -> BTreeSet<String> {
    let told = records.iter().filter(|one| one["record"] == "told");
    told.filter_map(|one| Some(one["input"]["settled"]["id"].as_str()?.to_owned())).collect()
}

/// How many attempts were begun of each call.
pub fn begun(records: &[Value]) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for one in records.iter().filter(|one| one["record"] == "begun") {
        *all.entry(one["call"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    all
}

/// What a run came to, without what depends on time and attempts.
pub fn essence(document: &Value) -> Value {
    let mut essence = document.clone();
    let all = essence.as_object_mut().unwrap();
    all.retain(|name, _| !matches!(name.as_str(), "participants" | "metadata"));
    all.values_mut().for_each(without_costs);
    essence
}

fn without_costs(value: &mut Value) {
    match value {
        Value::Object(all) => {
            all.remove("cost");
            all.values_mut().for_each(without_costs);
        }
        Value::Array(all) => all.iter_mut().for_each(without_costs),
        _ => {}
    }
}

/// Events that a replay repeats: those with a place in the run.
pub fn placed(stdout: &str) -> Vec<Value> {
    let whole = stdout.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let events = whole.map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event.get("seq").is_some_and(Value::is_u64)).collect()
}
