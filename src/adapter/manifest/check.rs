//! What a manifest must not say, beyond what its schema already rules out.

use super::{CodecName, Holds, Manifest};
use crate::adapter::fill;

/// Placeholders that every invocation can use.
const KNOWN: &[&str] =
    &["model", "effort", "schema", "temperature", "reply_tokens", "scratch", "cwd", "home", "user_home"];

impl Manifest {
    /// Everything that can hold placeholders.
    pub(super) fn templates(&self) -> Vec<&str> {
        let invocation = &self.invocation;
        let mut all: Vec<&str> = invocation.args.iter().flatten().map(String::as_str).collect();
        all.extend(invocation.env.values().map(String::as_str));
        all.extend(invocation.files.iter().filter_map(|file| file.json.as_deref()));
        all.extend(self.pools.iter().flat_map(|pool| pool.env.values()).map(String::as_str));
        all
    }

    /// The first thing that cannot work, in words.
    pub(in crate::adapter) fn problem(&self) -> Option<String> {
        let name = self.id.as_str();
        if name.is_empty()
            || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
        {
            return Some(format!("`name`: `{name}` must be lower-case letters, digits, - and _"));
        }
        if self.concurrency == 0 {
            return Some("`concurrency` must be at least 1".to_owned());
        }
        if self.program.names.is_empty() {
            return Some("`program.names` must name a program".to_owned());
        }
        self.unknown_placeholder()
            .or_else(|| self.unusable_pool())
            .or_else(|| self.unusable_file())
            .or_else(|| self.unusable_rule())
    }

    fn unknown_placeholder(&self) -> Option<String> {
        let known = |used: &str| {
            KNOWN.contains(&used)
                || self.invocation.values.contains_key(used)
                || self.pools.iter().any(|pool| pool.values.contains_key(used))
                || self.invocation.files.iter().any(|file| file.value.as_deref() == Some(used))
        };
        let templates = self.templates();
        let unknown = templates.iter().flat_map(|template| fill::names(template)).find(|used| !known(used))?;
        Some(format!("the placeholder `{{{unknown}}}` has no value: known ones are {}", KNOWN.join(", ")))
    }

    fn unusable_pool(&self) -> Option<String> {
        let files = self.login.as_ref().map_or(0, |login| login.files.len());
        self.pools.iter().find_map(|pool| {
            let stored = pool.kind == crate::adapter::PoolKind::Login;
            if stored && files == 0 {
                Some(format!("pool `{}`: a stored login needs `[login]`", pool.name))
            } else if !stored && pool.kind != crate::adapter::PoolKind::None && pool.variable.is_none() {
                Some(format!("pool `{}`: `variable` must name what holds the credential", pool.name))
            } else if pool.links.iter().any(|link| link.login >= files) {
                Some(format!("pool `{}`: a link points to a login file that `[login]` does not name", pool.name))
            } else {
                None
            }
        })
    }

    fn unusable_file(&self) -> Option<String> {
        for file in &self.invocation.files {
            match (file.holds, &file.json) {
                (Holds::Json, None) => return Some(format!("file `{}`: `json` is missing", file.path)),
                (Holds::Json, Some(json)) => {
                    if let Err(error) = serde_json::from_str::<serde_json::Value>(json) {
                        return Some(format!("file `{}`: not JSON: {error}", file.path));
                    }
                }
                (Holds::System | Holds::Schema, _) => {}
            }
        }
        let generic = matches!(self.output.codec, CodecName::Json | CodecName::Jsonl);
        (generic && self.output.pointers.is_none()).then(|| "`output.pointers` is missing".to_owned())
    }

    fn unusable_rule(&self) -> Option<String> {
        let at = self.failures.iter().position(|rule| !rule.is_conditional())?;
        Some(format!("failure rule {} would match everything: give it a condition", at + 1))
    }
}
