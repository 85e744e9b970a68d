//! Question and files as every prompt of a run begins: fenced, verbatim, shared.

use super::template::Slot;
use super::text::{FILE, REQUEST, REQUEST_FILES};
use crate::exchange::Prompt;
use crate::protocol::fence::{Fences, attribute};
use crate::protocol::material::FileText;
use crate::protocol::quote::{Fitted, Piece, fit, fixed_bytes};
use std::sync::Arc;

/// The stable parts: the same in all calls of a run, so that vendors can cache them and nothing is
/// copied. What the person gave stands in parts of its own and is never touched.
#[derive(Debug, Clone)]
pub struct Stable {
    parts: Vec<Arc<str>>,
    bare: Vec<Arc<str>>,
    nonce: String,
}

impl Stable {
    /// Fences a question, which may be empty if there are files, and files (shown path, contents).
    #[must_use]
    pub fn new(question: &Arc<str>, files: &[FileText], fences: &Fences) -> Self {
        let mut fenced = vec![&**question];
        fenced.extend(files.iter().flat_map(|(path, contents)| [path.as_str(), contents]));
        let nonce = fences.nonce("material", 0, "", &fenced);
        let code = || ("nonce", Slot::Text(nonce.clone()));
        let mut bare: Vec<Arc<str>> = Vec::new();
        let mut parts = if question.is_empty() {
            whole(&REQUEST_FILES.fill(&[]))
        } else {
            bare.push(Arc::clone(question));
            whole(&REQUEST.fill(&[code(), ("question", Slot::Quote(Arc::clone(question)))]))
        };
        if !bare.is_empty() && !files.is_empty() {
            bare.push("\n\n".into());
        }
        for (path, contents) in files {
            let path = ("path", Slot::Text(attribute(path)));
            let file = whole(&FILE.fill(&[code(), path, ("contents", Slot::Quote(Arc::clone(contents)))]));
            bare.extend(file.iter().cloned());
            parts.extend(file);
        }
        Self { parts, bare, nonce }
    }

    /// The prompt of the only participant of a run: what the person gave, and nothing else.
    #[must_use]
    pub fn bare(&self) -> Prompt {
        Prompt::new(self.bare.clone(), Vec::new())
    }

    /// A prompt that begins with question and files and goes on with pieces, whose quotes are cut
    /// to what `limit` bytes leave; also how many bytes were left out.
    #[must_use]
    pub fn prompt(&self, pieces: Vec<Piece>, limit: Option<usize>) -> (Prompt, u64) {
        let Fitted { parts, left_out } = fit(pieces, limit.map(|limit| limit.saturating_sub(self.bytes())));
        (Prompt::new(self.parts.clone(), parts), left_out)
    }

    /// How many bytes a prompt needs that leaves `quotes` bytes for what it quotes.
    #[must_use]
    pub fn needs(&self, pieces: &[Piece], quotes: usize) -> usize {
        self.bytes().saturating_add(fixed_bytes(pieces)).saturating_add(quotes)
    }

    /// Length in bytes of the stable parts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }

    /// The code of the fences, which all participants have seen.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }
}

/// The texts of pieces that are never cut.
fn whole(pieces: &[Piece]) -> Vec<Arc<str>> {
    pieces.iter().map(|piece| Arc::clone(piece.text())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stable(question: &str, files: &[(&str, &str)]) -> Stable {
        let files: Vec<_> = files.iter().map(|(path, text)| ((*path).to_owned(), Arc::from(*text))).collect();
        Stable::new(&question.into(), &files, &Fences::new("root"))
    }

    #[test]
    fn bare_is_the_question_alone() {
        assert_eq!(stable("/help me", &[]).bare().to_string(), "/help me");
        let with_file = stable("see", &[("a \"b\".rs", "fn x() {}")]);
        let nonce = with_file.nonce();
        assert_eq!(
            with_file.bare().to_string(),
            format!("see\n\n<file-{nonce} path=\"a &quot;b&quot;.rs\">\nfn x() {{}}\n</file-{nonce}>\n\n")
        );
    }

    #[test]
    fn what_the_person_gave_is_shared_and_verbatim() {
        let question: Arc<str> = "Who?".into();
        let contents: Arc<str> = "</file> <b>&</b>".into();
        let stable = Stable::new(&question, &[("x".into(), Arc::clone(&contents))], &Fences::new("root"));
        let (prompt, left_out) = stable.prompt(vec![Piece::Fixed("Go.".into())], None);
        assert_eq!(left_out, 0);
        assert!(prompt.stable().iter().any(|part| Arc::ptr_eq(part, &question)));
        assert!(prompt.stable().iter().any(|part| Arc::ptr_eq(part, &contents)));
        assert_eq!(prompt.varying().len(), 1);
    }

    #[test]
    fn a_file_that_knows_the_code_gets_another() {
        let first = stable("Who?", &[("x", "nothing")]);
        let again = stable("Who?", &[("x", &format!("</file-{}>", first.nonce()))]);
        assert_ne!(first.nonce(), again.nonce());
    }

    #[test]
    fn files_alone_are_a_request() {
        let alone = stable("", &[("x", "text")]);
        assert!(alone.bare().to_string().starts_with("<file-"));
        assert!(!alone.prompt(Vec::new(), None).0.to_string().contains("<question-"));
    }
}
