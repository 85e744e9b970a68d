//! What reaches the vendors, and what does not.

use super::driver::{Call, Pays};
use super::installed::Cli;
use super::loopback::{Answer, Loopback};

#[test]
fn one_plain_request_per_call() {
    for cli in Cli::ALL {
        let server = Loopback::start(|_| Answer::text("forty-two"));
        let call = Call::new(cli, server.url());
        let seen = call.run();
        println!("== {cli} {:?}\n{}\n--\n{}", seen.exit, seen.stdout, seen.stderr);
        for request in server.requests() {
            println!(
                "  {request:?} {:?} sys={:?} users={:?} model={} effort={:?} tools={:?}",
                request
                    .headers
                    .iter()
                    .filter(|(n, _)| n == "authorization"
                        || n == "x-api-key"
                        || n == "x-goog-api-key"
                        || n == "content-encoding")
                    .collect::<Vec<_>>(),
                request.system(),
                request.user_texts(),
                request.model(),
                request.effort(),
                request.tools()
            );
        }
    }
}

#[test]
fn x_logins() {
    for (cli, pays) in
        [(Cli::Claude, Pays::Token), (Cli::Claude, Pays::Login), (Cli::Codex, Pays::Login), (Cli::Gemini, Pays::Token)]
    {
        let server = Loopback::start(|_| Answer::text("forty-two"));
        let call = Call { pays, ..Call::new(cli, server.url()) };
        let seen = call.run();
        println!("== {cli} {:?}\n{}\n--\n{}", seen.exit, seen.stdout, seen.stderr);
        for request in server.requests() {
            println!(
                "  {request:?} {:?} sys={:?} users={:?} model={} effort={:?} tools={:?}",
                request
                    .headers
                    .iter()
                    .filter(|(n, _)| n == "authorization"
                        || n == "x-api-key"
                        || n == "x-goog-api-key"
                        || n == "content-encoding")
                    .collect::<Vec<_>>(),
                request.system(),
                request.user_texts(),
                request.model(),
                request.effort(),
                request.tools()
            );
        }
    }
}
