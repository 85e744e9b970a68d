//! `refinery doctor`: who can work on this machine, and what the others are missing.

use crate::adapter::Manifest;
use crate::app::resolve;
use crate::app::settings;
use crate::cli::args::{DoctorArgs, settings as flag_settings};
use crate::cli::console::Console;
use crate::cli::inspect::checkup::{self, Checkup, Probe, Tools};
use crate::cli::inspect::probe::RealProbe;
use crate::cli::inspect::supervised::Supervised;
use crate::cli::session::Session;
use crate::config::Key;
use crate::error::Error;
use crate::host::{Machine, manifests};
use crate::plan::{PARTICIPANTS, parse_participants};
use crate::report::Paint;
use crate::report::table::table;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// The doctor's findings, as programs read them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Findings {
    /// `ok` or `failed`.
    status: &'static str,
    /// The state of each adapter.
    adapters: Vec<Checkup>,
    /// All warnings.
    warnings: Vec<String>,
}

/// Checks all adapters, or those that are named. Returns the exit code: 0 if one can work, or, of
/// those that are named, all.
///
/// # Errors
/// Bad settings, manifests or names.
pub fn run(args: &DoctorArgs, machine: &Machine, console: Console, session: &Session) -> Result<u8, Error> {
    let findings = examine(args, machine, session)?;
    let code = console.tell(&text(&findings, console.out), &findings);
    console.warn(&findings.warnings);
    Ok(if code == 0 && findings.status != "ok" { 4 } else { code })
}

fn examine(args: &DoctorArgs, machine: &Machine, session: &Session) -> Result<Findings, Error> {
    let flags = [args.look.entries(), flag_settings([(Key::Billing, &args.billing)])].concat();
    let loaded = settings::load(machine, args.look.config.as_deref(), flags)?;
    let explicit: Vec<_> = args.look.adapter.iter().map(|path| machine.cwd.join(path)).collect();
    let catalog = manifests::load(&machine.folders, &explicit)?;
    let mut warnings = machine.warnings.clone();
    warnings.extend(loaded.warnings);
    let all: Vec<_> = catalog.iter().cloned().collect();
    let named = !args.models.is_empty();
    let asked: Vec<Arc<Manifest>> = if named {
        let known: Vec<_> = all.iter().map(|manifest| manifest.id.as_str()).collect();
        let wanted = parse_participants(&args.models, &known, &PARTICIPANTS)?;
        all.into_iter().filter(|manifest| wanted.iter().any(|one| one.adapter == manifest.id)).collect()
    } else {
        all
    };
    let host = resolve::host(asked.iter().map(AsRef::as_ref), machine);
    let probe = RealProbe { machine, settings: &loaded.settings, session };
    let runner = Supervised { supervisor: &session.env.supervisor, runtime: &session.runtime };
    let tools = Tools { runner: Some(&runner), probe: args.probe.then_some(&probe as &dyn Probe) };
    let adapters: Vec<_> =
        asked.iter().map(|manifest| checkup::check(manifest, &loaded.settings, &host, machine, tools)).collect();
    let working: Vec<_> = adapters.iter().filter(|one| one.works).map(|one| one.adapter.as_str()).collect();
    if let [only] = working.as_slice() {
        warnings.push(format!("only {only} works: a vendor on its own reviews only itself"));
    }
    let ok = if named { working.len() == adapters.len() } else { !working.is_empty() };
    Ok(Findings { status: if ok { "ok" } else { "failed" }, adapters, warnings })
}

fn text(findings: &Findings, paint: Paint) -> String {
    let mut rows =
        vec![["adapter", "works", "version", "tested", "logged in", "billing", "program"].map(str::to_owned).to_vec()];
    rows.extend(findings.adapters.iter().map(|one| {
        vec![
            one.adapter.clone(),
            yes(Some(one.works)),
            one.version.clone().unwrap_or_else(|| "-".to_owned()),
            match (&one.tested_range, one.tested) {
                (Some(range), Some(_)) => format!("{}: {range}", yes(one.tested)),
                (range, _) => range.clone().unwrap_or_else(|| "-".to_owned()),
            },
            yes(one.logged_in),
            one.pays.clone().unwrap_or_else(|| "-".to_owned()),
            one.program.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }));
    let mut lines: Vec<String> = table(&rows, &[]).lines().map(str::to_owned).collect();
    lines[0] = paint.bold(&lines[0]);
    lines.extend(findings.adapters.iter().flat_map(|one| about(one, paint)));
    lines.join("\n")
}

/// What the table has no room for.
fn about(one: &Checkup, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(one.problems.iter().map(|problem| format!("  {} {problem}", paint.bad("problem:"))));
    lines.extend(one.hints.iter().map(|hint| format!("  {} {hint}", paint.dim("to do:"))));
    lines.extend(one.login.iter().map(|login| format!("  login: {login}")));
    lines.extend(one.notes.iter().map(|note| format!("  {} {note}", paint.warn("note:"))));
    if let Some(probe) = one.probe.as_ref().filter(|probe| probe.answered) {
        lines.push(format!("  {} {}", paint.good("probe:"), probe.message));
    }
    if !lines.is_empty() {
        lines.splice(0..0, [String::new(), paint.bold(&one.adapter)]);
    }
    lines
}

fn yes(fact: Option<bool>) -> String {
    match fact {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    }
    .to_owned()
}
