// SPDX-License-Identifier: MIT
//! Peer of `make bench`: hyper 0.14 on tokio's current thread, without the pool of `hyper::Client`, which costs more.
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use futures_util::future::poll_fn;
use hmac::{Hmac, Mac};
use hyper::body::HttpBody;
use hyper::client::conn::{handshake, SendRequest};
use hyper::header::{HeaderValue, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Body, Request, StatusCode, Uri};
use sha2::Sha256;
use tokio::net::TcpStream;

const BODY_SIZE: usize = 312;
const FIRST_NUMBER: u64 = 10_000_000;
const HEAD: &str = concat!(
    r#"{"event":"ticket.created","timestamp":"2025-01-15T10:30:00.000Z","data":{"ticket":{"#,
    r#""id":"0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10","number":"#
);
const SUBJECT: &str = r#","subject":"Can't reset password"#;
const END: &str = concat!(
    r#"","status":"open","priority":"high"},"#,
    r#""customer":{"email":"user@example.com","name":"Jane Smith"}}}"#
);
const PADDING: usize = BODY_SIZE - HEAD.len() - 8 - SUBJECT.len() - END.len();

type Failure = Box<dyn Error + Send + Sync>;

/// The number of the next request, and the one where this run ends.
static NEXT: AtomicU64 = AtomicU64::new(FIRST_NUMBER);
static LIMIT: AtomicU64 = AtomicU64::new(FIRST_NUMBER);

fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = Vec::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 15)]);
    }
    text
}

/// One connection, and what its requests have in common.
struct Sender {
    connection: SendRequest<Body>,
    path: Uri,
    host: HeaderValue,
    keyed: Hmac<Sha256>,
}

async fn connect(uri: &Uri) -> Result<Sender, Failure> {
    let (host, port) = uri.host().zip(uri.port_u16()).ok_or("URL needs a host and a port")?;
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let (connection, driver) = handshake(stream).await?;
    tokio::spawn(driver); // its errors are seen by the request
    Ok(Sender {
        connection,
        path: uri.path_and_query().map_or("/", |path| path.as_str()).parse()?,
        host: HeaderValue::try_from(format!("{host}:{port}"))?,
        keyed: Hmac::new_from_slice(b"benchmark secret")?,
    })
}

/// Posts as long as there are numbers, one request after the other.
async fn send(mut sender: Sender) -> Result<Sender, Failure> {
    loop {
        let number = NEXT.load(Relaxed);
        if number == LIMIT.load(Relaxed) {
            return Ok(sender);
        }
        NEXT.store(number + 1, Relaxed); // there is only this thread

        let mut body = String::with_capacity(BODY_SIZE);
        let digits = number.to_string();
        body.push_str(HEAD);
        body.push_str(&digits);
        body.push_str(SUBJECT);
        body.extend(std::iter::repeat('x').take(PADDING));
        body.push_str(END);
        let signature = hex(&sender.keyed.clone().chain_update(&body).finalize().into_bytes());
        let delivery = "3f0a5c8e-52d1-4c77-8e0b-0000".to_owned() + &digits;
        let request = Request::post(sender.path.clone())
            .header(HOST, sender.host.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header("x-helmdesk-event", HeaderValue::from_static("ticket.created"))
            .header("x-helmdesk-signature", HeaderValue::try_from(signature)?)
            .header("x-helmdesk-delivery", HeaderValue::try_from(delivery)?)
            .header(USER_AGENT, HeaderValue::from_static("bench"))
            .body(Body::from(body))?;

        poll_fn(|context| sender.connection.poll_ready(context)).await?;
        let mut response = sender.connection.send_request(request).await?;
        while let Some(part) = response.body_mut().data().await {
            part?;
        }
        if response.status() != StatusCode::OK {
            return Err(format!("the status is {}", response.status()).into());
        }
    }
}

async fn run(senders: Vec<Sender>, count: u64) -> Result<Vec<Sender>, Failure> {
    LIMIT.fetch_add(count, Relaxed);
    let tasks: Vec<_> = senders.into_iter().map(|sender| tokio::spawn(send(sender))).collect();
    let mut senders = Vec::with_capacity(tasks.len());
    for task in tasks {
        senders.push(task.await??);
    }
    Ok(senders)
}

fn cpu_us() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock writes into `now` and keeps nothing.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut now) };
    now.tv_sec * 1_000_000 + now.tv_nsec / 1000
}

async fn bench(arguments: &[String]) -> Result<(), Failure> {
    let (uri, count, connections, warmup): (Uri, u64, usize, u64) = match arguments {
        [url, count, connections, warmup] => (url.parse()?, count.parse()?, connections.parse()?, warmup.parse()?),
        _ => return Err("usage: hyper URL COUNT CONNECTIONS WARMUP".into()),
    };
    if connections == 0 {
        return Err("CONNECTIONS is at least 1".into());
    }
    let mut senders = Vec::with_capacity(connections);
    for _ in 0..connections {
        senders.push(connect(&uri).await?);
    }

    senders = run(senders, warmup).await?;
    let (cpu, wall) = (cpu_us(), Instant::now());
    run(senders, count).await?;
    println!("{} {} {}", count, cpu_us() - cpu, wall.elapsed().as_micros());
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    if let Err(why) = runtime
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(bench(&arguments)))
    {
        eprintln!("hyper: {why}");
        std::process::exit(1);
    }
}
