//! Settings of the critique pass that may follow a run.
//!
//! Its variables are read as the program reads them that this ability comes from: what is no word or
//! number counts as unset, and numbers that make no sense are brought to ones that do.

use super::key::{Key, Path};
use super::settings::Reader;
use crate::protocol::refine::CritiquePlan;
use crate::value::{Field as _, Range, word, yes};

/// What is said of the critique pass.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RefineSettings {
    /// Whether a critique pass follows a run.
    pub enabled: bool,
    /// Who critiques and rewrites, as it was typed; `None` for the author of the text.
    pub refiner: Option<Typed>,
    /// How a text is critiqued and rewritten, without a refiner yet.
    pub critique: CritiquePlan,
    /// The flags that say something of it, other than whether it follows at all.
    pub flags: Vec<String>,
}

/// A word, and where it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// The word.
    pub word: String,
    /// `--refiner`, `REFINERY_REFINER_MODEL`, a file and its line.
    pub place: String,
}

pub(super) fn read(read: &mut Reader<'_>) -> RefineSettings {
    let refiner = read.optional(&Path::Run(Key::RefinerModel), |text| Ok(text.to_owned()));
    let place = read.place(Key::RefinerModel);
    let details = [
        Key::RefinerModel,
        Key::RefineVerify,
        Key::RefineMaxPasses,
        Key::RefineMinBytes,
        Key::RefineEpsilon,
        Key::RefineExclude,
    ];
    let flags = details.map(|key| read.place(key)).into_iter().filter(|place| place.starts_with("--")).collect();
    RefineSettings {
        enabled: read.value(Key::RefineEnabled, yes),
        refiner: refiner.filter(|word| !word.is_empty()).map(|word| Typed { word, place }),
        critique: CritiquePlan { effort: read.optional(&Path::Run(Key::RefinerEffort), word), ..read.table("refine_") },
        flags,
    }
}

/// What a variable says, if it is one of these: values, or that it says nothing.
pub(super) fn variable(key: Key, text: &str) -> Option<Result<Vec<String>, &'static str>> {
    let number = |least: i64, most: i64, below: i64| {
        let number: i64 = text.parse().map_err(|_| "a whole number")?;
        let sane = if number < least { below } else { number.min(most) };
        Ok(vec![sane.to_string()])
    };
    Some(match key {
        Key::RefineEnabled | Key::RefineVerify => match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" | "y" | "t" => Ok(vec!["true".to_owned()]),
            "0" | "false" | "no" | "off" | "n" | "f" => Ok(vec!["false".to_owned()]),
            _ => Err("true or false"),
        },
        Key::RefineMaxPasses => number(1, CritiquePlan::MOST_PASSES, 1),
        Key::RefineMinBytes => number(0, u32::MAX.into(), 0),
        Key::RefineEpsilon => number(1, u32::MAX.into(), CritiquePlan::EPSILON),
        Key::RefineExclude => {
            let mut names = Vec::new();
            names.set(text, Range::Any).map(|()| names).map_err(|_| "names")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_as_their_program_reads_them() {
        let read = |key, text| match variable(key, text) {
            Some(Ok(values)) => values.join("|"),
            Some(Err(_)) => "unset".to_owned(),
            None => "another".to_owned(),
        };
        for (key, text, value) in [
            (Key::RefineEnabled, "Y", "true"),
            (Key::RefineEnabled, "off", "false"),
            (Key::RefineEnabled, "2", "unset"),
            (Key::RefineMaxPasses, "+2", "2"),
            (Key::RefineMaxPasses, "-3", "1"),
            (Key::RefineMaxPasses, "1.5", "unset"),
            (Key::RefineMaxPasses, "0x10", "unset"),
            (Key::RefineMinBytes, "0", "0"),
            (Key::RefineEpsilon, "0", "50"),
            (Key::RefineExclude, " Formatter, ,shell", "formatter|shell"),
            (Key::RefineExclude, ",", ""),
            (Key::RefinerModel, "x", "another"),
        ] {
            assert_eq!(read(key, text), value, "{key} {text}");
        }
    }
}
