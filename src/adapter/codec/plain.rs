//! CLIs that print the answer and nothing else. Only the exit says whether it is whole.

use super::ending::Watch;
use super::{Codec, CodecContext, End, Step};
use crate::adapter::rules::Signs;
use crate::exchange::{Reply, Usage};
use crate::failure::CallFailure;
use crate::invocation::{Ending, Line};

/// Takes standard output for the answer.
#[derive(Debug)]
pub(super) struct PlainCodec {
    watch: Watch,
    text: String,
}

impl PlainCodec {
    pub(super) fn new(context: CodecContext) -> Self {
        Self { watch: Watch::new(context), text: String::new() }
    }
}

impl Codec for PlainCodec {
    fn line(&mut self, line: &Line) -> Step {
        if let Some(text) = self.watch.stdout(line) {
            if self.watch.ran {
                self.watch.append(&mut self.text, "\n");
            }
            self.watch.ran = true;
            self.watch.append(&mut self.text, text);
            return self.watch.step(Step::text(text.to_owned() + "\n"));
        }
        self.watch.step(Step::MORE)
    }

    fn end(self: Box<Self>, end: &End<'_>) -> Result<Reply, CallFailure> {
        if end.exit.ending == Ending::Left && end.exit.code == Some(0) {
            if let Some(failure) = self.watch.disguised(&self.text, Usage::default(), end) {
                return Err(failure);
            }
            return self.watch.accept(Reply { text: self.text.into(), ..Reply::default() });
        }
        // Some CLIs say on standard output why they failed.
        let message = self.watch.words_or(&self.text);
        Err(self.watch.failure(end, Signs { message, partial: Some(self.text), ..Signs::default() }, None))
    }
}
