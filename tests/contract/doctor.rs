//! `refinery doctor` with the real CLIs.

use super::installed::Cli;
use super::loopback::{Answer, Fault};
use super::slots;
use super::stage::Stage;
use serde_json::{Value, json};

fn findings(stage: &Stage, args: &[&str]) -> (Option<i32>, Vec<Value>) {
    let _slots = slots::all();
    let shown = stage.run(&[&["doctor", "-o", "json", "-m", "claude,codex,gemini"], args].concat());
    shown.assert_secrets_kept();
    (shown.code, shown.json()["adapters"].as_array().unwrap().clone())
}

#[test]
fn logins_and_versions_are_told() {
    let stage = Stage::new(|_| Answer::text("forty-two")).with_logins();
    let (code, adapters) = findings(&stage, &[]);
    assert_eq!(code, Some(0), "{adapters:#?}");
    for (cli, found) in Cli::ALL.into_iter().zip(&adapters) {
        assert_eq!(found["adapter"], cli.name());
        assert_eq!((&found["works"], &found["tested"]), (&json!(true), &json!(true)), "{found:#}");
        // What runs gemini here is node, with the program as an argument.
        if cli != Cli::Gemini {
            assert_eq!((found["version"].as_str(), &found["logged_in"]), (Some(&*cli.version()), &json!(true)));
        }
        assert!(found["pays"].as_str().unwrap().starts_with("stored login"), "{found:#}");
    }
    assert_eq!(stage.server.asks().len(), 0, "a look costs nothing");
    stage.assert_nothing_left();
}

#[test]
fn nobody_is_logged_in() {
    let (code, adapters) = findings(&Stage::new(|_| Answer::text("forty-two")), &[]);
    assert_eq!(code, Some(4));
    for (cli, found) in Cli::ALL.into_iter().zip(&adapters) {
        assert_eq!((&found["works"], found["version"].as_str()), (&json!(false), Some(&*cli.version())), "{found:#}");
        assert_ne!(found["logged_in"], true, "{found:#}");
        assert!(found["hints"][0].as_str().unwrap().contains("set "), "{found:#}");
    }
}

#[test]
fn a_probe_makes_one_small_call_each() {
    let stage = Stage::new(|_| Answer::text("42")).with_keys();
    let (code, adapters) = findings(&stage, &["--probe"]);
    assert_eq!(code, Some(0), "{adapters:#?}");
    for found in &adapters {
        assert_eq!(found["probe"]["answered"], true, "{found:#}");
        assert!(found["probe"]["message"].as_str().unwrap().contains("42"), "{found:#}");
    }
    assert_eq!(stage.server.asks().len(), 3);
    stage.assert_nothing_left();

    let stage = Stage::new(|_| Fault::BadCredential.into()).with_keys();
    let (code, adapters) = findings(&stage, &["--probe"]);
    assert_eq!(code, Some(4));
    assert!(
        adapters.iter().all(|found| found["probe"]["answered"] == false && found["works"] == false),
        "{adapters:#?}"
    );
}
