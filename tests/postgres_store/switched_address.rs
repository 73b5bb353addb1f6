//! An address in front of several servers, like a proxy or a virtual IP.

use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};

/// Leads new connections to one server. Existing connections stay with their server.
pub(crate) struct SwitchedAddress {
    start: String,
    here: String,
    server: Arc<Mutex<String>>,
}

impl SwitchedAddress {
    /// Leads to the server of `url`.
    pub(crate) async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap().to_string();
        let (start, server, database) = parts(url);
        let server = Arc::new(Mutex::new(server.to_owned()));
        tokio::spawn(lead(listener, Arc::clone(&server)));
        Self {
            start: start.to_owned(),
            here: format!("{here}/{database}"),
            server,
        }
    }

    /// The URL of the database behind this address.
    pub(crate) fn url(&self) -> String {
        format!("{}@{}", self.start, self.here)
    }

    /// From now on, leads to the server of `url`.
    pub(crate) fn switch_to(&self, url: &str) {
        let (_, server, _) = parts(url);
        server.clone_into(&mut self.server.lock().unwrap());
    }
}

/// The user with the password, the server and the database.
fn parts(url: &str) -> (&str, &str, &str) {
    let (start, rest) = url.rsplit_once('@').unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    (start, server, database)
}

async fn lead(listener: TcpListener, server: Arc<Mutex<String>>) {
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let server = server.lock().unwrap().clone();
        tokio::spawn(async move {
            if let Ok(mut server) = TcpStream::connect(&server).await {
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                // The forwarding ends when one side ends.
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}
