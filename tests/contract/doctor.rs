//! `refinery doctor` with the real CLIs.

use super::installed::Cli;
use super::loopback::{Answer, Fault};
use super::sandbox::Sandbox;
use super::slots;
use serde_json::{Value, json};

fn findings(sandbox: &Sandbox, args: &[&str]) -> (Option<i32>, Vec<Value>) {
    let _slots = slots::all();
    let shown = sandbox.run(&[&["doctor", "-o", "json", "-m", "claude,codex,gemini"], args].concat());
    shown.assert_secrets_kept();
    (shown.code, shown.json()["adapters"].as_array().unwrap().clone())
}

#[test]
fn logins_and_versions_are_told() {
    let sandbox = Sandbox::new(|_| Answer::text("forty-two")).with_logins();
    let (code, adapters) = findings(&sandbox, &[]);
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
    assert_eq!(sandbox.server.asks().len(), 0, "a look costs nothing");
    sandbox.assert_nothing_left();
}

#[test]
fn nobody_is_logged_in() {
    let (code, adapters) = findings(&Sandbox::new(|_| Answer::text("forty-two")), &[]);
    assert_eq!(code, Some(4));
    for (cli, found) in Cli::ALL.into_iter().zip(&adapters) {
        assert_eq!((&found["works"], found["version"].as_str()), (&json!(false), Some(&*cli.version())), "{found:#}");
        assert_ne!(found["logged_in"], true, "{found:#}");
        assert!(found["hints"][0].as_str().unwrap().contains("set "), "{found:#}");
    }
}

#[test]
fn a_probe_makes_one_small_call_each() {
    let sandbox = Sandbox::new(|_| Answer::text("42")).with_keys();
    let (code, adapters) = findings(&sandbox, &["--probe"]);
    assert_eq!(code, Some(0), "{adapters:#?}");
    for found in &adapters {
        assert_eq!(found["probe"]["answered"], true, "{found:#}");
        assert!(found["probe"]["message"].as_str().unwrap().contains("42"), "{found:#}");
    }
    assert_eq!(sandbox.server.asks().len(), 3);
    sandbox.assert_nothing_left();

    let sandbox = Sandbox::new(|_| Fault::BadCredential.into()).with_keys();
    let (code, adapters) = findings(&sandbox, &["--probe"]);
    assert_eq!(code, Some(4));
    assert!(
        adapters.iter().all(|found| found["probe"]["answered"] == false && found["works"] == false),
        "{adapters:#?}"
    );
}
