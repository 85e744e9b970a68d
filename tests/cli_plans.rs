//! What a run would be: dry runs, names, models, warnings, and who is missing.

use crate::support::program::Desk;
use insta::assert_snapshot;

/// A desk with all three vendors' programs and a key for each.
fn equipped() -> Desk {
    Desk::new()
        .program("claude")
        .program("codex")
        .program("gemini")
        .var("ANTHROPIC_API_KEY", "sk-secret")
        .var("OPENAI_API_KEY", "sk-secret")
        .var("GEMINI_API_KEY", "sk-secret")
}

#[test]
fn dry_runs() {
    // No program and no credential is needed for one.
    let desk = Desk::new().file("work/a.txt", "text");
    assert_snapshot!(desk.blocks(&[
        "'why?' --models claude,codex,gemini --dry-run",
        "'why?' -m ' claude , codex-o3 ' -m gemini-2.5-pro -r 2 --review batch --effort low --dry-run",
        "-f a.txt -m claude --dry-run",
        "'why?' -m claude/opus@low*2,3xcodex,ollama/llama3.2:3b -r 1 -f a.txt --dry-run",
        "'why?' -m claude-sonnet,claude/claude-sonnet-5,claude-haiku-4-5 -r 1 --dry-run -o json",
        "'why?' -m claude*5 -r 1 --max-concurrent 10 --dry-run",
    ]));
}

#[test]
fn warnings() {
    let desk = Desk::new();
    assert_snapshot!(desk.blocks(&[
        "'why?' -m claude,codex -r 2 --stability-rounds 3 --dry-run",
        "'why?' -m claude*3,codex*3 -r 1 --stability-rounds 1 --dry-run",
        "'why?' -m claude,codex,gemini --temperature 0.5 --reply-tokens 99 -r 1 --stability-rounds 1 --dry-run",
        "'why?' -m claude,codex --max-concurrent cluade=2 -r 1 --stability-rounds 1 --dry-run",
    ]));
}

#[test]
fn a_pipe_that_is_named_is_read() {
    let desk = Desk::new();
    let output = desk.pipe("- -m claude --dry-run", b"the question");
    assert!(output.stdout.contains("Question:      12 bytes\n") && output.stderr.is_empty(), "{}", output.stdout);
    let output = desk.pipe("why -f - -m claude --dry-run", b"a file");
    assert!(output.stdout.contains("3 bytes, 1 file with 6 bytes") && output.stderr.is_empty(), "{}", output.stdout);
}

#[test]
fn names_that_cannot_be() {
    let desk = Desk::new();
    assert_snapshot!(desk.blocks(&[
        "why -m cluade,codxe-o3,gpt-5",
        "why -m claude@turbo,claude:skeptic,codex/",
        "why -m claude*4,codex*4",
        "why -m claude/--dangerous",
    ]));
}

#[test]
fn who_is_missing_is_told_before_any_call() {
    let nobody = Desk::new();
    let mut text = nobody.blocks(&["why -m claude,codex,gemini", "why -m claude --allow-missing -o json"]);
    let no_key = Desk::new().program("claude").program("codex").var("OPENAI_API_KEY", " ");
    text += &no_key.blocks(&["why -m claude,codex"]);
    let only_key = Desk::new().program("codex").var("CODEX_API_KEY", "sk-secret");
    text += &only_key.blocks(&["why -m codex --billing subscription"]);
    let wrong = Desk::new().file("home/.config/refinery/config.toml", "[adapters.claude]\nprogram = \"bin/claude\"\n");
    text += &wrong.blocks(&["why -m claude"]);
    let locked = Desk::new().file("bin/claude", "#!/bin/sh\n");
    text += &locked.blocks(&["why -m claude"]);
    assert_snapshot!(text);
}

#[test]
fn a_personal_google_login_pays_for_nothing() {
    let login = r#"{"access_token":"secret","refresh_token":"secret","expiry_date":1}"#;
    let desk = Desk::new().program("gemini").file("home/.gemini/oauth_creds.json", login);
    assert_snapshot!(desk.blocks(&["why -m gemini", "doctor -m gemini"]));
}

#[test]
fn a_dotenv_gives_credentials_and_nothing_else() {
    let desk = Desk::new()
        .program("claude")
        .file("work/.env", "ANTHROPIC_API_KEY=sk-secret\nANTHROPIC_BASE_URL=http://evil\nPATH=/evil\nnonsense\n");
    assert_snapshot!(desk.blocks(&["doctor -m claude"]));
}

#[test]
fn a_user_s_manifest_is_found_by_flag_and_in_the_config_folder_but_not_at_work() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/adapters/llm.toml")).unwrap();
    let mine =
        manifest.replace("name = \"llm\"", "name = \"mine\"").replace("names = [\"llm\"]", "names = [\"my-ai\"]");
    let line = "why -m mine/x --dry-run";
    let flag = Desk::new().file("work/mine.toml", &mine);
    assert_eq!(flag.run(&format!("{line} --adapter mine.toml")).code, Some(0));
    let folder = Desk::new().file("home/.config/refinery/adapters/mine.toml", &mine);
    assert_eq!(folder.run(line).code, Some(0));
    let work = Desk::new().file("work/adapters/mine.toml", &mine).file("work/mine.toml", &mine);
    let output = work.run(line);
    assert_eq!(output.code, Some(4));
    assert!(output.stderr.contains("unknown adapter `mine`"), "{}", output.stderr);

    let bad = Desk::new()
        .file("work/bad.toml", mine.replace("verified = false", "verified = false\ncolour = 3"))
        .file("work/worse.toml", "name = 3\n");
    assert_snapshot!(bad.blocks(&["why -m mine --adapter bad.toml --adapter worse.toml"]));
}

#[test]
fn the_doctor_says_what_is_there_and_who_is_missing() {
    let desk = equipped().file("bin/package.json", r#"{"name":"@openai/codex","version":"0.171.5"}"#).file(
        "home/.codex/auth.json",
        r#"{"auth_mode":"chatgpt","tokens":{"access_token":"secret","refresh_token":"secret"}}"#,
    );
    let output = desk.run("doctor");
    assert_eq!(output.code, Some(0));
    assert_snapshot!(desk.blocks(&["doctor -m claude,codex,gemini", "doctor -m claude,agy -o json"]));
    let nobody = Desk::new();
    assert_eq!(nobody.run("doctor").code, Some(4));
    let one = Desk::new().program("claude").var("ANTHROPIC_API_KEY", "sk-secret");
    let output = one.run("doctor");
    assert_eq!(output.code, Some(0));
    assert_eq!(output.stderr, "warning: only claude works: a vendor on its own reviews only itself\n");
}

#[test]
fn adapters_are_listed_with_their_models_and_what_pays() {
    let desk = Desk::new();
    let output = desk.run("adapters");
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    for said in ["claude-opus, effort high", "subscription (CLAUDE_CODE_OAUTH_TOKEN)", "npm install -g @openai/codex"] {
        assert!(output.stdout.contains(said), "{said}\n{}", output.stdout);
    }
    let document: serde_json::Value = serde_json::from_str(&desk.run("adapters -o json").stdout).unwrap();
    let names: Vec<_> = document.as_array().unwrap().iter().map(|one| one["adapter"].as_str().unwrap()).collect();
    assert_eq!(names, ["agy", "claude", "codex", "gemini", "llm", "ollama"]);
}

#[test]
fn no_secret_is_ever_shown() {
    let desk = equipped();
    for line in ["doctor", "doctor -o json", "adapters", "config show", "why -m claude,codex --dry-run -o json"] {
        let output = desk.run(line);
        assert!(!output.stdout.contains("sk-secret") && !output.stderr.contains("sk-secret"), "{line}");
    }
}
