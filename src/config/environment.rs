//! What `REFINERY_…` variables say.

use super::key::{Key, Path};
use super::layers::{Origin, SettingValue, Source};
use super::refine;
use crate::words::closest;
use std::collections::BTreeMap;

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
    (entries, warnings)
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
}
