//! What `refinery demo` needs: its scene, and the stand-ins in place of the vendors' programs.

use super::scene::Scene;
use super::vendor::Vendor;
use crate::adapter::Program;
use crate::ids::AdapterId;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The demo's scene, as text: write it to a file, and start the stand-ins with that.
#[must_use]
pub fn scene() -> &'static str {
    include_str!("../../fixtures/scenes/demo.toml")
}

/// The question that the demo's scene is about.
#[must_use]
pub fn question() -> String {
    Scene::parse(scene()).ok().and_then(|scene| scene.question).unwrap_or_default()
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
    use crate::exchange::{CallSpec, Reply, Role, Tuning};
    use crate::ids::ParticipantId;
    use crate::outcome::{Body, Outcome, Status};
    use crate::protocol::consensus::{Consensus, ConsensusPlan, Material, Member, ReviewMode, VoteThreshold};
    use crate::protocol::{Command, Input, Outbox, Protocol, Settled};
    use crate::standin::request::Request;
    use crate::standin::run::drawn;
    use crate::standin::vendor::Asked;
    use crate::standin::{rules, speech};
    use std::time::Duration;

    /// What the scene's stand-in says to a call, and how long it takes.
    fn answer(scene: &Scene, spec: &CallSpec) -> (String, Duration) {
        let vendor = Vendor::ALL.into_iter().find(|vendor| vendor.as_str() == spec.to.as_str()).unwrap();
        let model = Some("default".to_owned());
        let asked = Asked {
            model,
            system: Some(spec.system.to_string()),
            schema: spec.shape.as_ref().map(|shape| (*shape.schema).clone()),
            ..Asked::default()
        };
        let mut request = Request::new(vendor, Some(vendor.as_str()), asked);
        request.prompt = Some(spec.prompt.to_string());
        let chosen = rules::choose(scene, &mut request, |_| Ok(()), |reason| reason).unwrap();
        let (rule, name) = chosen.unwrap_or_else(|| panic!("{}: no rule", spec.id));
        let text = match &rule.act[..] {
            [act] => speech::said(act, scene.seed, &request).unwrap_or_else(|| panic!("{}: {act:?}", spec.id)),
            acts => panic!("{}: {acts:?}", spec.id),
        };
        (text, drawn(scene.latency.unwrap(), scene.seed, &request, &name))
    }

    /// Plays the run, each answer when it would come; also what was asked, and how long it takes.
    fn play(scene: &Scene) -> (Outcome, Vec<Role>, Duration) {
        let plan = ConsensusPlan {
            threshold: 8.0,
            max_rounds: 5,
            stability_rounds: 2,
            review: ReviewMode::Pairwise,
            stepped: false,
            tuning: Tuning::default(),
        };
        let member = |name: &str| Member {
            id: ParticipantId::new(name),
            model_id: name.to_owned(),
            vendor_words: vec![name.to_owned()],
            prompt_bytes: None,
        };
        let members = ["claude", "codex", "gemini"].map(member).to_vec();
        let material =
            Material { question: question().into(), files: Vec::new(), nonce_root: "0f".repeat(16), seed: 1 };
        let mut run = Consensus::new(plan, members, material, Box::new(VoteThreshold::new(8.0, 2)));
        let (mut out, mut roles) = (Outbox::default(), Vec::new());
        run.start(&mut out);
        let (mut now, mut underway) = (Duration::ZERO, Vec::new());
        loop {
            for command in out.drain() {
                match command {
                    Command::Call(spec) => {
                        roles.push(spec.role);
                        let (text, latency) = answer(scene, &spec);
                        underway.push((now + latency, spec.id, text));
                    }
                    Command::Finish(outcome) => return (outcome, roles, now),
                    _ => {}
                }
            }
            underway.sort();
            let (then, id, text) = underway.remove(0);
            now = then;
            let reply = Reply { text: text.into(), ..Reply::default() };
            run.on(Input::Settled(Settled { id, result: Ok(reply) }), &mut out);
        }
    }

    #[test]
    fn they_disagree_first_and_agree_later() {
        let scene = Scene::parse(scene()).unwrap();
        assert!(question().ends_with('?'));
        let (outcome, roles, took) = play(&scene);
        assert_eq!(outcome.status, Status::Converged);
        let Body::Consensus(body) = &outcome.body else { panic!("no consensus: {outcome:?}") };
        let leaders: Vec<&str> = body.rounds.iter().map(|round| round.leader.as_ref().unwrap().as_str()).collect();
        assert_eq!(leaders, ["codex", "claude", "claude"]);
        assert!(body.rounds[0].means.values().all(|mean| *mean < 8.0), "they agree too soon");
        assert_eq!(body.winner.as_ref().unwrap().mean_score, Some(9.0));
        assert!(body.winner.as_ref().unwrap().answer.contains("a month of proof"));
        assert_eq!(roles.iter().filter(|role| **role == Role::Refine).count(), 6);
        assert!(roles.len() <= 27, "{} calls", roles.len());
        // Long enough to watch, short enough to wait for.
        assert!((3.0..5.5).contains(&took.as_secs_f64()), "{took:?}");
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
