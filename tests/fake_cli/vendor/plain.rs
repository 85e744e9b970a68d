//! A program that knows no format: the prompt on standard input to its end, the answer on standard
//! output. It takes any arguments; `-m` or `--model` names the model if it is there.

use super::{Asked, Rendered, Turn};
use crate::action::Fail;
use crate::failure_kind::FailureKind;
use std::io::BufRead;

pub(super) fn parse(argv: &[String]) -> Asked {
    let model = argv.windows(2).find(|pair| pair[0] == "-m" || pair[0] == "--model").map(|pair| pair[1].clone());
    // `ollama run MODEL`
    let word = argv.first().filter(|word| *word == "run").and_then(|_| argv.get(1)).cloned();
    Asked { model: model.or(word), ..Asked::default() }
}

pub(super) fn prompt(_asked: &Asked, input: &mut dyn BufRead) -> String {
    let mut bytes = Vec::new();
    let _ = input.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(super) fn answer(turn: &Turn<'_>, text: &str) -> Rendered {
    let body = turn.pieces(text).into_iter().map(str::to_owned).collect();
    Rendered { body, tail: "\n".to_owned(), ..Rendered::default() }
}

pub(super) fn fail(fail: &Fail) -> Rendered {
    match fail.kind {
        FailureKind::Empty | FailureKind::Refusal => Rendered { tail: "\n".to_owned(), ..Rendered::default() },
        FailureKind::SchemaMissed => {
            Rendered { tail: "I would rather answer in prose.\n".to_owned(), ..Rendered::default() }
        }
        kind => Rendered { err: format!("Error: {kind:?}: {}\n", fail.message), code: 1, ..Rendered::default() },
    }
}
