//! What `REFINERY_…` variables say.

use super::key::{Key, Path};
use super::layers::{Origin, SettingValue, Source};
use super::refine;
use crate::words::closest;
use std::collections::BTreeMap;

/// Variables of the original's critique pass, which count where ours of the same meaning is unset.
const ORIGINAL: [(&str, Key); 7] = [
    ("CHATCLI_QUALITY_REFINE_ENABLED", Key::RefineEnabled),
    ("CHATCLI_QUALITY_REFINE_MAX_PASSES", Key::RefineMaxPasses),
    ("CHATCLI_QUALITY_REFINE_MIN_BYTES", Key::RefineMinBytes),
    ("CHATCLI_QUALITY_REFINE_EPSILON", Key::RefineEpsilon),
    ("CHATCLI_QUALITY_REFINE_EXCLUDE", Key::RefineExclude),
    ("CHATCLI_AGENT_REFINER_MODEL", Key::RefinerModel),
    ("CHATCLI_AGENT_REFINER_EFFORT", Key::RefinerEffort),
];

/// The original's switch over all of its passes.
const MASTER: &str = "CHATCLI_QUALITY_ENABLED";

/// The settings in an environment, and a warning for each variable that looks like a slip of the
/// pen. A blank variable counts as unset. `REFINERY_MODELS` is a comma list.
#[must_use]
pub fn entries(env: &BTreeMap<String, String>) -> (Vec<SettingValue>, Vec<String>) {
    let names: Vec<(Key, String)> = Key::ALL.iter().map(|key| (*key, key.variable())).collect();
    let mut entries = Vec::new();
    let mut warnings = Vec::new();
    for (variable, value) in
        env.iter().filter(|(name, value)| name.starts_with("REFINERY_") && !value.trim().is_empty())
    {
        if let Some((key, _)) = names.iter().find(|(_, name)| name == variable) {
            let values = match (key, refine::variable(*key, value.trim())) {
                (_, Some(Ok(values))) => values,
                (_, Some(Err(allowed))) => {
                    warnings.push(format!("{variable} is {allowed}, not `{}`: ignored", value.trim()));
                    continue;
                }
                (Key::MaxConcurrent, None) => value.split(',').map(|part| part.trim().to_owned()).collect(),
                (_, None) => vec![value.trim().to_owned()],
            };
            let origin = Origin { source: Source::Environment, place: variable.clone() };
            entries.push(SettingValue { path: Path::Run(*key), values, origin });
        } else if let Some(near) = closest(variable, names.iter().map(|(_, name)| name.as_str())) {
            warnings.push(format!("unknown variable {variable}; did you mean {near}?"));
        }
    }
    let (more, read) = of_the_original(env, &entries);
    entries.extend(more);
    if !read.is_empty() {
        let ours = "REFINERY_… variables of the same meaning override them";
        warnings.push(format!("{}: read for the critique pass; {ours}", read.join(", ")));
    }
    (entries, warnings)
}

/// What the original's variables say where ours say nothing, and the names of those that were read. What is no value
/// counts as unset there.
fn of_the_original(env: &BTreeMap<String, String>, ours: &[SettingValue]) -> (Vec<SettingValue>, Vec<&'static str>) {
    let said = |name: &str| env.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let off = said(MASTER).and_then(|value| refine::variable(Key::RefineEnabled, value)?.ok());
    let off = off.is_some_and(|values| values == ["false"]);
    let unset = |key| !ours.iter().any(|one| one.path == Path::Run(key));
    let value = |name: &'static str, key| {
        let values = match refine::variable(key, said(name)?) {
            Some(values) => values.ok()?,
            None => vec![said(name)?.to_owned()],
        };
        let values = if off && key == Key::RefineEnabled { vec!["false".to_owned()] } else { values };
        let origin = Origin { source: Source::Environment, place: name.to_owned() };
        Some((SettingValue { path: Path::Run(key), values, origin }, name))
    };
    ORIGINAL.into_iter().filter(|(_, key)| unset(*key)).filter_map(|(name, key)| value(name, key)).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_settings_and_slips_are_told() {
        let env = [
            ("REFINERY_THRESHOLD", " 9 "),
            ("REFINERY_MAX_CONCURRENT", "3,claude=1"),
            ("REFINERY_EFFORT", ""),
            ("REFINERY_TRESHOLD", "7"),
            ("REFINERY_SOMETHING_ELSE", "x"),
            ("THRESHOLD", "1"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let (entries, warnings) = entries(&env);
        let said: Vec<_> = entries.iter().map(|e| format!("{}={}", e.path, e.values.join("|"))).collect();
        assert_eq!(said, ["max_concurrent=3|claude=1", "threshold=9"]);
        assert_eq!(warnings, ["unknown variable REFINERY_TRESHOLD; did you mean REFINERY_THRESHOLD?"]);
    }

    #[test]
    fn variables_of_the_original_count_where_ours_are_unset() {
        let read = |said: &[(&str, &str)]| {
            let env = said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let (entries, warnings) = entries(&env);
            let entries: Vec<_> = entries.iter().map(|one| format!("{}={}", one.path, one.values.join("|"))).collect();
            (entries.join(" "), warnings.len())
        };
        assert_eq!(read(&[("CHATCLI_QUALITY_REFINE_ENABLED", "Y")]), ("refine_enabled=true".to_owned(), 1));
        let ours = [("CHATCLI_QUALITY_REFINE_ENABLED", "y"), ("REFINERY_REFINE_ENABLED", "0")];
        assert_eq!(read(&ours), ("refine_enabled=false".to_owned(), 0));
        let master = [("CHATCLI_QUALITY_REFINE_ENABLED", "y"), ("CHATCLI_QUALITY_ENABLED", "off")];
        assert_eq!(read(&master), ("refine_enabled=false".to_owned(), 1));
        assert_eq!(read(&[("CHATCLI_QUALITY_REFINE_MAX_PASSES", "1.5"), ("CHATCLI_OTHER", "x")]), (String::new(), 0));
        let both = [("CHATCLI_QUALITY_REFINE_EPSILON", "0"), ("CHATCLI_AGENT_REFINER_MODEL", " codex ")];
        assert_eq!(read(&both), ("refine_epsilon=50 refiner_model=codex".to_owned(), 1));
    }
}
