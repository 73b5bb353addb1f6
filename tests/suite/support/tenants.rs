//! A tenant with an API, permissions and connections.

use oauth_dcr::{
    TenantId, TenantSettings,
    settings::{ApiSettings, ClientGrant, Connection, GrantedScope, Grantee, Issuer},
};

pub(crate) const API: &str = "https://api.example.com";

/// The tenant `t1`: one API with three scopes, of which two are open to third-party clients, and
/// two connections, of which one is promoted to the domain level.
pub(crate) fn t1() -> TenantSettings {
    let mut tenant = TenantSettings::with_id(TenantId::parse("t1").unwrap()).enabled();
    tenant.issuer = Some(Issuer::parse("https://auth.example.com").unwrap());
    let mut api = ApiSettings::new(API);
    api.scopes = ["read:items", "write:items", "delete:items"]
        .map(Into::into)
        .into();
    tenant.apis.push(api);
    let scope = ["read:items", "write:items"].map(Into::into).into();
    tenant.client_grants.push(ClientGrant::new(
        Grantee::ThirdPartyClients,
        API,
        GrantedScope::Listed(scope),
    ));
    let mut google = Connection::new("google");
    google.is_domain_connection = true;
    tenant.connections = vec![google, Connection::new("staff-ldap")];
    tenant
}
