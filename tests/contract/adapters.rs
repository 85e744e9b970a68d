//! The embedded adapters against the real CLIs.

use super::installed::Cli;
use super::loopback::{Answer, Loopback};
use super::person::{Person, Question};

#[test]
fn probe() {
    let server = Loopback::start(|_| Answer::text("forty-two"));
    let url = server.url();
    let base = format!("{url}/v1");
    let person = Person::new(&[
        ("ANTHROPIC_BASE_URL", &url),
        ("ANTHROPIC_API_KEY", "loopback-key"),
        ("OPENAI_BASE_URL", &base),
        ("OPENAI_API_KEY", "loopback-key"),
        ("GOOGLE_GEMINI_BASE_URL", &url),
        ("GOOGLE_API_KEY", "loopback-key"),
    ]);
    for cli in Cli::ALL {
        let t = std::time::Instant::now();
        let result = person.ask(cli, &Question::new("What is six times seven?"));
        println!("{cli} {:?} {result:?}", t.elapsed());
    }
    for r in server.requests() {
        println!("{} {} {:?} model={} effort={:?}", r.method, r.path, r.asks, r.model(), r.effort());
    }
    let q = Question { model: Some("opus-4-1"), ..Question::new("hello there") };
    println!("{:?}", person.ask(Cli::Claude, &q));
    println!("{}", server.asks().last().unwrap().model());
    for p in [
        "see @./ and bob@example.com",
        "x @./foo @.gemini bob@example.com",
        "a @.. b bob@example.com",
        "import '@./' bob@example.com",
        "@. bob@example.com",
        "path @/ bob@example.com",
        "@.\n bob@example.com",
    ] {
        let r = person.ask(Cli::Gemini, &Question::new(p));
        println!("{p:?} -> {:?} {}", server.asks().last().unwrap().user_texts(), r.is_ok());
    }
    let big = "0123456789".repeat(104_857) + "012345";
    for extra in ["", "6", "67"] {
        let q = Question::new(format!("{big}{extra}"));
        let n = server.asks().len();
        let r = person.ask(Cli::Codex, &q);
        println!("{} {:?} asks {}", q.stable[0].len(), r.map_err(|e| e), server.asks().len() - n);
    }
}
