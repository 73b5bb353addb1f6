//! Uses everything in a folder that [`write`](crate::write) filled, maybe in another build.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};

use oauth_dcr::{
    Client, Owner, Registrar, TenantSettings,
    authorization::{AuthorizationDecision, AuthorizationError, CodeBinding},
    sqlite::SqliteStore,
    token::{DeviceBinding, Lookup, RefreshBinding, RefreshFamily, RefreshTokenAction, TokenGrant},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    fixed::NOW,
    made::{self, Made},
    requests::{Differs, authorize, exchange_code, redeem_device_code, refresh},
    shapes,
    write::{TIMEOUT, mark_used, owner},
};

/// Clients on one page of a list.
const PAGE: u32 = 100;

/// How many clients are used at the same time.
const AT_ONCE: usize = 100;

pub(crate) async fn read(folder: &Path) {
    let made = made::load(folder);
    let store = folder.join("clients.sqlite3");
    let store = SqliteStore::open_with_timeout(store, TIMEOUT)
        .await
        .unwrap();
    let registrar = shapes::registrar(store);
    use_documents(&registrar, folder, &made).await;
    use_store(registrar, made).await;
}

/// Checks that a store contains exactly the clients in `made`, and that each can be used, up to its
/// removal.
pub(crate) async fn use_store(registrar: Registrar, made: Vec<Made>) {
    for tenant in shapes::settings().tenants() {
        let owner = owner(&registrar, tenant.id.as_str()).await;
        assert_listed(&owner, &made).await;
    }
    let mut left = made.into_iter().peekable();
    while left.peek().is_some() {
        let mut tasks = JoinSet::new();
        for made in left.by_ref().take(AT_ONCE) {
            let registrar = registrar.clone();
            tasks.spawn(async move { use_up(&registrar, &made).await });
        }
        tasks.join_all().await;
    }
    for tenant in shapes::settings().tenants() {
        let owner = owner(&registrar, tenant.id.as_str()).await;
        assert_eq!(list(&owner).await, []);
    }
}

/// All clients of a tenant, page by page.
async fn list(owner: &Owner) -> Vec<Arc<Client>> {
    let mut clients = Vec::new();
    let mut next = None;
    loop {
        let page = owner.list(next.as_ref(), PAGE).await.unwrap();
        assert_eq!(page.unreadable, []);
        clients.extend(page.clients);
        next = page.next;
        if next.is_none() {
            return clients;
        }
    }
}

async fn assert_listed(owner: &Owner, made: &[Made]) {
    let tenant = &owner.settings().id;
    let document = |client: &Arc<Client>| {
        let document = serde_json::to_value(&**client).unwrap();
        (client.id().as_str().to_owned(), document)
    };
    let listed: Vec<(String, Value)> = list(owner).await.iter().map(document).collect();
    let made = made.iter().filter(|made| made.tenant() == *tenant);
    let made: BTreeMap<String, Value> = made
        .map(|made| (made.id().as_str().to_owned(), made.document.clone()))
        .collect();
    assert!(
        listed.into_iter().eq(made),
        "the list of the tenant {tenant}"
    );
}

/// Uses a client in every way.
async fn use_up(registrar: &Registrar, made: &Made) {
    let (tenant, id) = (made.tenant(), made.id());
    let owner = owner(registrar, tenant.as_str()).await;
    let found = registrar.find(&tenant, &id).await.unwrap();
    let found = found.unwrap_or_else(|| panic!("{id} is gone"));
    assert_eq!(serde_json::to_value(&*found).unwrap(), made.document);

    if made.is_blocked() {
        let refusal = authorize(owner.settings(), &found, &[]).unwrap_err();
        assert_eq!(refusal.error(), AuthorizationError::Blocked);
    } else {
        owner.block(&id).await.unwrap();
        assert!(owner.find(&id).await.unwrap().is_blocked());
    }
    owner.unblock(&id).await.unwrap();
    let client = owner.find(&id).await.unwrap();
    assert!(!client.is_blocked());

    for secret in secrets(&client, made) {
        use_flow(owner.settings(), &client, secret);
    }
    mark_used(registrar, &owner, &id, NOW).await;

    let method = client.metadata().token_endpoint_auth_method().as_str();
    let request = shapes::named("Updated").token_endpoint_auth_method(method);
    let updated = owner.update(&client, request).await.unwrap();
    let updated = updated.client();
    assert_eq!(updated.metadata().client_name(), Some("Updated"));
    assert_eq!(updated.revision(), client.revision() + 1);

    if !client.is_public() {
        let rotated = owner.rotate_secret(&id, Duration::ZERO).await.unwrap();
        let secret = rotated.secret().unwrap().expose();
        use_flow(owner.settings(), rotated.client(), Some(secret));
    }
    owner.delete(&id).await.unwrap();
    assert_eq!(registrar.find(&tenant, &id).await.unwrap(), None);
}

/// The client's credentials: each of its secrets, or none.
fn secrets<'a>(client: &Client, made: &'a Made) -> Vec<Option<&'a str>> {
    let secrets: Vec<_> = made.secrets.iter().map(|it| Some(it.as_str())).collect();
    assert_eq!(secrets.is_empty(), client.is_public());
    if client.is_public() {
        vec![None]
    } else {
        secrets
    }
}

/// An authorization request, a code and a refresh token.
fn use_flow(tenant: &TenantSettings, client: &Client, secret: Option<&str>) {
    let decision = authorize(tenant, client, &[]).unwrap();
    assert_eq!(decision.client_id(), client.id());
    let lifetime = Duration::from_mins(1);
    let code = decision.approve().code_binding(NOW, lifetime).unwrap();
    use_code(tenant, client, secret, &[], &code);
}

pub(crate) fn use_code(
    tenant: &TenantSettings,
    client: &Client,
    secret: Option<&str>,
    differs: &Differs,
    code: &CodeBinding,
) {
    let issued = exchange_code(tenant, client, secret, differs, |grant| match grant {
        TokenGrant::AuthorizationCode(exchange) => exchange.check(Lookup::Active(code)),
        other => panic!("{other:?}"),
    });
    let issued = issued.unwrap();
    assert_eq!(issued.access(), code.access());
    assert_eq!(issued.nonce(), Some("nonce-1"));
    assert_eq!(issued.refresh_token(), RefreshTokenAction::Issue);
    let token = issued.refresh_binding(NOW, Duration::from_mins(1)).unwrap();
    let family = issued.refresh_family().unwrap();
    use_refresh_token(tenant, client, secret, (&token, family));
}

pub(crate) fn use_refresh_token(
    tenant: &TenantSettings,
    client: &Client,
    secret: Option<&str>,
    (token, family): (&RefreshBinding, RefreshFamily),
) {
    let issued = refresh(tenant, client, secret, |grant| match grant {
        TokenGrant::RefreshToken(exchange) => exchange.check(Some((token, family))),
        other => panic!("{other:?}"),
    });
    assert_eq!(issued.unwrap().access(), token.access());
}

pub(crate) fn use_device_code(
    tenant: &TenantSettings,
    client: &Client,
    secret: Option<&str>,
    device: &DeviceBinding,
) {
    let issued = redeem_device_code(tenant, client, secret, |grant| match grant {
        TokenGrant::DeviceCode(exchange) => exchange.check(Lookup::Active(device)),
        other => panic!("{other:?}"),
    });
    assert_eq!(issued.unwrap().access(), device.access());
}

/// The documents of a folder, and how many of each kind were read.
struct Documents<'a> {
    folder: &'a Path,
    read: BTreeMap<&'static str, usize>,
}

impl Documents<'_> {
    /// The document of a shape, if it exists.
    fn read<T: DeserializeOwned>(&mut self, kind: &'static str, shape: &str) -> Option<T> {
        let path = self.folder.join(kind).join(format!("{shape}.json"));
        let text = fs::read_to_string(path).ok()?;
        *self.read.entry(kind).or_default() += 1;
        let read = serde_json::from_str(&text);
        Some(read.unwrap_or_else(|error| panic!("{kind}/{shape}.json: {error}")))
    }

    fn assert_all_were_read(&self) {
        for kind in [
            "clients",
            "decisions",
            "code_bindings",
            "refresh_bindings",
            "refresh_families",
            "device_bindings",
        ] {
            let files = fs::read_dir(self.folder.join(kind)).unwrap().count();
            assert_eq!(self.read.get(kind), Some(&files), "{kind}");
        }
    }
}

/// Passes every document to the check for which a host saves it.
async fn use_documents(registrar: &Registrar, folder: &Path, made: &[Made]) {
    let mut documents = Documents {
        folder,
        read: BTreeMap::new(),
    };
    for shape in shapes::all() {
        let owner = owner(registrar, shape.tenant).await;
        let tenant = owner.settings();
        let read: Client = documents.read("clients", shape.name).unwrap();
        let made = made.iter().find(|it| it.id() == *read.id()).unwrap();
        let (client, secret) = (&*owner.find(read.id()).await.unwrap(), made.secret());
        assert_eq!(*client, read);
        if let Some(decision) = documents.read("decisions", shape.name) {
            assert_eq!(authorize(tenant, client, shape.differs).unwrap(), decision);
            use_decision(tenant, client, secret, shape.differs, decision);
        }
        if let Some(code) = documents.read("code_bindings", shape.name) {
            use_code(tenant, client, secret, shape.differs, &code);
        }
        if let Some(token) = documents.read("refresh_bindings", shape.name) {
            let family = documents.read("refresh_families", shape.name).unwrap();
            use_refresh_token(tenant, client, secret, (&token, family));
        }
        if let Some(device) = documents.read("device_bindings", shape.name) {
            use_device_code(tenant, client, secret, &device);
        }
    }
    documents.assert_all_were_read();
}

pub(crate) fn use_decision(
    tenant: &TenantSettings,
    client: &Client,
    secret: Option<&str>,
    differs: &Differs,
    decision: AuthorizationDecision,
) {
    let consent = decision.consent(client).unwrap();
    assert_eq!(consent.client_name, client.metadata().client_name());
    let code = decision.approve().code_binding(NOW, Duration::from_mins(1));
    use_code(tenant, client, secret, differs, &code.unwrap());
}
