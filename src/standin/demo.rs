//! What `refinery demo` needs: its scenes, what to plan for each, and the stand-ins in place of the
//! vendors' programs.

use super::scene::Scene;
use super::vendor::Vendor;
use crate::adapter::Program;
use crate::ids::AdapterId;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// One of the demos: a protocol, and a scene that shows what it is for.
///
/// A scene keeps counters beside its own file, so a run of it needs a folder that is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demo {
    /// Three models propose, review, refine and agree.
    Consensus,
    /// Three standpoints on a decision, and a judge.
    Debate,
    /// Five samples of a calculation, of which four are enough.
    Sample,
    /// A text that is scored and improved until it is good.
    Refine,
    /// Three samples that do not agree, and therefore a critique of what most say.
    Pipe,
}

/// What a demo is planned with beside its participants, in the words of the command's options. What is
/// not said here is as the command has it by default.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Plot {
    /// Nothing else.
    Consensus,
    /// A debate.
    Debate {
        /// The persona of each participant, by its id, in plan order.
        personas: &'static [&'static str],
        /// Who sums up: one of the participants, who is asked anew for it.
        judge: &'static str,
    },
    /// Samples that are taken one after the other, until the rest can change nothing.
    Sample {
        /// How many, at most.
        num_samples: u32,
        /// What makes two of them the same.
        normaliser: &'static str,
    },
    /// A text, in score mode. Its author is the only participant, and writes the draft.
    Refine {
        /// Who scores: nobody of the participants.
        judge: &'static str,
        /// The score to reach, 0 to 1.
        target_score: f64,
    },
    /// Steps, one after the other.
    Pipe {
        /// In their order.
        steps: &'static [Step],
    },
}

/// A step of a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What it does, and its settings, as `--step` takes them.
    pub step: &'static str,
    /// When it runs, as `--if` takes it.
    pub condition: Option<&'static str>,
}

impl Demo {
    /// The seed that every demo is planned with: who speaks when is drawn from it, and the scenes have
    /// people answer what was said before.
    pub const SEED: u64 = 7;

    /// All of them, by the name on the command line.
    pub const WORDS: [(&str, Self); 5] = [
        ("consensus", Self::Consensus),
        ("debate", Self::Debate),
        ("sample", Self::Sample),
        ("refine", Self::Refine),
        ("pipe", Self::Pipe),
    ];

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, demo)| *demo == self).map_or("", |(word, _)| *word)
    }

    /// The scene, as text: write it to a file, and start the stand-ins with that.
    #[must_use]
    pub fn scene(self) -> &'static str {
        match self {
            Self::Consensus => include_str!("../../fixtures/scenes/demo.toml"),
            Self::Debate => include_str!("../../fixtures/scenes/demo_debate.toml"),
            Self::Sample => include_str!("../../fixtures/scenes/demo_sample.toml"),
            Self::Refine => include_str!("../../fixtures/scenes/demo_refine.toml"),
            Self::Pipe => include_str!("../../fixtures/scenes/demo_pipe.toml"),
        }
    }

    /// The question that the scene is about.
    #[must_use]
    pub fn question(self) -> String {
        Scene::parse(self.scene()).ok().and_then(|scene| scene.question).unwrap_or_default()
    }

    /// Who takes part, in plan order: each is the stand-in of the vendor of that name.
    #[must_use]
    pub fn participants(self) -> &'static [&'static str] {
        match self {
            Self::Refine => &["claude"],
            Self::Consensus | Self::Debate | Self::Sample | Self::Pipe => &["claude", "codex", "gemini"],
        }
    }

    /// What else it is planned with.
    #[must_use]
    pub fn plot(self) -> Plot {
        match self {
            Self::Consensus => Plot::Consensus,
            Self::Debate => {
                Plot::Debate { personas: &["pessimist", "first-principles", "domain-expert"], judge: "claude" }
            }
            Self::Sample => Plot::Sample { num_samples: 5, normaliser: "number" },
            Self::Refine => Plot::Refine { judge: "codex", target_score: 0.9 },
            Self::Pipe => Plot::Pipe {
                steps: &[
                    Step { step: "sample num_samples=3 normaliser=choice", condition: None },
                    Step { step: "refine mode=critique", condition: Some("agreement < 0.95") },
                ],
            },
        }
    }
}

/// The stand-ins of the three vendors as programs for their adapters: `exe` is this program, `scene`
/// the absolute path of the scene's file. Each is named for its vendor, so that what it plays does
/// not depend on the model that it is asked for.
#[must_use]
pub fn programs(exe: &Path, scene: &Path) -> BTreeMap<AdapterId, Program> {
    [Vendor::Claude, Vendor::Codex, Vendor::Gemini]
        .into_iter()
        .map(|vendor| {
            let mut program = program(exe, vendor, scene);
            let name = ["--name", vendor.as_str()].map(str::to_owned);
            program.prefix.splice(1..1, name);
            (AdapterId::new(vendor.as_str()), program)
        })
        .collect()
}

/// The stand-in of one vendor as a program for its adapter.
#[must_use]
pub fn program(exe: &Path, vendor: Vendor, scene: &Path) -> Program {
    let prefix = ["__standin", "--as", vendor.as_str(), "--scene", &scene.to_string_lossy(), "--"];
    Program {
        path: exe.to_owned(),
        prefix: prefix.map(str::to_owned).to_vec(),
        version: vendor.version().map(str::to_owned),
    }
}

/// Writes scripts named `claude`, `codex` and `gemini` into a folder, each of which is the stand-in:
/// with that folder on the PATH, everything that looks for the vendors' programs finds these.
///
/// # Errors
/// A script cannot be written.
pub fn install(folder: &Path, exe: &Path, scene: &Path) -> io::Result<()> {
    for vendor in [Vendor::Claude, Vendor::Codex, Vendor::Gemini] {
        let path = folder.join(vendor.as_str());
        let program = program(exe, vendor, scene);
        let words: Vec<PathBuf> =
            std::iter::once(program.path).chain(program.prefix.iter().map(PathBuf::from)).collect();
        let line = shell_words::join(words.iter().map(|word| word.to_string_lossy().into_owned()));
        std::fs::write(&path, format!("#!/bin/sh\nexec {line} \"$@\"\n"))?;
        executable(&path)?;
    }
    Ok(())
}

fn executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_demo_has_a_scene_a_question_and_somebody_to_play_it() {
        for (word, demo) in Demo::WORDS {
            assert_eq!(demo.as_str(), word);
            let scene = Scene::parse(demo.scene()).unwrap_or_else(|error| panic!("{word}: {error}"));
            assert!(scene.question.is_some_and(|question| question.len() > 40 && question == demo.question()));
            let vendors = [Vendor::Claude, Vendor::Codex, Vendor::Gemini].map(Vendor::as_str);
            assert!(demo.participants().iter().all(|name| vendors.contains(name)), "{word}");
        }
    }

    #[test]
    fn programs_are_this_one_with_the_vendor_named() {
        let programs = programs(Path::new("/bin/refinery"), Path::new("/tmp/demo.toml"));
        let names: Vec<&str> = programs.keys().map(AdapterId::as_str).collect();
        assert_eq!(names, ["claude", "codex", "gemini"]);
        let codex = &programs[&AdapterId::new("codex")];
        assert_eq!(codex.path, Path::new("/bin/refinery"));
        assert_eq!(codex.prefix, ["__standin", "--name", "codex", "--as", "codex", "--scene", "/tmp/demo.toml", "--"]);
        assert_eq!(codex.version.as_deref(), Some("0.169.0"));
    }
}
