//! A connection of HTTP/1, written and read byte by byte.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{answer::Answer, servers::Server};

/// The time limit of every wait: only a failed test waits that long.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The most bytes of an endless body that a server may take.
pub(crate) const MOST_TAKEN: usize = 16 << 20;

pub(crate) async fn within<T>(what: &str, done: impl Future<Output = T>) -> T {
    let done = timeout(TIMEOUT, done).await;
    done.unwrap_or_else(|_| panic!("{what}: it takes too long"))
}

pub(crate) struct Line {
    pub(crate) stream: TcpStream,
    /// Received bytes that were not parsed yet.
    read: Vec<u8>,
}

impl Line {
    pub(crate) async fn open(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).await.unwrap();
        // Sends each piece at once.
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            read: Vec::new(),
        }
    }

    /// A server that answers early may have closed the connection, so a failed write is no error
    /// here.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _sent = within("writing", self.stream.write_all(bytes)).await;
    }

    /// Sends `piece` again and again until an answer begins.
    pub(crate) async fn send_until_answered(&mut self, piece: &[u8]) {
        let (mut reader, mut writer) = self.stream.split();
        let mut taken = 0;
        loop {
            let read = reader.read_buf(&mut self.read);
            let step = async {
                tokio::select! {
                    biased;
                    read = read => Some(read.expect("an answer")),
                    written = writer.write_all(piece) => {
                        taken += usize::from(written.is_ok());
                        None
                    }
                }
            };
            if let Some(read) = within("an answer", step).await {
                assert_ne!(read, 0, "the connection ended without an answer");
                return;
            }
            // The kernels' buffers also take bytes, and their sizes differ from machine to machine.
            assert!(
                taken * piece.len() < MOST_TAKEN,
                "the server never stops reading"
            );
        }
    }

    /// Sends `piece` again and again until the server has ended the connection.
    pub(crate) async fn send_until_ended(&mut self, piece: &[u8]) {
        let ended = async { while self.stream.write_all(piece).await.is_ok() {} };
        within("the end of the connection", ended).await;
    }

    /// The next answer; `is_head` says that the request was HEAD.
    pub(crate) async fn answer(&mut self, is_head: bool) -> Answer {
        let answer = within("an answer", self.next(is_head)).await;
        answer.expect("the connection ended without an answer")
    }

    async fn next(&mut self, is_head: bool) -> Option<Answer> {
        let head = loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break self.read.drain(..end + 4).collect::<Vec<u8>>();
            }
            if self.more().await.unwrap_or(0) == 0 {
                assert!(self.read.is_empty(), "the connection ended within a head");
                return None;
            }
        };
        let head = String::from_utf8(head).expect("a head is text");
        let mut lines = head.trim_end().split("\r\n");
        let line = lines.next().unwrap().to_owned();
        let field = |line: &str| {
            let (name, value) = line.split_once(": ").expect("a field");
            (name.to_owned(), value.to_owned())
        };
        let headers: Vec<_> = lines.map(field).collect();
        let has_body = !is_head && !line.contains(" 204 ") && !line.contains(" 100 ");
        let length = if has_body { length(&headers) } else { 0 };
        while self.read.len() < length {
            let more = self.more().await.unwrap_or(0);
            assert_ne!(more, 0, "the connection ended within a body");
        }
        let body: Vec<u8> = self.read.drain(..length).collect();
        Some(Answer::new(line, headers, &body))
    }

    /// Waits for the end of the connection. Panics if more bytes arrive first.
    pub(crate) async fn ended(&mut self) {
        let more = within("the end of the connection", self.more()).await;
        // Closing a connection that has unread bytes resets it.
        assert_eq!(more.unwrap_or(0), 0, "bytes after the last answer");
        assert!(self.read.is_empty(), "bytes after the last answer");
    }

    async fn more(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.read).await
    }
}

fn length(headers: &[(String, String)]) -> usize {
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let (_, length) = length.expect("an answer with a length");
    length.parse().expect("a length")
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|it| it == wanted)
}
