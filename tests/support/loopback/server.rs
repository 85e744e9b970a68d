//! The server: one thread, one port, a record of everything that came.

use super::answer::{Answer, Turn};
use super::request::{Request, Vendor};
use super::wire::{Frame, Response};
use super::{anthropic, gemini, openai};
use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

type Script = dyn Fn(&Request) -> Answer + Send + Sync;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Requests so far, a signal for each more, and what those that asked a model were answered.
#[derive(Default)]
struct Record {
    requests: Mutex<Vec<Request>>,
    more: Condvar,
    answers: Mutex<Vec<(Request, Answer)>>,
}

/// A running stand-in. It stops, and breaks every connection, when it is dropped.
pub struct Loopback {
    address: SocketAddr,
    record: Arc<Record>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Loopback {
    /// Starts on a free port of 127.0.0.1. The script answers the requests that ask a model.
    pub fn start(script: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let record = Arc::new(Record::default());
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = {
            let (record, script): (_, Arc<Script>) = (Arc::clone(&record), Arc::new(script));
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async move {
                    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
                    tell.send(listener.local_addr().unwrap()).unwrap();
                    tokio::select! {
                        () = accept(listener, record, script) => {}
                        _ = stopped => {}
                    }
                });
                runtime.shutdown_background();
            })
        };
        Self { address: told.recv().unwrap(), record, stop: Some(stop), thread: Some(thread) }
    }

    /// The address without a path: what ANTHROPIC_BASE_URL and GOOGLE_GEMINI_BASE_URL take.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that came so far, start-up traffic included.
    pub fn requests(&self) -> Vec<Request> {
        self.record.requests.lock().unwrap().clone()
    }

    /// Those that asked a model.
    pub fn asks(&self) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.asks.is_some()).collect()
    }

    /// Those that asked a model, each with what it was answered.
    pub fn answers(&self) -> Vec<(Request, Answer)> {
        self.record.answers.lock().unwrap().clone()
    }

    /// Waits until so many requests have asked a model.
    ///
    /// # Panics
    /// They did not come within two minutes.
    pub fn wait_for_asks(&self, count: usize) {
        let asked = |requests: &Vec<Request>| requests.iter().filter(|request| request.asks.is_some()).count();
        let guard = self.record.requests.lock().unwrap();
        let limit = Duration::from_secs(120);
        let (guard, _) = self.record.more.wait_timeout_while(guard, limit, |all| asked(all) < count).unwrap();
        assert!(asked(&guard) >= count, "{} of {count} requests came: {guard:?}", asked(&guard));
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// An address that refuses connections, for as long as the returned socket lives: it holds the port and
/// does not listen.
pub fn dead_address() -> (tokio::net::TcpSocket, String) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    (socket, url)
}

async fn accept(listener: tokio::net::TcpListener, record: Arc<Record>, script: Arc<Script>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (record, script) = (Arc::clone(&record), Arc::clone(&script));
        tokio::spawn(async move {
            let service =
                hyper::service::service_fn(|request| serve(request, Arc::clone(&record), Arc::clone(&script)));
            // An error is a CLI that went away, or a connection that a script broke.
            let _ = hyper::server::conn::http1::Builder::new()
                .half_close(true)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
                .await;
        });
    }
}

type Reply = hyper::Response<Channel<Bytes, BoxError>>;

/// What comes through the tunnel is served as if it came by itself: this is a proxy to nowhere else.
fn tunnel(incoming: hyper::Request<Incoming>, record: Arc<Record>, script: Arc<Script>) {
    tokio::spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(incoming).await else { return };
        let service = hyper::service::service_fn(|request| serve(request, Arc::clone(&record), Arc::clone(&script)));
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(upgraded, service).await;
    });
}

async fn serve(
    incoming: hyper::Request<Incoming>,
    record: Arc<Record>,
    script: Arc<Script>,
) -> Result<Reply, BoxError> {
    if incoming.method() == hyper::Method::CONNECT {
        tunnel(incoming, record, script);
        let (_, body) = Channel::new(1);
        return Ok(hyper::Response::new(body));
    }
    let mut request = receive(incoming).await?;
    {
        let mut requests = record.requests.lock().unwrap();
        request.nth = requests.iter().filter(|earlier| earlier.asks.is_some()).count();
        requests.push(request.clone());
        record.more.notify_all();
    }
    let response = match request.asks {
        None => side(&request),
        Some(vendor) => match answer(&request, &record, &*script) {
            Answer::Turn(turn) => say(vendor, &request, &turn),
            Answer::Fault(fault) => match vendor {
                Vendor::Anthropic => anthropic::fault(fault, &request),
                Vendor::OpenAi => openai::fault(fault, &request),
                Vendor::Gemini | Vendor::GoogleLogin => gemini::fault(fault, &request),
            },
            Answer::Raw { status, headers, body } => Response { status, headers, frames: vec![Frame::Bytes(body)] },
            Answer::Silence => std::future::pending().await,
            Answer::HangUp => return Err("hung up".into()),
        },
    };
    let mut builder = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    let (sender, body) = Channel::new(16);
    tokio::spawn(play(response.frames, sender));
    Ok(builder.body(body)?)
}

/// What the script says, written down.
fn answer(request: &Request, record: &Record, script: &Script) -> Answer {
    let answer = script(request);
    record.answers.lock().unwrap().push((request.clone(), answer.clone()));
    answer
}

async fn play(frames: Vec<Frame>, mut sender: Sender<Bytes, BoxError>) {
    for frame in frames {
        match frame {
            Frame::Bytes(bytes) => {
                if sender.send_data(bytes.into()).await.is_err() {
                    return;
                }
            }
            Frame::Wait(gate) => gate.pass().await,
            Frame::Cut => {
                // What was sent leaves this machine's buffers first: the connection's task shares this
                // thread, and sends whenever this one yields.
                for _ in 0..16 {
                    tokio::task::yield_now().await;
                }
                return sender.abort("cut".into());
            }
            Frame::Stall => {
                // Holding the sender keeps the body, and so the connection, open.
                std::future::pending::<Infallible>().await;
            }
        }
    }
}

fn say(vendor: Vendor, request: &Request, turn: &Turn) -> Response {
    match vendor {
        Vendor::Anthropic => anthropic::say(request, turn),
        Vendor::OpenAi => openai::say(request, turn),
        Vendor::Gemini | Vendor::GoogleLogin => gemini::say(request, turn),
    }
}

async fn receive(incoming: hyper::Request<Incoming>) -> Result<Request, BoxError> {
    let (head, body) = incoming.into_parts();
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut body = body.collect().await?.to_bytes().to_vec();
    if headers.iter().any(|(name, value)| name == "content-encoding" && value == "zstd") {
        let packed = body;
        body = Vec::new();
        ruzstd::decoding::StreamingDecoder::new(packed.as_slice())?.read_to_end(&mut body)?;
    }
    let path = head.uri.path().to_owned();
    let asks = (head.method == hyper::Method::POST).then(|| model_endpoint(&path)).flatten();
    Ok(Request {
        method: head.method.to_string(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        json: serde_json::from_slice(&body).unwrap_or(Value::Null),
        path,
        headers,
        body,
        asks,
        nth: 0,
    })
}

/// Whose model a path asks, if it asks one.
fn model_endpoint(path: &str) -> Option<Vendor> {
    if path.ends_with("/v1/messages") {
        Some(Vendor::Anthropic)
    } else if path.ends_with("/responses") {
        Some(Vendor::OpenAi)
    } else if path.ends_with("enerateContent") {
        Some(if path.contains("v1internal") { Vendor::GoogleLogin } else { Vendor::Gemini })
    } else {
        None
    }
}

/// Start-up traffic, answered as the vendors do for an account without anything special.
fn side(request: &Request) -> Response {
    let (method, path) = (request.method.as_str(), request.path.as_str());
    if method == "HEAD" {
        Response { status: 200, headers: Vec::new(), frames: Vec::new() }
    } else if method == "GET" && path.ends_with("/responses") {
        // A WebSocket is asked for: this is how the vendor says "use HTTP".
        Response::json(426, &json!({ "error": { "message": "use HTTP", "type": "invalid_request_error" } }))
    } else if method == "GET" && path.ends_with("/models") {
        Response::json(200, &json!({ "models": [], "object": "list", "data": [] }))
    } else if let Some(response) = gemini::side(request) {
        response
    } else {
        Response::json(404, &json!({ "error": { "message": format!("no {path} here"), "type": "not_found_error" } }))
    }
}
