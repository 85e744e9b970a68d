//! What every embedded adapter makes of a call: argv, environment, homes, names.

use super::support::calls::*;
use refinery_core::exchange::{CallSpec, Effort, Prompt, Shape, Tuning};
use refinery_core::failure::FailureClass;
use refinery_core::invocation::EnvValue;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

#[test]
fn no_secret_and_no_prompt_is_in_an_argument() {
    for (way, prepared) in all(&shaped()) {
        assert_eq!(prepared.invocation.args[0], "first", "{way}");
        for arg in &prepared.invocation.args {
            for mark in ["SECRET", QUESTION, TASK, "SYSTEM-MARK", "{model}", "{effort}", "{s"] {
                assert!(!arg.contains(mark), "{way}: {arg}");
            }
        }
        let text = input(&prepared);
        assert!(text.contains(QUESTION) && text.find(QUESTION) < text.find(TASK), "{way}: {text}");
        let aside = file(&prepared, "system.md").unwrap_or_default();
        assert_eq!(text.matches("SYSTEM-MARK").count() + aside.matches("SYSTEM-MARK").count(), 1, "{way}");
        assert!(!format!("{:?}", prepared.invocation).contains("SECRET-"), "{way}");
    }
}

#[test]
fn no_child_is_told_its_call_unless_the_environment_asks_for_it() {
    let id = small().id;
    for (way, prepared) in all(&small()) {
        let told = |text: &str| text.contains("REFINERY_CALL") || text.contains(id.as_str());
        assert!(!told(&format!("{:?}", prepared.invocation)) && !told(&input(&prepared)), "{way}");
        let name = way.split(' ').next().unwrap();
        let mut host = host(name, KEYS, false);
        host.env.insert("REFINERY_MARK_CALLS".to_owned(), "1".to_owned());
        let marked = ask(name, None, &host, &small()).unwrap();
        assert_eq!(plain(&marked, "REFINERY_CALL"), Some(id.as_str()), "{way}");
        assert!(!told(&input(&marked)) && !marked.invocation.args.iter().any(|arg| told(arg)), "{way}");
    }
}

#[test]
fn one_credential_at_most_and_nothing_that_was_not_named() {
    for (way, prepared) in all(&small()) {
        let secrets: Vec<_> = prepared
            .invocation
            .env
            .iter()
            .filter_map(|(name, value)| match value {
                EnvValue::Secret { from, value } => Some((name.as_str(), from.as_str(), value.expose().to_owned())),
                EnvValue::Plain(_) => None,
            })
            .collect();
        let keyed = way.starts_with("claude") && !way.ends_with("true")
            || way.ends_with("false") && { way.starts_with("codex") || way.starts_with("gemini") };
        assert_eq!(secrets.len(), usize::from(keyed), "{way}: {:?}", prepared.invocation.env);
        let ours: BTreeSet<_> = secrets.iter().map(|(_, _, value)| value.clone()).collect();
        for (name, value) in &prepared.invocation.env {
            let EnvValue::Plain(value) = value else { continue };
            assert!(!value.contains("SECRET") && !ours.contains(value), "{way}: {name}={value}");
            if let Some(of) = value.strip_prefix("value-of-") {
                assert!(of == name && PASSED.contains(&of), "{way}: {name}={value}");
            }
        }
        assert_eq!(plain(&prepared, "PATH"), Some("value-of-PATH"), "{way}");
        assert!(prepared.invocation.cwd.starts_with("/scratch/one"), "{way}");
    }
}

#[test]
fn each_of_the_six_names_reaches_the_name_that_its_cli_reads() {
    for (name, ours, theirs) in [
        ("claude", "ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY"),
        ("claude", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
        ("codex", "CODEX_API_KEY", "CODEX_API_KEY"),
        ("codex", "OPENAI_API_KEY", "CODEX_API_KEY"),
        ("gemini", "GEMINI_API_KEY", "GEMINI_API_KEY"),
        ("gemini", "GOOGLE_API_KEY", "GEMINI_API_KEY"),
    ] {
        let prepared = ask(name, None, &host(name, &[ours], false), &small()).unwrap();
        let Some(EnvValue::Secret { from, value }) = prepared.invocation.env.get(theirs) else { panic!("{ours}") };
        assert_eq!((from.as_str(), value.expose()), (ours, format!("SECRET-{ours}").as_str()));
    }
}

#[test]
fn homes_are_private_but_for_a_login_that_must_be_used_in_place() {
    let home = |name: &str, keys: &[&str], stored| {
        let prepared = ask(name, None, &host(name, keys, stored), &small()).unwrap();
        let links: Vec<_> = prepared
            .invocation
            .links
            .iter()
            .map(|link| (link.path.display().to_string(), link.target.display().to_string()))
            .collect();
        (plain(&prepared, "HOME").unwrap().to_owned(), plain(&prepared, "CLAUDE_CONFIG_DIR").is_some(), links)
    };
    let private = || "/scratch/one/home".to_owned();
    let link = |path: &str| vec![(format!("/scratch/one/{path}"), "/people/me/login.json".to_owned())];
    assert_eq!(home("claude", &["ANTHROPIC_API_KEY"], false), (private(), false, vec![]));
    assert_eq!(home("claude", &["CLAUDE_CODE_OAUTH_TOKEN"], true), (private(), false, vec![]));
    assert_eq!(home("claude", &[], true), ("/people/me".to_owned(), true, vec![]));
    assert_eq!(home("codex", &["CODEX_API_KEY"], false), (private(), false, vec![]));
    assert_eq!(home("codex", &[], true), (private(), false, link("home/.codex/auth.json")));
    assert_eq!(home("gemini", &["GEMINI_API_KEY"], false), (private(), false, vec![]));
    assert_eq!(home("gemini", &[], true), (private(), false, link("home/.gemini/oauth_creds.json")));
}

#[test]
fn prompts_that_no_cli_takes_are_refused() {
    let refused = |name: &str, keys: &[&str], spec: &CallSpec| {
        ask(name, None, &host(name, keys, false), spec).map(|_| ()).unwrap_err().class
    };
    let long = spec(Prompt::new(vec!["x".repeat(3_500_001).into()], vec![]));
    assert_eq!(refused("gemini", &["GEMINI_API_KEY"], &long), FailureClass::ContextTooLong);
    for (name, key) in [("claude", "ANTHROPIC_API_KEY"), ("codex", "CODEX_API_KEY"), ("gemini", "GEMINI_API_KEY")] {
        let blank = spec(Prompt::new(vec!["\n ".into()], vec!["".into()]));
        assert_eq!(refused(name, &[key], &blank), FailureClass::BadRequest);
    }
    let replaced = CallSpec { system: "You have ${AvailableTools}.".into(), ..small() };
    assert_eq!(refused("gemini", &["GEMINI_API_KEY"], &replaced), FailureClass::BadRequest);
    let mut wide = shaped();
    let long = json!({ "type": "object", "description": "x".repeat(131_072) });
    wide.shape = Some(Shape { name: "n".into(), schema: Arc::new(long) });
    assert_eq!(refused("claude", &["ANTHROPIC_API_KEY"], &wide), FailureClass::BadRequest);
}

#[test]
fn a_proxys_password_is_a_secret() {
    let mut host = host("claude", &["ANTHROPIC_API_KEY"], false);
    host.env.insert("HTTPS_PROXY".to_owned(), "http://me:pw@proxy:3128".to_owned());
    let prepared = ask("claude", None, &host, &small()).unwrap();
    assert!(!format!("{:?}", prepared.invocation).contains("pw@"));
    let Some(EnvValue::Secret { from, value }) = prepared.invocation.env.get("HTTPS_PROXY") else { panic!() };
    assert_eq!((from.as_str(), value.expose()), ("HTTPS_PROXY", "http://me:pw@proxy:3128"));
}

#[test]
fn models_have_one_name_everywhere() {
    for (name, word, argument, id) in [
        ("claude", None, Some("opus"), "claude-opus"),
        ("claude", Some("sonnet"), Some("sonnet"), "claude-sonnet"),
        ("claude", Some("opus-4-8"), Some("claude-opus-4-8"), "claude-opus-4-8"),
        ("codex", None, Some("gpt-6.1-sol"), "codex-gpt-6.1-sol"),
        ("codex", Some("o3"), Some("o3"), "codex-o3"),
        ("gemini", None, Some("gemini-3.1-pro-preview"), "gemini-3.1-pro-preview"),
        ("gemini", Some("flash"), Some("gemini-3.8-flash"), "gemini-3.8-flash"),
        ("gemini", Some("2.5-flash"), Some("gemini-2.5-flash"), "gemini-2.5-flash"),
        ("gemini", Some("3-pro-preview"), Some("gemini-3.1-pro-preview"), "gemini-3.1-pro-preview"),
        ("ollama", Some("llama3.2:3b"), Some("llama3.2:3b"), "ollama-llama3.2:3b"),
        ("llm", None, None, "llm"),
    ] {
        let model = manifest(name).resolve_model(word);
        assert_eq!((model.argument.as_deref(), model.model_id.as_str()), (argument, id), "{name} {word:?}");
    }
}

#[test]
fn ollama_shows_no_thoughts_and_thinks_as_hard_as_is_said() {
    let argv = |effort| {
        let tuning = Tuning { effort, ..Tuning::default() };
        let prepared = ask("ollama", None, &host("ollama", &[], false), &CallSpec { tuning, ..small() }).unwrap();
        prepared.invocation.args.join(" ")
    };
    assert!(argv(None).ends_with("run llama3.2 --hidethinking --nowordwrap"), "{}", argv(None));
    assert!(argv(Some(Effort::High)).ends_with("--nowordwrap --think=high"), "{}", argv(Some(Effort::High)));
}
