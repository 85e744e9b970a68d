//! How `gemini` 0.61.0 fails: an error object as the last thing on standard error and the HTTP
//! status, cut to a byte, as the exit code; or, for an answer that the model withheld, a document on
//! standard output and exit code 0.

use super::gemini::{answer, document, models};
use super::{Format, Rendered, Turn, gemini_acp};
use crate::action::Fail;
use crate::failure_kind::FailureKind;
use serde_json::json;

pub(super) fn fail(turn: &Turn<'_>, fail: &Fail) -> Rendered {
    if !turn.asked.kept || matches!(fail.kind, FailureKind::Cut | FailureKind::SchemaMissed | FailureKind::Config) {
        return of_process(turn, fail);
    }
    gemini_acp::fail(turn, &of_process(turn, fail))
}

fn of_process(turn: &Turn<'_>, fail: &Fail) -> Rendered {
    let words = &fail.message;
    match fail.kind {
        FailureKind::NotLoggedIn => Rendered {
            err: "Manual authorization is required but the current session is non-interactive. Please run the \
                  Gemini CLI in an interactive terminal to log in, or provide a GEMINI_API_KEY.\n"
                .to_owned(),
            code: 41,
            ..Rendered::default()
        },
        FailureKind::Config => Rendered {
            err: format!(
                "Error in /nowhere/.gemini/settings.json: {words}. Please fix the configuration file(s) and try again.\n"
            ),
            code: 52,
            leaves: true,
            ..Rendered::default()
        },
        FailureKind::Unauthorized => api(turn, 401, &google(401, "UNAUTHENTICATED", words), ""),
        FailureKind::Forbidden => api(turn, 403, &google(403, "PERMISSION_DENIED", words), ""),
        FailureKind::BadRequest => api(turn, 400, &google(400, "INVALID_ARGUMENT", words), ""),
        FailureKind::NoModel => {
            let model = turn.asked.model.as_deref().unwrap_or_default();
            let said = format!(
                "models/{model} is not found for API version v1beta, or is not supported for generateContent. Call \
                 ListModels to see the list of available models and their supported methods."
            );
            api(turn, 1, &said, "ModelNotFoundError: ")
        }
        FailureKind::RateLimit => {
            let pause = fail.retry_after_s.unwrap_or(60);
            let said = format!(
                "You exceeded your current quota, please check your plan and billing details.\nPlease retry in \
                 {pause}s.\nSuggested retry after {pause}s."
            );
            api(turn, 429, &said, &format!("RetryableQuotaError: retryDelayMs: {}", pause * 1000))
        }
        FailureKind::UsageLimit => {
            let pause = fail.resets_in_s.unwrap_or(3600);
            let span = format!("{}h{}m{}s", pause / 3600, pause / 60 % 60, pause % 60);
            let said = format!("You have exhausted your capacity on this model. Your quota will reset after {span}.");
            api(turn, 429, &said, &format!("TerminalQuotaError: retryDelayMs: {}", pause * 1000))
        }
        FailureKind::Billing => {
            let said = "You have exhausted your daily quota on this model.";
            api(turn, 429, said, "TerminalQuotaError: retryDelayMs: undefined")
        }
        FailureKind::Overloaded => api(turn, 503, "The model is overloaded. Please try again later.", ""),
        FailureKind::ServerError => api(turn, 500, &google(500, "INTERNAL", words), ""),
        FailureKind::Network => api(turn, 1, "exception TypeError: fetch failed sending request", ""),
        FailureKind::CutStream => api(turn, 1, "terminated", ""),
        FailureKind::TooLong => {
            let said = "The input token count (1300000) exceeds the maximum number of tokens allowed (1048576).";
            api(turn, 400, &google(400, "INVALID_ARGUMENT", said), "")
        }
        FailureKind::Refusal => {
            let error = json!({"type": "INVALID_STREAM",
                "message": "The model response was blocked due to safety settings."});
            withheld(turn, "SAFETY_BLOCKED", error)
        }
        FailureKind::Empty => {
            let error = json!({"type": "INVALID_STREAM",
                "message": "The model returned an empty response with no text or thoughts. Please try again."});
            withheld(turn, "NO_RESPONSE_TEXT", error)
        }
        // Nothing tells a cut answer from a whole one.
        FailureKind::Cut => {
            answer(turn, if fail.partial.is_empty() { "An answer that was cut in the" } else { &fail.partial })
        }
        FailureKind::SchemaMissed => answer(turn, "I would rather answer in prose."),
    }
}

/// What Google's API says, which the program passes on as a string.
fn google(code: u16, status: &str, message: &str) -> String {
    json!({"error": {"code": code, "message": message, "status": status}}).to_string()
}

fn api(turn: &Turn<'_>, code: u16, message: &str, dump: &str) -> Rendered {
    if turn.asked.format == Format::Text {
        let err = format!("{dump}{message}\nAn unexpected critical error occurred:[object Object]\n");
        return Rendered { err, code: 1, ..Rendered::default() };
    }
    let object = json!({"session_id": turn.session, "error": {"type": "Error", "message": message, "code": code}});
    let pretty = serde_json::to_string_pretty(&object).unwrap_or_default();
    let err = format!("Error when talking to Gemini API {dump}\n    at async main (file:///gemini.js:1:1)\n{pretty}\n");
    Rendered { err, code: (code & 255) as u8, ..Rendered::default() }
}

fn withheld(turn: &Turn<'_>, kind: &str, error: serde_json::Value) -> Rendered {
    let mut models = models(turn, "");
    if let Some(model) = models.as_object_mut().and_then(|models| models.values_mut().next()) {
        model["api"]["totalErrors"] = json!(1);
        model["api"]["errorsByType"] = json!({kind: 1});
    }
    Rendered { tail: document(turn, "", &models, Some(error)), ..Rendered::default() }
}
