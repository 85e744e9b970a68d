//! A process that is kept and has a session for each call, many at once: `gemini --acp`.

use super::call::Call;
use super::output;
use super::run::{Player, mistake};
use super::vendor::{Asked, Early};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

/// Answers prompts until standard input ends, and returns the exit code.
pub fn serve(player: &Player, asked: &Asked) -> Result<u8, Early> {
    let (mut prompts, mut call, mut sessions) = (BTreeMap::<String, Value>::new(), player.call.clone(), 0);
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let message: Value = serde_json::from_str(&line).map_err(mistake)?;
        if let Some(marked) = Call::marked(&message) {
            call = marked.map_err(mistake)?;
            continue;
        }
        let (id, params) = (message["id"].clone(), &message["params"]);
        let session = params["sessionId"].as_str().unwrap_or_default().to_owned();
        match message["method"].as_str().unwrap_or_default() {
            "initialize" => reply(&id, &json!({"protocolVersion": 1, "authMethods": []})),
            "session/new" => {
                sessions += 1;
                reply(&id, &json!({"sessionId": format!("session-{sessions}")}));
            }
            "session/cancel" => {
                if let Some(prompt) = prompts.remove(&session) {
                    reply(&prompt, &json!({"stopReason": "cancelled"}));
                }
            }
            "session/prompt" => {
                prompts.insert(session.clone(), id.clone());
                let blocks = params["prompt"].as_array().into_iter().flatten();
                let text: String = blocks.filter_map(|block| block["text"].as_str()).collect();
                let mut player = player.clone();
                player.call = std::mem::take(&mut call);
                let asked = Asked { prompt: Some((id, session)), ..asked.clone() };
                std::thread::spawn(move || play(&player, asked, &text));
            }
            method => {
                let error = json!({"code": -32601, "message": format!("\"Method not found\": {method}")});
                output::line(&format!("{}\n", json!({"jsonrpc": "2.0", "id": id, "error": error})));
            }
        }
    }
    Ok(0)
}

fn reply(id: &Value, result: &Value) {
    output::line(&format!("{}\n", json!({"jsonrpc": "2.0", "id": id, "result": result})));
}

/// Plays a prompt; what ends a process ends this one, with all its sessions.
fn play(player: &Player, asked: Asked, text: &str) {
    match player.play(asked, 1, &mut text.as_bytes()) {
        Ok(Some((code, true))) => std::process::exit(code.into()),
        Ok(_) => {}
        Err(early) => {
            let _ = io::stderr().write_all(early.stderr.as_bytes());
            std::process::exit(early.code.into());
        }
    }
}
