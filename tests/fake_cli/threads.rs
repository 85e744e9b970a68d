//! `codex app-server`: a conversation for each thread, and all of them at the same time.

use super::call::Call;
use super::kept::{Event, events, play};
use super::output;
use super::run::{Player, mistake};
use super::vendor::codex_server::{interrupted, too_long};
use super::vendor::{Asked, Early};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::mpsc;

/// A conversation.
struct Thread {
    asked: Asked,
    call: Call,
    /// How many prompts it holds.
    history: u32,
    /// The number of the call that is played.
    playing: Option<u32>,
}

struct Server {
    player: Player,
    threads: BTreeMap<String, Thread>,
    /// The call that the next thread belongs to.
    call: Call,
    played: u32,
}

/// Answers calls until standard input ends, and returns the exit code.
pub fn serve(player: &Player) -> Result<u8, Early> {
    let (sender, events) = events();
    let mut server = Server { player: player.clone(), threads: BTreeMap::new(), call: player.call.clone(), played: 0 };
    loop {
        match events.recv() {
            Ok(Event::Line(line)) => {
                let message = serde_json::from_str(&line).map_err(mistake)?;
                server.take(&message, &sender)?;
            }
            Ok(Event::Played(number, played)) => {
                let thread = server.threads.values_mut().find(|thread| thread.playing == Some(number));
                if let (Some(thread), Some((code, over))) = (thread, played?) {
                    thread.playing = None;
                    if over {
                        return Ok(code);
                    }
                }
            }
            Ok(Event::Closed) | Err(_) => return Ok(0),
        }
    }
}

fn answer(id: &Value, member: &str, value: &Value) {
    output::line(&format!("{}\n", json!({"id": id, member: value})));
}

impl Server {
    fn take(&mut self, message: &Value, events: &mpsc::Sender<Event>) -> Result<(), Early> {
        if let Some(call) = Call::marked(message) {
            self.call = call.map_err(mistake)?;
            return Ok(());
        }
        let (id, params) = (&message["id"], &message["params"]);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let name = text(&params["threadId"]).unwrap_or_default();
        match message["method"].as_str().unwrap_or_default() {
            "thread/start" => {
                let name = format!("thread-{}-{}", std::process::id(), self.threads.len() + 1);
                let asked = Asked {
                    model: text(&params["model"]),
                    system: text(&params["baseInstructions"]),
                    thread: Some(name.clone()),
                    kept: true,
                    format: super::vendor::Format::Events,
                    ..Asked::default()
                };
                let call = std::mem::take(&mut self.call);
                answer(id, "result", &json!({"thread": {"id": name}}));
                self.threads.insert(name, Thread { asked, call, history: 0, playing: None });
            }
            "turn/start" => {
                let Some(thread) = self.threads.get_mut(&name) else {
                    answer(id, "error", &json!({"code": -32600, "message": format!("thread not found: {name}")}));
                    return Ok(());
                };
                let prompt = text(&params["input"][0]["text"]).unwrap_or_default();
                if let Some(error) = too_long(&prompt) {
                    answer(id, "error", &error);
                    return Ok(());
                }
                answer(id, "result", &json!({"turn": {"id": name, "status": "inProgress"}}));
                self.played += 1;
                thread.history += 1;
                thread.playing = Some(self.played);
                let schema = &params["outputSchema"];
                let schema = schema.is_object().then(|| schema.clone());
                let asked = Asked { effort: text(&params["effort"]), schema, ..thread.asked.clone() };
                let mut player = self.player.clone();
                player.call = thread.call.clone();
                play(self.played, player, asked, thread.history, prompt, events);
            }
            "turn/interrupt" => match self.threads.get_mut(&name).and_then(|thread| thread.playing.take()) {
                Some(call) => {
                    output::silence(call);
                    answer(id, "result", &json!({}));
                    output::line(&interrupted(&name));
                }
                None => answer(id, "error", &json!({"code": -32600, "message": "no active turn to interrupt"})),
            },
            "initialize" | "thread/unsubscribe" => answer(id, "result", &json!({})),
            _ => {}
        }
        Ok(())
    }
}
