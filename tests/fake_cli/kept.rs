//! A process that is kept: line after line on standard input, one call after the other, each of which can be
//! interrupted while it is played.

use super::call::Call;
use super::output;
use super::run::{Player, mistake};
use super::vendor::{Asked, Early, cleared, interrupted};
use serde_json::Value;
use std::collections::VecDeque;
use std::io::BufRead;
use std::sync::mpsc;

/// What comes, from either side.
pub(super) enum Event {
    /// A line on standard input.
    Line(String),
    /// It was closed.
    Closed,
    /// The call was played: the exit code, and whether that ends the process.
    Played(u32, Result<Option<(u8, bool)>, Early>),
}

/// One conversation after the other, as `claude` has them.
struct Conversation {
    player: Player,
    asked: Asked,
    /// The calls since the last reset, the one that runs among them.
    history: u32,
    /// The call that the next prompt belongs to.
    call: Call,
    /// The number of the call that is played.
    playing: Option<u32>,
    played: u32,
}

/// Answers calls until standard input ends, and returns the exit code.
pub fn serve(player: &Player, asked: Asked) -> Result<u8, Early> {
    let (sender, events) = events();
    let mut conversation =
        Conversation { player: player.clone(), asked, history: 0, call: player.call.clone(), playing: None, played: 0 };
    let (mut waiting, mut closed, mut last) = (VecDeque::<String>::new(), false, 0);
    loop {
        while conversation.playing.is_none()
            && let Some(line) = waiting.pop_front()
        {
            conversation.begin(&line, &sender)?;
        }
        if closed && conversation.playing.is_none() {
            return Ok(last);
        }
        match events.recv() {
            Ok(Event::Line(line)) => match serde_json::from_str::<Value>(&line) {
                Ok(line) if line["type"] == "control_request" => conversation.interrupt(&line),
                _ => waiting.push_back(line),
            },
            Ok(Event::Played(number, played)) if conversation.playing == Some(number) => {
                conversation.playing = None;
                let (code, over) = played?.unwrap_or_default();
                if over {
                    return Ok(code);
                }
                last = code;
            }
            Ok(Event::Played(..)) => {}
            Ok(Event::Closed) | Err(_) => closed = true,
        }
    }
}

/// Where it all comes together.
pub(super) fn events() -> (mpsc::Sender<Event>, mpsc::Receiver<Event>) {
    let (sender, events) = mpsc::channel();
    let lines = sender.clone();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let _ = lines.send(Event::Line(line));
        }
        let _ = lines.send(Event::Closed);
    });
    (sender, events)
}

/// Plays a call beside everything else.
pub(super) fn play(number: u32, player: Player, asked: Asked, history: u32, input: String, to: &mpsc::Sender<Event>) {
    let to = to.clone();
    std::thread::spawn(move || {
        output::belongs_to(number);
        let played = player.play(asked, history, &mut input.as_bytes());
        let _ = to.send(Event::Played(number, played));
    });
}

impl Conversation {
    fn begin(&mut self, line: &str, events: &mpsc::Sender<Event>) -> Result<(), Early> {
        if let Some(id) = serde_json::from_str::<Value>(line).ok().and_then(|line| Call::marked(&line)) {
            self.call = id.map_err(mistake)?;
            return Ok(());
        }
        let text = format!("{line}\n");
        let prompt = self.player.options.vendor.prompt(&self.asked, &mut text.as_bytes())?.unwrap_or_default();
        let mut player = self.player.clone();
        player.call = std::mem::take(&mut self.call);
        if prompt == "/clear" {
            match player.on_reset() {
                Some(rule) => player.script.rule = vec![rule],
                None => {
                    self.history = 0;
                    output::line(&cleared(&self.asked));
                    return Ok(());
                }
            }
        } else {
            self.history += 1;
        }
        self.played += 1;
        self.playing = Some(self.played);
        play(self.played, player, self.asked.clone(), self.history, text, events);
        Ok(())
    }

    /// What was being played is heard no more; what was asked stays in the conversation.
    fn interrupt(&mut self, request: &Value) {
        let aborted = self.playing.take();
        aborted.iter().for_each(|call| output::silence(*call));
        output::line(&interrupted(&self.asked, request, aborted.is_some()));
    }
}
