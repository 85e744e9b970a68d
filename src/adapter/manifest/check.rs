//! What a manifest must not say, beyond what its schema already rules out.

use super::{CodecName, Holds, Manifest, numbers};
use crate::adapter::{PoolKind, template, worker_codec};
use std::collections::BTreeSet;
use std::path::{Component, Path};

/// Placeholders that every invocation can use.
const KNOWN: &[&str] = &[
    "model",
    "effort",
    "schema",
    "temperature",
    "reply_tokens",
    "scratch",
    "short",
    "cwd",
    "home",
    "user_home",
    "oneshot",
    "kept",
];

/// What cannot work.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::adapter) struct Problem {
    /// In words.
    pub reason: String,
    /// Where it stands.
    pub place: Place,
}

/// Where in the text of a manifest something stands.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::adapter) enum Place {
    /// Where this text occurs first.
    Words(String),
    /// The table `[[name]]` of this number, from 0.
    Table(&'static str, usize),
}

impl Place {
    /// The line in the text, from 1, if it can be found.
    pub(in crate::adapter) fn line(&self, text: &str) -> Option<usize> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'));
        let found = match self {
            Self::Words(words) => lines.find(|(_, line)| line.contains(words.as_str())),
            Self::Table(name, number) => {
                lines.filter(|(_, line)| line.trim_start().starts_with(&format!("[[{name}]]"))).nth(*number)
            }
        };
        found.map(|(at, _)| at + 1)
    }
}

fn problem(place: Place, reason: impl Into<String>) -> Option<Problem> {
    Some(Problem { reason: reason.into(), place })
}

fn words(text: &str) -> Place {
    Place::Words(text.to_owned())
}

impl Manifest {
    /// Everything that can hold placeholders.
    pub(super) fn templates(&self) -> Vec<&str> {
        let invocation = &self.invocation;
        let mut all: Vec<&str> = invocation.args.iter().flatten().map(String::as_str).collect();
        all.extend(invocation.env.values().map(String::as_str));
        all.extend(invocation.files.iter().flat_map(|file| [Some(file.path.as_str()), file.json.as_deref()]).flatten());
        all.extend(self.pools.iter().flat_map(|pool| pool.env.values()).map(String::as_str));
        all
    }

    /// The first thing that cannot work.
    pub(in crate::adapter) fn problem(&self) -> Option<Problem> {
        let name = self.id.as_str();
        if name.is_empty()
            || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
        {
            return problem(words("name"), format!("`name`: `{name}` must be lower-case letters, digits, - and _"));
        }
        if self.concurrency == 0 {
            return problem(words("concurrency"), "`concurrency` must be at least 1");
        }
        if self.program.names.is_empty() || self.program.names.iter().any(String::is_empty) {
            return problem(words("names"), "`program.names` must name a program");
        }
        if let Some(version) = self.program.tested.iter().flatten().find(|version| numbers(version).is_none()) {
            return problem(words("tested"), format!("`program.tested`: `{version}` is no version"));
        }
        if self.pools.is_empty() {
            return problem(words("name"), "there must be a `[[pool]]`: the account; kind `none` without one");
        }
        self.unknown_placeholder()
            .or_else(|| self.unusable_pool())
            .or_else(|| self.unusable_path())
            .or_else(|| self.unusable_file())
            .or_else(|| self.unusable_stdin())
            .or_else(|| self.unusable_rule())
    }

    fn unknown_placeholder(&self) -> Option<Problem> {
        let known = |used: &str| {
            KNOWN.contains(&used)
                || self.pools.iter().any(|pool| pool.values.contains_key(used) || pool.reads.contains_key(used))
                || self.invocation.files.iter().any(|file| file.value.as_deref() == Some(used))
        };
        let templates = self.templates();
        let unknown = templates.iter().flat_map(|text| template::names(text)).find(|used| !known(used))?;
        problem(
            words(&format!("{{{unknown}")),
            format!("the placeholder `{{{unknown}}}` has no value: known ones are {}", KNOWN.join(", ")),
        )
    }

    fn unusable_pool(&self) -> Option<Problem> {
        let files = self.login.as_ref().map_or(0, |login| login.files.len());
        let mut seen = BTreeSet::new();
        self.pools.iter().enumerate().find_map(|(number, pool)| {
            let stored = pool.kind == PoolKind::Login;
            let reason = if !seen.insert(&pool.name) {
                "another pool has this name"
            } else if stored && files == 0 {
                "a stored login needs `[login]`"
            } else if !stored && pool.kind != PoolKind::None && pool.variable.is_none() {
                "`variable` must name what holds the credential"
            } else if pool.links.iter().any(|link| link.login >= files) {
                "a link points to a login file that `[login]` does not name"
            } else {
                return None;
            };
            problem(Place::Table("pool", number), format!("pool `{}`: {reason}", pool.name))
        })
    }

    /// Everything that is written must lie in the scratch folder.
    fn unusable_path(&self) -> Option<Problem> {
        let invocation = &self.invocation;
        let within = |path: &str| {
            let mut parts = Path::new(path).components();
            !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
        };
        let files = invocation.files.iter().map(|file| &file.path);
        let links = self.pools.iter().flat_map(|pool| &pool.links).map(|link| &link.path);
        let registry = self.login.iter().filter_map(|login| login.registry.as_ref());
        let mut paths = invocation.folders.iter().chain([&invocation.cwd]).chain(files).chain(links).chain(registry);
        let path = paths.find(|path| !within(path))?;
        problem(words(&format!("\"{path}\"")), format!("`{path}` must be a path below the scratch folder"))
    }

    fn unusable_file(&self) -> Option<Problem> {
        for file in &self.invocation.files {
            let place = words(&format!("\"{}\"", file.path));
            match (file.holds, &file.json) {
                (Holds::Json, None) => return problem(place, format!("file `{}`: `json` is missing", file.path)),
                (Holds::Json, Some(json)) => {
                    if let Err(error) = serde_json::from_str::<serde_json::Value>(json) {
                        return problem(place, format!("file `{}`: not JSON: {error}", file.path));
                    }
                }
                (Holds::System | Holds::Schema, _) => {}
            }
        }
        let generic = matches!(self.output.codec, CodecName::Json | CodecName::Jsonl);
        if generic && self.output.pointers.is_none() {
            return problem(words("codec"), "`output.pointers` is missing");
        }
        None
    }

    fn unusable_stdin(&self) -> Option<Problem> {
        let stdin = &self.stdin;
        if stdin.guard.is_empty() && !stdin.guard_when.is_empty() {
            return problem(words("guard_when"), "`stdin.guard_when` needs a `guard`");
        }
        if self.kept.is_some() && worker_codec(self).is_none() {
            return problem(words("[kept]"), "`[kept]`: this codec cannot ask a process again");
        }
        if stdin.hold_open && !matches!(self.output.codec, CodecName::Claude | CodecName::Codex | CodecName::Jsonl) {
            return problem(words("hold_open"), "`stdin.hold_open`: this codec only knows the end by end of file");
        }
        None
    }

    fn unusable_rule(&self) -> Option<Problem> {
        let codec = self.output.codec;
        self.failures.iter().enumerate().find_map(|(at, rule)| {
            let reason = if !rule.is_conditional() {
                "would match everything: give it a condition"
            } else if !rule.answer.is_empty() && !rule.is_alone() {
                "has another condition beside `answer`, which stands alone"
            } else if !rule.answer.is_empty() && !codec.takes_answer_rules() {
                "has `answer`, which only the codecs `plain`, `json` and `jsonl` read"
            } else {
                let unknown = rule.fields.keys().find(|name| !codec.has_field(name))?;
                let reason = format!("names the unknown field `{unknown}`: {}", codec.field_hint());
                return problem(Place::Table("failure", at), format!("failure rule {} {reason}", at + 1));
            };
            problem(Place::Table("failure", at), format!("failure rule {} {reason}", at + 1))
        })
    }
}
