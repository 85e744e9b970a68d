//! What reaches the vendors, and what does not.

use super::driver::{Call, Pays, Seen};
use super::installed::Cli;
use super::loopback::{Answer, Loopback, Part, Request, Turn};
use serde_json::json;

/// Makes the call against a model that says "forty-two"; the only request that asked it comes back.
fn ask(cli: Cli, change: impl FnOnce(&mut Call)) -> (Request, Vec<Request>, Seen) {
    let server = Loopback::start(|request| match request.schema() {
        Some(_) => Answer::structured(json!({ "n": 42 })),
        None => Answer::text("forty-two"),
    });
    let mut call = Call::new(cli, server.url());
    change(&mut call);
    let seen = call.run();
    let asks = server.asks();
    assert_eq!(asks.len(), 1, "{cli} asked {} times: {asks:?}\n{}\n{}", asks.len(), seen.stdout, seen.stderr);
    (asks[0].clone(), server.requests(), seen)
}

#[test]
fn system_prompt_model_effort_and_schema_arrive() {
    let schema = json!({ "type": "object", "additionalProperties": false, "required": ["n"],
        "properties": { "n": { "type": "integer" } } });
    for cli in Cli::ALL {
        let (request, _, _) = ask(cli, |call| {
            call.system = "Mind the \"gap\", ${HOME} and ünïcödë.\nSecond line.".to_owned();
            call.schema = Some(schema.clone());
        });
        let (model, effort) = match cli {
            Cli::Claude => ("claude-opus-4-8", "low"),
            Cli::Codex => ("gpt-5.5", "low"),
            Cli::Gemini => ("gemini-2.5-flash", "0"),
        };
        assert_eq!(request.model(), model);
        assert_eq!(request.effort().as_deref(), Some(effort));
        assert!(
            request.system().contains("Mind the \"gap\", ${HOME} and ünïcödë.\nSecond line."),
            "{}",
            request.system()
        );
        assert_eq!(request.schema(), Some(&schema), "{cli}");
        assert_eq!(request.prompt().trim(), "What is six times seven?");
        assert!(request.streams());
        // codex keeps a tool for patches that no setting takes away; its sandbox is read-only.
        let tools: &[&str] = if cli == Cli::Codex { &["apply_patch"] } else { &[] };
        assert_eq!(request.tools(), tools, "{cli}");
    }
}

/// Start-up traffic is known, and carries neither prompt nor answer.
#[test]
fn nothing_else_is_sent() {
    for cli in Cli::ALL {
        let (_, all, _) = ask(cli, |call| call.prompt = "The cat sat on the mat. ".repeat(400));
        for request in all.iter().filter(|request| request.asks.is_none()) {
            let known = match cli {
                Cli::Claude => request.method == "HEAD",
                Cli::Codex => request.path.ends_with("/models"),
                Cli::Gemini => false,
            };
            assert!(known, "{cli}: {request:?}");
            assert!(!String::from_utf8_lossy(&request.body).contains("cat sat"), "{cli}: {request:?}");
        }
    }
}

#[test]
fn each_credential_pays_by_itself() {
    let header = |request: &Request, name| request.header(name).map(str::to_owned);
    for (cli, pays, name, value) in [
        (Cli::Claude, Pays::Key, "x-api-key", "loopback-key"),
        (Cli::Claude, Pays::Token, "authorization", "Bearer loopback-token"),
        (Cli::Claude, Pays::Login, "authorization", "Bearer loopback-access"),
        (Cli::Codex, Pays::Key, "authorization", "Bearer loopback-key"),
        (Cli::Codex, Pays::Login, "chatgpt-account-id", "loopback-account"),
        (Cli::Gemini, Pays::Key, "x-goog-api-key", "loopback-key"),
        (Cli::Gemini, Pays::Token, "authorization", "Bearer loopback-token"),
    ] {
        let (request, _, _) = ask(cli, |call| call.pays = pays);
        assert_eq!(header(&request, name).as_deref(), Some(value), "{cli} {pays:?}");
        let keys = ["x-api-key", "x-goog-api-key", "authorization"];
        let present = keys.iter().filter(|key| request.header(key).is_some()).count();
        assert_eq!(present, 1, "{cli} {pays:?} sends one credential");
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
        "-p --model x",
        "ultrathink about it",
    ] {
        for cli in Cli::ALL {
            let (request, _, _) = ask(cli, |call| call.prompt = prompt.to_owned());
            let texts = request.user_texts();
            let exact = |text: &&str| *text == prompt || text.strip_prefix('\n') == Some(prompt);
            assert!(texts.len() == 1 && exact(&texts[0]), "{cli}: {prompt:?} became {texts:?}");
        }
    }
}

#[test]
fn a_megabyte_arrives_whole() {
    let prompt = "0123456789abcdef é\n".repeat(52_000);
    assert!(prompt.len() > 1_000_000);
    for cli in Cli::ALL {
        let (request, _, _) = ask(cli, |call| call.prompt.clone_from(&prompt));
        assert!(request.prompt().trim_start_matches('\n') == prompt, "{cli}: {} bytes came", request.prompt().len());
    }
}

#[test]
fn two_megabytes_come_back_whole() {
    let answer = "A line of the answer, é.\n".repeat(84_000);
    assert!(answer.len() > 2_000_000);
    for cli in Cli::ALL {
        let said = answer.clone();
        let server = Loopback::start(move |_| Turn::new(vec![Part::Text(said.clone())]).in_pieces(16_384).into());
        let seen = Call::new(cli, server.url()).run();
        let escaped = serde_json::to_string(&answer).unwrap();
        assert!(seen.stdout.contains(&escaped), "{cli}: {} of {} bytes", seen.stdout.len(), answer.len());
    }
}
