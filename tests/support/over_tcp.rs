//! An HTTP client over loopback that follows no redirect.

use bytes::Bytes;
use http::{Request, Response, header::HOST};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// An HTTP client that opens a connection for each request.
pub(crate) async fn over_tcp(request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, hyper::Error> {
    let authority = request.uri().authority().unwrap().to_string();
    let stream = TcpStream::connect(&authority).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);

    let (mut head, body) = request.into_parts();
    head.headers.insert(HOST, authority.parse().unwrap());
    head.uri = head.uri.path_and_query().unwrap().as_str().parse().unwrap();
    let request = Request::from_parts(head, Full::new(Bytes::from(body)));

    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Response::from_parts(head, body.into()))
}
