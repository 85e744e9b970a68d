//! What reaches the vendors through the adapters, and what does not.

use super::audit::{one_credential, starts_up};
use super::driver::{Call, Pays, Seen};
use super::installed::Cli;
use super::loopback::{Answer, Loopback, Request, Vendor};
use super::texts::only;
use refinery_core::exchange::{Effort, Tuning};
use serde_json::{Value, json};

/// Makes the call against a model that says "forty-two"; the only request that asked it comes back.
fn ask(cli: Cli, change: impl FnOnce(&mut Call)) -> (Request, Vec<Request>, Seen) {
    let server = Loopback::start(|request| match request.schema() {
        // A value for each key, of any kind that the schema names.
        Some(schema) => {
            let keys = schema["properties"].as_object().unwrap().iter();
            let value = |kind: &Value| if kind["type"] == "string" { json!("42") } else { json!(42) };
            Answer::structured(keys.map(|(key, kind)| (key.clone(), value(kind))).collect())
        }
        None => Answer::text("forty-two"),
    });
    let mut call = Call::new(cli, server.url());
    change(&mut call);
    let seen = call.run();
    let asks = server.asks();
    assert_eq!(asks.len(), 1, "{cli} asked {} times: {asks:?}\n{}\n{}", asks.len(), seen.stdout, seen.stderr);
    only(&asks[0], &server.answers(), &call.system, &call.prompt).unwrap();
    let reply = seen.result.as_ref().unwrap_or_else(|failure| panic!("{cli}: {failure}"));
    if call.schema.is_some() {
        let form: Value = serde_json::from_str(&reply.text).unwrap();
        assert_eq!(form["n"], 42, "{cli}");
    } else {
        assert_eq!(&*reply.text, "forty-two", "{cli}");
    }
    assert_eq!(reply.usage.extra_requests, Some(0), "{cli}");
    (asks[0].clone(), server.requests(), seen)
}

fn shape() -> Value {
    json!({ "type": "object", "additionalProperties": false, "required": ["n"],
        "properties": { "n": { "type": "integer" } } })
}

#[test]
fn system_prompt_model_effort_and_schema_arrive() {
    for (cli, model, sent, effort, word) in [
        (Cli::Claude, None, "claude-opus-5-5", None, Some("high")),
        (Cli::Claude, Some("sonnet"), "claude-sonnet-5-5", Some(Effort::Max), Some("max")),
        (Cli::Claude, Some("haiku"), "claude-haiku-5-5", Some(Effort::Low), Some("low")),
        (Cli::Claude, Some("fable"), "claude-fable-5-2", None, Some("high")),
        (Cli::Claude, Some("best"), "claude-opus-5-5", None, Some("high")),
        (Cli::Codex, None, "gpt-6.1-sol", None, Some("xhigh")),
        (Cli::Codex, Some("gpt-5.5"), "gpt-5.5", Some(Effort::Minimal), Some("minimal")),
        (Cli::Gemini, None, "gemini-3.1-pro-preview", Some(Effort::Minimal), Some("LOW")),
        (Cli::Gemini, Some("flash"), "gemini-3.8-flash", Some(Effort::Max), Some("HIGH")),
    ] {
        let system = "Mind the \"gap\", ${HOME} and ünïcödë.\nSecond line.";
        let (request, _, _) = ask(cli, |call| {
            (call.model, call.effort, call.schema) = (model, effort, Some(shape()));
            call.system = system.to_owned();
        });
        assert_eq!(request.model(), sent);
        assert_eq!(request.effort().as_deref(), word, "{cli} {sent}");
        assert!(request.system().contains(system), "{cli}: {}", request.system());
        assert_eq!(request.schema(), Some(&shape()), "{cli}");
        assert_eq!(request.prompt().trim(), "What is six times seven?");
        assert!(request.streams());
        // codex keeps tools for patches that no setting takes away; its sandbox is read-only.
        let tools: &[&str] = match (cli, sent) {
            (Cli::Codex, "gpt-5.5") => &["apply_patch"],
            (Cli::Codex, _) => &["exec", "wait"],
            (Cli::Claude | Cli::Gemini, _) => &[],
        };
        assert_eq!(request.tools(), tools, "{cli} {sent}");
    }
}

/// A model that is named is the one that is asked, also an old one.
#[test]
fn no_model_is_changed_in_silence() {
    for (cli, word, model) in [
        (Cli::Claude, "opus-4-1", "claude-opus-4-1"),
        (Cli::Claude, "haiku-4-5-20251001", "claude-haiku-4-5-20251001"),
        (Cli::Codex, "o3", "o3"),
        (Cli::Gemini, "2.5-flash", "gemini-2.5-flash"),
    ] {
        let (request, _, seen) = ask(cli, |call| (call.model, call.effort) = (Some(word), None));
        assert_eq!(request.model(), model);
        assert_eq!(seen.warnings, Vec::<String>::new(), "{cli}");
    }
}

/// gemini asks a router which model to take, and takes another one, where a login may not use the one that
/// was named: that is told and counted.
#[test]
fn another_model_than_the_one_asked_for_is_told() {
    let server = Loopback::start(|request| match request.schema() {
        Some(_) => Answer::structured(json!({ "reasoning": "It is easy.", "model_choice": "flash" })),
        None => Answer::text("forty-two"),
    });
    let mut call = Call::new(Cli::Gemini, server.url());
    (call.model, call.pays) = (None, Pays::LoginAs("loopback-small-access"));
    let seen = call.run();
    let models: Vec<_> = server.asks().iter().map(|ask| ask.model().to_owned()).collect();
    let reply = seen.result.unwrap_or_else(|failure| panic!("{failure}\n{models:?}"));
    assert_eq!(models.len(), 2, "{models:?}");
    assert_eq!((reply.served.as_ref(), reply.usage.extra_requests), (models.last(), Some(1)));
    let words = format!("gemini-3.1-pro-preview was asked for, but {} answered", models[1]);
    assert!(seen.warnings.iter().any(|warning| warning.contains(&words)), "{:?}", seen.warnings);
}

/// Strict modes write keys in the schema's order, and the reasons must come before the score.
#[test]
fn a_schema_keeps_the_order_of_its_keys() {
    let schema = json!({ "type": "object", "additionalProperties": false, "required": ["z", "n", "a"],
        "properties": { "a": { "type": "number" }, "n": { "type": "integer" }, "z": { "type": "string" } } });
    for cli in Cli::ALL {
        let (request, _, _) = ask(cli, |call| call.schema = Some(schema.clone()));
        let body = String::from_utf8(request.body.clone()).unwrap();
        let properties = &body[body.find("\"properties\":").unwrap_or_else(|| panic!("{cli}: {body}"))..];
        let at = |key: &str| properties.find(&format!("\"{key}\":")).unwrap();
        assert!(at("z") < at("n") && at("n") < at("a"), "{cli}: {properties}");
    }
}

#[test]
fn temperature_and_reply_length_arrive_where_they_can() {
    let tuning = Tuning { temperature: Some(0.25), reply_tokens: Some(777), ..Tuning::default() };
    for cli in Cli::ALL {
        let (request, _, seen) = ask(cli, |call| {
            call.tuning = tuning;
            // Claude's later models take no temperature.
            call.model = (cli == Cli::Claude).then_some("opus-4-8");
        });
        let (temperature, length) = match cli {
            Cli::Claude => (&request.json["temperature"], &request.json["max_tokens"]),
            Cli::Codex => (&request.json["temperature"], &request.json["max_output_tokens"]),
            Cli::Gemini => {
                let settings = &request.json["generationConfig"];
                (&settings["temperature"], &settings["maxOutputTokens"])
            }
        };
        if cli == Cli::Codex {
            assert_eq!((temperature, length), (&Value::Null, &Value::Null));
            let told = |words: &str| seen.warnings.iter().any(|warning| warning.contains(words));
            assert!(told("takes no temperature") && told("takes no reply length"), "{:?}", seen.warnings);
        } else {
            assert_eq!((temperature, length), (&json!(0.25), &json!(777)), "{cli}");
            assert_eq!(seen.warnings, Vec::<String>::new(), "{cli}");
        }
        if cli == Cli::Claude {
            assert_eq!(request.json["thinking"]["type"], "disabled", "the API takes no temperature with thinking");
        }
    }
}

/// The API refuses a temperature where a model thinks, and today's cannot be told not to.
#[test]
fn no_temperature_is_sent_to_a_model_that_takes_none() {
    for (model, id) in
        [(None, "claude-opus"), (Some("haiku"), "claude-haiku"), (Some("sonnet-5-5"), "claude-sonnet-5-5")]
    {
        let (request, _, seen) = ask(Cli::Claude, |call| {
            (call.model, call.tuning.temperature) = (model, Some(0.25));
        });
        assert_eq!(
            (&request.json["temperature"], &request.json["thinking"]["type"]),
            (&Value::Null, &json!("adaptive"))
        );
        assert_eq!(seen.warnings, [format!("it: its CLI takes no temperature for {id}")]);
    }
}

/// Start-up traffic is known, and carries neither prompt nor answer.
#[test]
fn nothing_else_is_sent() {
    for cli in Cli::ALL {
        let (_, all, _) = ask(cli, |call| call.prompt = "The cat sat on the mat. ".repeat(400));
        let beside: Vec<_> = all.iter().filter(|request| request.asks.is_none()).collect();
        assert!(beside.iter().all(|request| starts_up(request, cli)), "{cli}: {beside:?}");
        assert!(beside.iter().all(|request| !String::from_utf8_lossy(&request.body).contains("cat sat")), "{cli}");
    }
}

#[test]
fn each_credential_pays_by_itself() {
    for (cli, pays, name, value) in [
        (Cli::Claude, Pays::Variable("ANTHROPIC_API_KEY"), "x-api-key", "loopback-key"),
        (Cli::Claude, Pays::Variable("CLAUDE_CODE_OAUTH_TOKEN"), "authorization", "Bearer loopback-key"),
        (Cli::Claude, Pays::Login, "authorization", "Bearer loopback-access"),
        (Cli::Codex, Pays::Variable("CODEX_API_KEY"), "authorization", "Bearer loopback-key"),
        (Cli::Codex, Pays::Variable("OPENAI_API_KEY"), "authorization", "Bearer loopback-key"),
        (Cli::Codex, Pays::StoredKey, "authorization", "Bearer loopback-stored-key"),
        (Cli::Codex, Pays::Login, "chatgpt-account-id", "loopback-account"),
        (Cli::Gemini, Pays::Variable("GEMINI_API_KEY"), "x-goog-api-key", "loopback-key"),
        (Cli::Gemini, Pays::Variable("GOOGLE_API_KEY"), "x-goog-api-key", "loopback-key"),
        (Cli::Gemini, Pays::Login, "authorization", "Bearer loopback-access"),
    ] {
        let (request, _, _) = ask(cli, |call| call.pays = pays);
        assert_eq!(request.header(name), Some(value), "{cli} {pays:?}");
        one_credential(&request);
        let login = cli == Cli::Gemini && pays == Pays::Login;
        assert_eq!(request.asks == Some(Vendor::GoogleLogin), login, "{cli} {pays:?}");
    }
}

/// A key beside a plan would be billed in silence: each CLI prefers it to its own login.
#[test]
fn a_plan_pays_although_keys_are_there() {
    let names = [
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "OPENAI_API_KEY",
        "CODEX_API_KEY",
        "GEMINI_API_KEY",
        "GOOGLE_API_KEY",
        "GEMINI_API_KEY_AUTH_MECHANISM",
    ];
    for cli in Cli::ALL {
        let (request, _, _) = ask(cli, |call| {
            call.pays = Pays::Login;
            call.env = names.iter().map(|name| (*name, "bearer".to_owned())).collect();
        });
        one_credential(&request);
        let sent = request.header("authorization").unwrap();
        assert!(!sent.contains("bearer"), "{cli}: {sent}");
    }
}

/// What a CLI would take for a command or a file name is only text.
#[test]
fn prompts_arrive_verbatim() {
    for prompt in [
        "/help me understand this",
        "/compact",
        "Look at @/etc/hostname, @Override and bob@example.com.",
        "- a list\n- !ls\n\n\ttabs, \\ and \"quotes\", emoji 🦀, a NUL-free end\n\n",
        "-p --model x ultrathink about it",
        "See @./ and @.. and @./x, @cwd, @../cwd...empty, \"@.\" and @notes.txt.",
    ] {
        for cli in Cli::ALL {
            let (request, _, _) = ask(cli, |call| call.prompt = prompt.to_owned());
            let texts = request.user_texts();
            let exact = |text: &&str| *text == prompt || text.strip_prefix('\n') == Some(prompt);
            assert!(texts.len() == 1 && exact(&texts[0]), "{cli}: {prompt:?} became {texts:?}");
        }
    }
}

/// Proxies are used, and certificates handed on.
#[test]
fn proxies_and_certificates_are_handed_on() {
    for cli in Cli::ALL {
        let server = Loopback::start(|_| Answer::text("forty-two"));
        // An address that exists nowhere: only the proxy can have answered.
        let mut call = Call::new(cli, "http://vendor.invalid");
        let proxy = server.url();
        call.env = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"].map(|name| (name, proxy.clone())).into();
        call.env.extend(["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CODEX_CA_CERTIFICATE"].map(|name| {
            // Nothing is encrypted here; a CLI that looks finds a file that holds no certificate.
            (name, "/dev/null".to_owned())
        }));
        let seen = call.run();
        let reply = seen.result.unwrap_or_else(|failure| panic!("{cli}: {failure}\n{}\n{}", seen.stdout, seen.stderr));
        assert_eq!((&*reply.text, server.asks().len()), ("forty-two", 1), "{cli}");
        let handed = match cli {
            Cli::Claude | Cli::Gemini => "NODE_EXTRA_CA_CERTS=/dev/null",
            Cli::Codex => "CODEX_CA_CERTIFICATE=/dev/null",
        };
        assert!(seen.line.contains(handed), "{}", seen.line);
    }
}
