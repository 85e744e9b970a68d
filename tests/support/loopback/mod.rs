//! A stand-in of the three vendors' HTTP APIs on the loopback interface, for the real CLIs to talk to.
//!
//! One [`Loopback`] speaks Anthropic Messages, OpenAI Responses and Gemini (keys and Google logins) on
//! one port, told apart by path. Each request to a model is recorded and handed to a script, which says
//! how to answer; start-up traffic (model lists, account checks, connectivity probes) is recorded too,
//! and answered as the vendor would. The shapes are those that the vendors document, as far as the CLIs
//! look at them.

mod answer;
mod anthropic;
mod consensus;
mod gate;
mod gemini;
mod openai;
mod phase;
mod request;
mod server;
mod told;
mod wire;

pub use answer::{Answer, Ending, Fault, Part, Turn};
pub use consensus::consensus;
pub use gate::Gate;
pub use phase::Phase;
pub use request::{Request, Vendor};
pub use server::{Loopback, dead_address};
pub use told::Told;
pub use wire::{tokens, words};
