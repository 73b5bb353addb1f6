//! The demonstration: users, an API, and a tenant that lets clients reach the API.

use oauth_dcr::{
    TenantSettings,
    settings::{
        ApiSettings, ClientGrant, Connection, GrantedScope, Grantee, SettingsDocument,
        SettingsError,
    },
};

/// A user who can sign in without a password: there is nothing to protect here.
pub(crate) struct User {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) email: &'static str,
}

pub(crate) static USERS: [User; 3] = [
    User {
        id: "ada",
        name: "Ada Lovelace",
        email: "ada@example.com",
    },
    User {
        id: "alan",
        name: "Alan Turing",
        email: "alan@example.com",
    },
    User {
        id: "grace",
        name: "Grace Hopper",
        email: "grace@example.com",
    },
];

/// The user whom `--auto-approve` signs in.
pub(crate) static FIRST_USER: &User = &USERS[0];

pub(crate) fn user(id: &str) -> Option<&'static User> {
    USERS.iter().find(|user| user.id == id)
}

/// The scope that `GET /api/items` asks for.
pub(crate) const READ_ITEMS: &str = "read:items";
const WRITE_ITEMS: &str = "write:items";

/// One tenant for the clients of AI agents, where anyone may register and then read the items of users who consent.
pub(crate) fn settings(base: &str) -> Result<SettingsDocument, SettingsError> {
    let mut api = ApiSettings::new(format!("{base}/api"));
    api.scopes = vec![READ_ITEMS.to_owned(), WRITE_ITEMS.to_owned()];
    let default_permissions = ClientGrant::new(
        Grantee::ThirdPartyClients,
        &*api.identifier,
        GrantedScope::Listed(vec![READ_ITEMS.to_owned()]),
    );
    let mut connection = Connection::new("demonstration");
    connection.is_domain_connection = true;

    let mut tenant = TenantSettings::new().for_agents().enabled();
    tenant.apis.push(api);
    tenant.client_grants.push(default_permissions);
    tenant.connections.push(connection);
    SettingsDocument::new(vec![tenant])
}
