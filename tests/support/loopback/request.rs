//! What a CLI asked for, as it arrived, with readers for what the three formats have in common.

use super::phase::{Floor, Phase, phase};
use serde_json::Value;
use std::fmt;

/// Whose format a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Vendor {
    /// Anthropic Messages.
    Anthropic,
    /// OpenAI Responses.
    OpenAi,
    /// Gemini, with a key.
    Gemini,
    /// Gemini, through a Google login: the same bodies in an envelope.
    GoogleLogin,
}

/// One HTTP request.
#[derive(Clone)]
pub struct Request {
    /// Such as `POST`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Without the question mark; empty if there is none.
    pub query: String,
    /// Names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Vec<u8>,
    /// The body as JSON, else null.
    pub json: Value,
    /// Set if this asks a model; else it is start-up traffic.
    pub asks: Option<Vendor>,
    /// How many requests asked a model before this one.
    pub nth: usize,
}

impl Request {
    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The part of the body that all of Google's endpoints share; else the body.
    fn inner(&self) -> &Value {
        match self.asks {
            Some(Vendor::GoogleLogin) => &self.json["request"],
            _ => &self.json,
        }
    }

    /// The model that it asks.
    pub fn model(&self) -> &str {
        match self.asks {
            Some(Vendor::Gemini) => {
                self.path.rsplit('/').next().and_then(|last| last.split(':').next()).unwrap_or_default()
            }
            _ => self.json["model"].as_str().unwrap_or_default(),
        }
    }

    /// The effort or thinking level that it asks for, in the vendor's word; a budget as a number.
    pub fn effort(&self) -> Option<String> {
        let body = self.inner();
        let thinking = &body["generationConfig"]["thinkingConfig"];
        [
            &body["output_config"]["effort"],
            &body["reasoning"]["effort"],
            &thinking["thinkingLevel"],
            &thinking["thinkingBudget"],
        ]
        .into_iter()
        .find(|value| !value.is_null())
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    /// The schema that the reply must have, wherever the CLI put it.
    pub fn schema(&self) -> Option<&Value> {
        let body = self.inner();
        let tool = body["tools"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|tool| tool["name"] == "StructuredOutput")
            .map(|tool| &tool["input_schema"]);
        tool.or_else(|| Some(&body["text"]["format"]["schema"]).filter(|schema| schema.is_object()))
            .or_else(|| Some(&body["generationConfig"]["responseJsonSchema"]).filter(|schema| schema.is_object()))
    }

    /// Names of the tools that it offers, those within others included, the one for structured replies apart.
    pub fn tools(&self) -> Vec<String> {
        let body = self.inner();
        // Some of OpenAI's models get their tools as an item of the input.
        let items = body["input"].as_array().into_iter().flatten().map(|item| &item["tools"]);
        let mut names = Vec::new();
        for tools in items.chain([&body["tools"]]) {
            collect_tools(tools, &mut names);
        }
        names.retain(|name| name != "StructuredOutput");
        names
    }

    /// All texts in the place of a system prompt, the CLI's own ones included, joined by a blank line.
    pub fn system(&self) -> String {
        let body = self.inner();
        let texts: Vec<&str> = match self.asks {
            Some(Vendor::Anthropic) => texts(&body["system"]),
            Some(Vendor::OpenAi) => [
                texts(&body["instructions"]),
                items(&body["input"], &["developer", "system"]).flat_map(|item| texts(&item["content"])).collect(),
            ]
            .concat(),
            Some(Vendor::Gemini | Vendor::GoogleLogin) => texts(&body["systemInstruction"]["parts"]),
            None => Vec::new(),
        };
        texts.join("\n\n")
    }

    /// The user's texts, in order, without what the CLI adds by itself and nobody can switch off.
    pub fn user_texts(&self) -> Vec<&str> {
        let body = self.inner();
        let texts: Vec<&str> = match self.asks {
            Some(Vendor::Anthropic) => {
                items(&body["messages"], &["user"]).flat_map(|message| texts(&message["content"])).collect()
            }
            Some(Vendor::OpenAi) => items(&body["input"], &["user"]).flat_map(|item| texts(&item["content"])).collect(),
            Some(Vendor::Gemini | Vendor::GoogleLogin) => {
                items(&body["contents"], &["user"]).flat_map(|content| texts(&content["parts"])).collect()
            }
            None => Vec::new(),
        };
        let own = |text: &&str| {
            let text = text.trim_start();
            !(text.starts_with("<system-reminder>")
                || text.starts_with("<session_context>")
                || text.starts_with("<environment_context>")
                || text.starts_with("<local-command-caveat>")
                || text.starts_with("<local-command-stdout>")
                || text.starts_with("<command-name>"))
        };
        texts.into_iter().filter(own).collect()
    }

    /// The first of the user's texts: the prompt.
    pub fn prompt(&self) -> &str {
        self.user_texts().first().copied().unwrap_or_default()
    }

    /// What the prompt asks for: the prompts of our protocols are known by their system prompt, which
    /// stands among the CLI's own words, and by how their task begins.
    pub fn phase(&self) -> Phase {
        phase(Some(&self.system()), self.prompt(), self.schema().is_some())
    }

    /// Which turn of a debate it asks for, if it does.
    pub fn floor(&self) -> Option<Floor<'_>> {
        Floor::of_prompt(Some(&self.system()), self.prompt())
    }

    /// Whether it wants a stream of events.
    pub fn streams(&self) -> bool {
        match self.asks {
            Some(Vendor::Gemini | Vendor::GoogleLogin) => self.path.ends_with("streamGenerateContent"),
            _ => self.json["stream"] == true,
        }
    }
}

/// The names of a list of tools, in which a group stands for what is in it.
fn collect_tools(tools: &Value, names: &mut Vec<String>) {
    for tool in tools.as_array().into_iter().flatten() {
        match [&tool["functionDeclarations"], &tool["tools"]].into_iter().find(|group| group.is_array()) {
            Some(group) => collect_tools(group, names),
            None => names.push(tool["name"].as_str().or(tool["type"].as_str()).unwrap_or("?").to_owned()),
        }
    }
}

/// A string, or the texts of a list of blocks.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(blocks) => blocks.iter().filter_map(|block| block["text"].as_str()).collect(),
        _ => Vec::new(),
    }
}

/// The entries of a list that have one of these roles.
fn items<'a>(list: &'a Value, roles: &'a [&'a str]) -> impl Iterator<Item = &'a Value> {
    list.as_array().into_iter().flatten().filter(|item| item["role"].as_str().is_some_and(|role| roles.contains(&role)))
}

/// One line, without the body: it may have megabytes.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}?{} ({} B)", self.method, self.path, self.query, self.body.len())
    }
}
