//! Cuts the Rust snippets out of the seed's text and puts each into a function, as it is printed.

use std::error::Error;
use std::path::Path;

/// What the seed's text says before each snippet, in order, and what follows the last one.
const HEADINGS: [&str; 6] = [
    "Run the full consensus loop\n",
    "Step through rounds for fine-grained control\n",
    "Inject overrides between rounds\n",
    "Implement the ModelProvider trait\n",
    "Estimate API calls without running\n",
    "Set credentials via environment variables.",
];

/// The place that the text leaves to the reader.
const INSTANCES: &str = "/* your Arc<dyn ModelProvider> instances */";

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let text = "../../fixtures/seeds/refinery.txt";
    println!("cargo::rerun-if-changed={text}");
    let text = std::fs::read_to_string(text)?;
    let mut snippets = Vec::new();
    for pair in HEADINGS.windows(2) {
        let (_, after) = text.split_once(pair[0]).ok_or_else(|| format!("no heading `{}`", pair[0].trim()))?;
        let (snippet, _) = after.split_once(pair[1]).ok_or_else(|| format!("no heading `{}`", pair[1].trim()))?;
        snippets.push(snippet);
    }
    let [whole, stepped, overridden, provider, estimate] = snippets[..] else { return Err("not five snippets".into()) };
    if !whole.contains(INSTANCES) {
        return Err("the text leaves no place for providers".into());
    }
    let filled = whole.replace(INSTANCES, "provider(\"model-a\"), provider(\"model-b\")");
    let code = format!(
        "/// The whole run, without any provider.\n\
         pub async fn whole_as_printed() -> Result<String, Failure> {{\n{whole}\nOk(outcome.answer)\n}}\n\
         /// The whole run, with providers in the place that is left for them.\n\
         pub async fn whole() -> Result<(Engine, String), Failure> {{\n{filled}\n\
         Ok((engine, format!(\"{{}}: {{}}\", outcome.winner, outcome.answer)))\n}}\n\
         /// One round after the other.\n\
         pub async fn stepped(engine: &Engine) -> Result<ConsensusOutcome, Failure> {{\n{stepped}\nOk(outcome)\n}}\n\
         /// A round with changes.\n\
         pub async fn overridden(session: &mut Session) -> Result<RoundOutcome, Failure> {{\n{overridden}\nOk(round)\n}}\n\
         /// The provider.\n\
         #[expect(unused_variables, reason = \"the text leaves the call of the model to the reader\")]\n\
         pub mod printed {{\n{provider}\n\
         pub fn provider(name: &str) -> std::sync::Arc<dyn ModelProvider> {{\n\
         std::sync::Arc::new(MyProvider {{ model_id: ModelId::new(name) }})\n}}\n}}\n\
         /// The estimate.\n\
         pub fn estimate(config: EngineConfig) -> (u64, u64) {{\n{estimate}\n\
         (estimate.calls_per_round, estimate.total_calls)\n}}\n"
    );
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("snippets.rs"), code)?;
    Ok(())
}
