//! A connection of HTTP/2.

use std::fmt::Display;

use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::{
    body::{Body, Incoming},
    client::conn::http2::{SendRequest, handshake},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::{answer::Answer, http1::within, servers::Server};

/// Clones share the connection.
pub(crate) struct Streams<B>(SendRequest<B>);

impl<B> Clone for Streams<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<B> Streams<B>
where
    B: Body<Error: std::error::Error + Send + Sync + 'static, Data: Send> + Send + Unpin + 'static,
{
    pub(crate) async fn open(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let handshake = handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = within("the handshake", handshake).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    pub(crate) async fn send(&mut self, request: Request<B>) -> Answer {
        let response = self.try_send(request).await;
        response.unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    pub(crate) async fn try_send(&mut self, request: Request<B>) -> Result<Answer, impl Display> {
        within("a stream", self.0.ready()).await?;
        read(within("an answer", self.0.send_request(request)).await?).await
    }
}

async fn read(response: Response<Incoming>) -> Result<Answer, hyper::Error> {
    let (head, body) = response.into_parts();
    let body = within("a body", body.collect()).await?.to_bytes();
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
    };
    let headers = head.headers.iter().map(text).collect();
    Ok(Answer::new(
        format!("HTTP/2 {}", head.status.as_str()),
        headers,
        &body,
    ))
}
