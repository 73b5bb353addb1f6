//! Fills a folder: a store, the list of its clients, and documents that a host saves.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use oauth_dcr::{
    Client, ClientId, MarkOutcome, Owner, Registered, Registrar, RegistrationRequest, Timestamp,
    access::AccessRequest,
    acl::Signals,
    sqlite::SqliteStore,
    tenants::TenantSelector,
    token::{DeviceBinding, Lookup, TokenGrant},
    types::{ErrorRedirectPolicy, GrantType},
};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::{
    fixed::NOW,
    made::{self, Made},
    requests::{authorize, exchange_code, refresh},
    shapes::{self, API, Shape, tenant},
};

/// The timeout of calls to the store. The machine may be busy.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(2);

/// How many names are registered at the same time.
const AT_ONCE: usize = 200;

/// The lifetime of codes, tokens and secrets that are written for another build.
const LIFETIME: Duration = Duration::from_mins(10);

/// `names` are the names of further clients.
pub(crate) async fn write(folder: &Path, names: &[String]) {
    fs::create_dir_all(folder).unwrap();
    let store = folder.join("clients.sqlite3");
    let store = SqliteStore::open_with_timeout(store, TIMEOUT)
        .await
        .unwrap();
    let registrar = shapes::registrar(store);
    let mut made = shapes_into(&registrar, folder).await;
    made.extend(names_into(&registrar, names).await);
    made::save(&made, folder);
}

/// Registers the shapes, and writes the documents that a host saves for each.
async fn shapes_into(registrar: &Registrar, folder: &Path) -> Vec<Made> {
    let mut made = Vec::new();
    for shape in shapes::all() {
        let (client, secrets) = register_shape(registrar, &shape).await;
        save(folder, "clients", shape.name, &*client);
        if !client.is_blocked() {
            let secret = secrets.first().map(String::as_str);
            save_documents(registrar, folder, &shape, &client, secret).await;
        }
        made.push(Made::new(&client, secrets));
    }
    made
}

async fn register(registrar: &Registrar, tenant_id: &str, it: RegistrationRequest) -> Registered {
    let tenant = tenant(tenant_id);
    let selector = TenantSelector::Id(&tenant);
    let admission = registrar.admit(selector, Signals::new()).await.unwrap();
    admission.register(it).await.unwrap()
}

pub(crate) async fn owner(registrar: &Registrar, tenant_id: &str) -> Owner {
    let tenant = tenant(tenant_id);
    let owner = registrar.owner(TenantSelector::Id(&tenant)).await;
    owner.unwrap()
}

/// The client of a shape after all changes, and its valid secrets.
async fn register_shape(registrar: &Registrar, shape: &Shape) -> (Arc<Client>, Vec<String>) {
    let registered = register(registrar, shape.tenant, shape.request.clone()).await;
    let owner = owner(registrar, shape.tenant).await;
    let id = registered.client().id();
    let mut secrets = Vec::from_iter(registered.secret().map(|it| it.expose().to_owned()));
    match shape.name {
        "blocked" => {
            owner.block(id).await.unwrap();
        }
        "redirection_policy" => {
            let policy = ErrorRedirectPolicy::AllowAlways;
            owner.set_error_redirect_policy(id, policy).await.unwrap();
        }
        "rotated_secret" => {
            let rotated = owner.rotate_secret(id, Owner::MAX_OVERLAP).await.unwrap();
            secrets.insert(0, rotated.secret().unwrap().expose().to_owned());
        }
        "updated" => {
            let request = shapes::named("After the update");
            owner.update(registered.client(), request).await.unwrap();
        }
        "used" => {
            let until = NOW.saturating_add(LIFETIME);
            mark_used(registrar, &owner, id, until).await;
        }
        _ => {}
    }
    (owner.find(id).await.unwrap(), secrets)
}

/// Records that a user has a grant until `until`.
pub(crate) async fn mark_used(
    registrar: &Registrar,
    owner: &Owner,
    id: &ClientId,
    until: Timestamp,
) {
    let (tenant, user) = (owner.settings(), Some("user-1"));
    let marked = registrar.mark_used(tenant, id, Some(until), user).await;
    let evicted = Vec::new();
    assert_eq!(marked.unwrap(), MarkOutcome::Marked { evicted });
}

/// Writes a decision and the bindings that follow from it.
async fn save_documents(
    registrar: &Registrar,
    folder: &Path,
    shape: &Shape,
    client: &Client,
    secret: Option<&str>,
) {
    let owner = owner(registrar, shape.tenant).await;
    let tenant = owner.settings();
    let decision = authorize(tenant, client, shape.differs).unwrap();
    save(folder, "decisions", shape.name, &decision);
    let code = decision.approve().code_binding(NOW, LIFETIME).unwrap();
    save(folder, "code_bindings", shape.name, &code);
    let issued = exchange_code(tenant, client, secret, shape.differs, |grant| match grant {
        TokenGrant::AuthorizationCode(exchange) => exchange.check(Lookup::Active(&code)),
        other => panic!("{other:?}"),
    });
    let issued = issued.unwrap();
    let (mut token, mut family) = (
        issued.refresh_binding(NOW, LIFETIME).unwrap(),
        issued.refresh_family().unwrap(),
    );
    // One of the families has been rotated.
    if shape.name == "updated" {
        let rotated = refresh(tenant, client, secret, |grant| match grant {
            TokenGrant::RefreshToken(exchange) => exchange.check(Some((&token, family))),
            other => panic!("{other:?}"),
        });
        let rotated = rotated.unwrap();
        token = rotated.refresh_binding(NOW, LIFETIME).unwrap();
        family = rotated.refresh_family().unwrap();
    }
    save(folder, "refresh_bindings", shape.name, &token);
    save(folder, "refresh_families", shape.name, &family);
    if client
        .metadata()
        .grant_types()
        .contains(GrantType::DeviceCode)
    {
        let wanted = AccessRequest::to(API).scope("read:items offline_access");
        let access = wanted.check(tenant, client).unwrap();
        let device = DeviceBinding::new(client, access, NOW, LIFETIME);
        save(folder, "device_bindings", shape.name, &device);
    }
}

fn save(folder: &Path, kind: &str, name: &str, document: &impl Serialize) {
    let folder = folder.join(kind);
    fs::create_dir_all(&folder).unwrap();
    let path: PathBuf = folder.join(format!("{name}.json"));
    fs::write(path, serde_json::to_string(document).unwrap() + "\n").unwrap();
}

/// Registers a client with each name.
async fn names_into(registrar: &Registrar, names: &[String]) -> Vec<Made> {
    let mut made = Vec::new();
    for names in names.chunks(AT_ONCE) {
        let mut tasks = JoinSet::new();
        for name in names {
            let (registrar, request) = (registrar.clone(), shapes::named(name));
            tasks.spawn(async move { register(&registrar, "strict", request).await });
        }
        while let Some(registered) = tasks.join_next().await {
            let registered = registered.unwrap();
            // Names may differ only in the surrounding white space, which is trimmed.
            if !registered.is_duplicate() {
                made.push(Made::new(registered.client(), Vec::new()));
            }
        }
    }
    made
}
