//! What was acknowledged, and whether it is still stored.

use std::{
    slice,
    time::{Duration, Instant},
};

use http::Request;
use oauth_dcr::Client;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    database::Database,
    requests,
    wire::{Answer, Connection},
};

/// How many connections send requests at once.
const CONNECTIONS: usize = 8;

/// A working server refuses requests for less than this time.
const LIMIT: Duration = Duration::from_secs(20);

/// A registration whose 201 arrived completely.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) tenant: String,
    /// The body of the answer.
    body: Value,
}

impl Acknowledged {
    pub(crate) fn new(tenant: &str, answer: &Answer) -> Self {
        assert_eq!(answer.status, 201, "{answer:?}");
        Self {
            tenant: tenant.to_owned(),
            body: answer.json(),
        }
    }

    pub(crate) fn id(&self) -> &str {
        self.body["client_id"].as_str().expect("an id")
    }

    fn secret(&self) -> Option<&str> {
        self.body["client_secret"].as_str()
    }

    /// Panics unless `client` equals the registered client in every field.
    fn assert_is(&self, client: &Client) {
        let mut metadata = self.body.clone();
        let members = metadata.as_object_mut().expect("an object");
        let issued_at = members.remove("client_id_issued_at");
        for name in ["client_id", "client_secret", "client_secret_expires_at"] {
            members.remove(name);
        }
        assert_eq!(json!(client.metadata()), metadata);
        assert_eq!(Some(json!(client.issued_at().unix_seconds())), issued_at);
        assert_eq!(client.id().as_str(), self.id());
        assert_eq!(client.tenant().as_str(), self.tenant);
        match (client.secret_digest(), self.secret()) {
            (Some(digest), Some(secret)) => assert!(digest.matches(secret), "{client:?}"),
            (None, None) => {}
            _ => panic!("public and confidential: {client:?}"),
        }
    }

    /// Panics unless the server knows the client and accepts only its secret.
    async fn assert_works(&self, connection: &mut Connection) {
        let known = (400, "invalid_grant".to_owned());
        let unknown = (401, "invalid_client".to_owned());
        let (tenant, id) = (&self.tenant, self.id());
        let other = "wrong-secret-wrong-secret-wrong-secret-wrong";
        for (secret, expected) in [
            (self.secret(), known),
            // A public client has no secret to show.
            (Some(other), unknown),
        ] {
            let request = || requests::token(tenant, id, secret);
            let answer = answered(connection, request).await;
            assert_eq!(answer.refusal(), expected, "{self:?}");
        }
    }
}

/// The server's answer once its database has time for the request.
async fn answered(connection: &mut Connection, request: impl Fn() -> Request<String>) -> Answer {
    let deadline = Instant::now() + LIMIT;
    loop {
        let answer = connection.send(request()).await.unwrap();
        if answer.status != 503 {
            return answer;
        }
        assert!(Instant::now() < deadline, "{answer:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Panics unless the server at `base` knows all of them.
pub(crate) async fn assert_work(base: &str, acknowledged: &[Acknowledged]) {
    let mut tasks = JoinSet::new();
    for some in acknowledged.chunks(acknowledged.len().div_ceil(CONNECTIONS).max(1)) {
        let (base, some) = (base.to_owned(), some.to_vec());
        tasks.spawn(async move {
            let mut connection = Connection::open(&base).await.unwrap();
            for it in some {
                it.assert_works(&mut connection).await;
            }
        });
    }
    tasks.join_all().await;
}

/// Panics unless each client is stored as it was acknowledged and no other client is stored.
pub(crate) async fn assert_are_stored(acknowledged: &[Acknowledged], database: &Database) {
    let tenants = acknowledged.iter().map(|it| &*it.tenant).collect();
    let clients = database.clients(&tenants).await;
    for it in acknowledged {
        let place = (it.tenant.clone(), it.id().to_owned());
        let client = clients.get(&place);
        it.assert_is(client.unwrap_or_else(|| panic!("lost: {it:?}")));
    }
    let stored = database.assert_whole().await;
    assert_eq!(stored, clients.len(), "clients of other tenants");
}

impl Acknowledged {
    /// The form in which the assertions take a digest or a secret.
    pub(crate) fn alone(&self) -> &[Self] {
        slice::from_ref(self)
    }
}
