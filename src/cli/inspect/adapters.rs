//! `refinery adapters`: which CLIs can be driven, with which models, and what can pay.

use crate::adapter::manifest::PoolSpec;
use crate::adapter::{Manifest, PoolKind};
use crate::app::settings;
use crate::cli::args::LookArgs;
use crate::cli::console::Console;
use crate::error::Error;
use crate::host::{Machine, manifests};
use crate::report::Paint;
use crate::report::table::table;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// One adapter, as programs read it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Line {
    /// Its name.
    adapter: String,
    /// Whether its facts were measured against the real program.
    verified: bool,
    /// The model when none is named, with its vendor prefix.
    model_id: String,
    /// How hard that model thinks unless told otherwise; `None` where the CLI's own default is left.
    effort: Option<&'static str>,
    /// When model and aliases were read off the CLI: `2026-11-21`.
    models_as_of: String,
    /// Short names of models, and the ids that they stand for.
    aliases: BTreeMap<String, String>,
    /// How many calls may run at once.
    concurrency: usize,
    /// Accounts that can be charged, in order of preference.
    billing: Vec<Pool>,
    /// The same as `billing`: its older name, which a later version will drop.
    pools: Vec<Pool>,
    /// What to type to install it.
    install: String,
    /// What to type to log in.
    login: String,
}

/// One way to pay, as programs read it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Pool {
    /// Its name in the manifest.
    name: String,
    /// Its kind.
    kind: PoolKind,
    /// The variable that holds the credential; `None` for a stored login.
    variable: Option<String>,
}

/// Lists them. Returns the exit code.
///
/// # Errors
/// Bad settings or manifests.
pub fn run(args: &LookArgs, machine: &Machine, console: Console) -> Result<u8, Error> {
    let loaded = settings::load(machine, args.config.as_deref(), args.entries())?;
    let explicit: Vec<_> = args.adapter.iter().map(|path| machine.cwd.join(path)).collect();
    let catalog = manifests::load(&machine.folders, &explicit)?;
    console.warn(&machine.warnings);
    console.warn(&loaded.warnings);
    let lines: Vec<_> = catalog.iter().map(|manifest| line(manifest)).collect();
    Ok(console.tell(&text(&lines, console.out), &lines))
}

fn line(manifest: &Manifest) -> Line {
    let model = manifest.resolve_exact(None);
    let pool = |pool: &PoolSpec| Pool { name: pool.name.clone(), kind: pool.kind, variable: pool.variable.clone() };
    let billing: Vec<_> = manifest.pools.iter().map(pool).collect();
    Line {
        adapter: manifest.id.to_string(),
        verified: manifest.verified(),
        model_id: model.model_id,
        effort: model.effort.map(|effort| effort.as_str()),
        models_as_of: manifest.models.as_of.clone(),
        aliases: manifest.models.aliases.clone(),
        concurrency: manifest.default_concurrency(),
        pools: billing.clone(),
        billing,
        install: manifest.install_hint().to_owned(),
        login: manifest.login_hint().to_owned(),
    }
}

fn text(lines: &[Line], paint: Paint) -> String {
    let blocks: Vec<_> = lines.iter().map(|one| block(one, paint)).collect();
    format!(
        "{}\nNames: NAME, NAME-MODEL, NAME/MODEL; any of them with @EFFORT, or *3 for three of it",
        blocks.join("\n")
    )
}

fn block(one: &Line, paint: Paint) -> String {
    let effort = one.effort.map_or(String::new(), |effort| format!(", effort {effort}"));
    let aliases: Vec<_> = one
        .aliases
        .iter()
        .map(|(alias, model)| if alias == model { alias.clone() } else { format!("{alias} = {model}") })
        .collect();
    let pools: Vec<_> = one
        .billing
        .iter()
        .map(|pool| pool.variable.as_ref().map_or_else(|| pool.name.clone(), |name| format!("{} ({name})", pool.name)))
        .collect();
    let mut rows = vec![
        ("default", format!("{}{effort} (as of {})", one.model_id, one.models_as_of)),
        ("models", aliases.join(", ")),
        ("billing", pools.join(", else ")),
        ("max parallel", one.concurrency.to_string()),
        ("install", one.install.clone()),
        ("log in", one.login.clone()),
    ];
    rows.retain(|(_, value)| !value.is_empty());
    let rows: Vec<_> = rows.into_iter().map(|(name, value)| vec![format!("  {name}"), value]).collect();
    let mark =
        if one.verified { String::new() } else { format!(" {}", paint.warn("(not checked against the real program)")) };
    format!("{}{mark}\n{}", paint.bold(&one.adapter), table(&rows, &[]))
}
