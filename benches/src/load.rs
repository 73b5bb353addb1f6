//! The load: the same request, again and again, over a few connections that stay open.

use std::{
    fmt,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use crate::{cores::TICKS_PER_SECOND, fixtures::PUBLIC};

/// One thread with one request under way on each connection. It reads the answer on a connection, sends the
/// next request there, and goes on to the next connection. No connection waits long, because the server has
/// one thread too and serves the connections in turn.
pub(crate) struct Load {
    connections: Vec<Connection>,
    request: Vec<u8>,
    buffer: [u8; 4096],
}

/// A connection, and the time when its current request was sent.
struct Connection {
    stream: TcpStream,
    sent: Instant,
}

/// What a server did in all its slices.
#[derive(Default)]
pub struct Measured {
    requests: u32,
    /// The latency of each request.
    latencies: Vec<Duration>,
    /// The length of an answer in bytes: head and body.
    pub answer: usize,
    wall: Duration,
    /// The CPU time of the server.
    pub cpu: Duration,
    /// How long the server's core was idle.
    pub idle_ticks: u32,
}

impl Load {
    pub(crate) fn connect(server: SocketAddr, connections: usize) -> io::Result<Self> {
        let connect = |_| {
            let stream = TcpStream::connect(server)?;
            stream.set_nodelay(true)?;
            let sent = Instant::now();
            Ok(Connection { stream, sent })
        };
        let connections: io::Result<_> = (0..connections).map(connect).collect();
        let request = format!(
            "POST /oidc/register HTTP/1.1\r\nhost: auth.example.com\r\naccept: */*\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{PUBLIC}",
            PUBLIC.len()
        );
        Ok(Self {
            connections: connections?,
            request: request.into_bytes(),
            buffer: [0; 4096],
        })
    }

    /// Sends requests for the duration of `time`, and adds the figures to `measured`.
    pub(crate) fn run(&mut self, time: Duration, measured: &mut Measured) -> io::Result<()> {
        let start = Instant::now();
        for connection in &mut self.connections {
            connection.send(&self.request)?;
        }
        while start.elapsed() < time {
            for connection in &mut self.connections {
                measured.answer = connection.receive(&mut self.buffer)?;
                measured.latencies.push(connection.sent.elapsed());
                measured.requests += 1;
                connection.send(&self.request)?;
            }
        }
        measured.wall += start.elapsed();
        for connection in &mut self.connections {
            connection.receive(&mut self.buffer)?;
        }
        Ok(())
    }
}

impl Connection {
    fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.sent = Instant::now();
        self.stream.write_all(request)
    }

    /// Reads one whole answer, and returns its length. An answer other than 201 is an error.
    fn receive(&mut self, buffer: &mut [u8; 4096]) -> io::Result<usize> {
        let (mut filled, mut whole) = (0, None);
        while whole.is_none_or(|whole| filled < whole) {
            let read = self.stream.read(&mut buffer[filled..])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if whole.is_none() {
                whole = length(&buffer[..filled])?;
            }
        }
        Ok(filled)
    }
}

/// The length of the answer that begins with `bytes`. `None` if the head is not complete yet.
fn length(bytes: &[u8]) -> io::Result<Option<usize>> {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = str::from_utf8(&bytes[..head]).map_err(io::Error::other)?;
    if !text.starts_with("HTTP/1.1 201 ") {
        return Err(io::Error::other(text.to_owned()));
    }
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let body: usize = length.ok_or_else(|| io::Error::other("an answer without length"))?;
    Ok(Some(head + 4 + body))
}

impl Measured {
    /// Requests a second.
    pub fn rate(&self) -> f64 {
        f64::from(self.requests) / self.wall.as_secs_f64()
    }

    /// The CPU time of one request.
    pub fn cpu_each(&self) -> Duration {
        self.cpu / self.requests
    }

    /// The time within which 99 of 100 requests were answered.
    pub fn p99(&self) -> Duration {
        let mut latencies = self.latencies.clone();
        let at = latencies.len() * 99 / 100;
        *latencies.select_nth_unstable(at).1
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let idle = f64::from(self.idle_ticks) / TICKS_PER_SECOND / self.wall.as_secs_f64();
        let busy = (1.0 - idle) * 100.0;
        let (rate, p99, cpu) = (self.rate(), self.p99(), self.cpu_each());
        write!(f, "{rate:6.0} ({busy:3.0} %) {p99:>7.1?} {cpu:>7.1?}")
    }
}
