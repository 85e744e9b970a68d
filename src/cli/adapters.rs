//! `refinery adapters`: which CLIs can be driven, with which models, and what can pay.

use super::args::AdaptersArgs;
use super::console::Console;
use super::settings;
use crate::adapter::Manifest;
use crate::error::Error;
use crate::host::{Machine, manifests};
use crate::report::Paint;
use crate::report::table::table;
use serde::Serialize;

/// One adapter, as programs read it.
#[derive(Debug, Serialize)]
struct Line {
    adapter: String,
    verified: bool,
    model_id: String,
    effort: Option<&'static str>,
    concurrency: usize,
    credentials: Vec<String>,
    install: String,
    login: String,
}

/// Lists them. Returns the exit code.
///
/// # Errors
/// Bad settings or manifests.
pub fn run(args: &AdaptersArgs, machine: &Machine, console: Console) -> Result<u8, Error> {
    let loaded = settings::load(machine, args.look.config.as_deref(), args.look.entries())?;
    let explicit: Vec<_> = args.look.adapter.iter().map(|path| machine.cwd.join(path)).collect();
    let catalog = manifests::load(&machine.folders, &explicit)?;
    console.warn(&machine.warnings);
    console.warn(&loaded.warnings);
    let lines: Vec<_> = catalog.iter().map(|manifest| line(manifest)).collect();
    Ok(console.tell(&text(&lines, console.out), &lines))
}

fn line(manifest: &Manifest) -> Line {
    let model = manifest.resolve_model(None);
    Line {
        adapter: manifest.id.to_string(),
        verified: manifest.verified(),
        model_id: model.model_id,
        effort: model.effort.map(|effort| effort.as_str()),
        concurrency: manifest.default_concurrency(),
        credentials: manifest.credential_names().into_iter().map(str::to_owned).collect(),
        install: manifest.install_hint().to_owned(),
        login: manifest.login_hint().to_owned(),
    }
}

fn text(lines: &[Line], paint: Paint) -> String {
    let mut rows =
        vec![["adapter", "model", "effort", "at once", "verified", "credentials"].map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(|one| {
        vec![
            one.adapter.clone(),
            one.model_id.clone(),
            one.effort.unwrap_or("-").to_owned(),
            one.concurrency.to_string(),
            if one.verified { "yes" } else { "no" }.to_owned(),
            one.credentials.join(", "),
        ]
    }));
    let mut lines: Vec<_> = table(&rows, &[3]).lines().map(str::to_owned).collect();
    lines[0] = paint.bold(&lines[0]);
    lines.join("\n")
}
