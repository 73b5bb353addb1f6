use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// A metadata document that advertises only what a newly registered client can use.
/// [`TenantSettings::server_metadata`] is the only way to make it.
///
/// Clients use the document before they register. For example, an MCP client chooses an authentication method
/// from `token_endpoint_auth_methods_supported`, and several clients prefer `client_secret_basic` to
/// `client_secret_post`. If `client_secret_basic` is listed but not allowed, their registration is refused,
/// although `client_secret_post` would work. So every list is narrowed to the values that would be accepted.
/// Values that the host's document does not list are not added to its lists.
///
/// | member | rule |
/// |---|---|
/// | `issuer` | the tenant's issuer; a different value in the host's document is an error |
/// | `registration_endpoint` | the tenant's endpoint if registration is on, otherwise removed; a different value is an error |
/// | `token_endpoint_auth_methods_supported` | narrowed to the methods in the settings; if absent, all of those methods |
/// | `revocation_endpoint_auth_methods_supported` | the same if there is a `revocation_endpoint`, otherwise removed |
/// | `grant_types_supported` | narrowed to the grants of the mode, without `client_credentials` if no method has a secret; if absent, `authorization_code` and `refresh_token` |
/// | `response_types_supported` | narrowed to the response types of the mode whose grants are listed (RFC 7591 section 2.1); if absent, `code`; empty if no listed grant begins at the authorization endpoint |
/// | `authorization_endpoint` | removed if no listed grant begins at this endpoint (RFC 8414 section 2), as are the next two members and `prompt_values_supported` |
/// | `response_modes_supported` | narrowed to `query`, `fragment`, `form_post`; stays absent if absent, which correctly means the first two |
/// | `code_challenge_methods_supported` | narrowed to `S256`; if absent, `S256` |
/// | `scopes_supported` | narrowed to the scopes that a new client can get (below); if absent, all of those scopes except for identity scopes |
/// | `protected_resources` | narrowed to the APIs that a new client can reach by a listed grant, on behalf of a user or of itself (RFC 9728 section 4) |
/// | `prompt_values_supported` | without `none`, which does not allow consent |
/// | `authorization_response_iss_parameter_supported` | `true` (RFC 9207) |
/// | `request_parameter_supported`, `request_uri_parameter_supported` | `false`; if absent, the second would mean `true` |
/// | `claims_parameter_supported` | `false` in strict mode; the host's value in permissive mode |
/// | `device_authorization_endpoint` | removed unless the device grant is listed |
/// | `pushed_authorization_request_endpoint` | removed, because its response has a `request_uri`, which is refused |
/// | `require_pushed_authorization_requests`, `require_signed_request_object` | `true` is an error, because no client could begin |
/// | `backchannel_…` of CIBA | removed, because no client can have this grant |
/// | `authorization_details_types_supported` | removed, because the parameter is not stored with a decision (RFC 9396) |
/// | algorithms of request objects, of JWT responses and of client assertions; `require_request_uri_registration` | removed, because these features are refused |
/// | `mtls_endpoint_aliases` | without the removed endpoints; removed if no endpoint remains |
/// | `signed_metadata` | an error, because it would take precedence over all these rules (RFC 8414 section 2.1); sign the resulting document instead |
/// | everything else | the host's value, unchanged, except that empty lists are removed: the other endpoints, keys, ID tokens, DPoP, mutual TLS, introspection, logout, other ways for the server to know a client |
///
/// Members that are `null` are removed, and so are empty lists, even in members that are otherwise unchanged
/// (RFC 8414 section 3.2, OpenID Connect Discovery section 4.2). The exception is `response_types_supported`:
/// it is required, and clients that do not find it assume `code`, or fail. If a list becomes empty but has a
/// default meaning when it is absent, this is an error, which names the list.
///
/// **Scopes.** The document lists the scopes that a listed grant can give. On behalf of a user, these are the
/// scopes of [`NewClientAccess::scopes`](crate::access::NewClientAccess::scopes). With `client_credentials`,
/// there are also the scopes that default grants give to clients themselves. `offline_access` is listed if the
/// grant `refresh_token` is listed. Only permissive clients get `openid`, `profile` and `email`, so these are
/// listed only for a permissive tenant, and only if the host's document lists them.
///
/// For a strict tenant, `openid`, `profile` and `email` are removed. A strict client that requests `openid` is
/// not refused, but gets the other scopes. But clients request every scope that they find in the document, and
/// an OpenID Connect client that requested `openid` fails if the response has no ID token. OpenID Connect
/// Discovery section 3 requires that an OpenID Provider supports `openid`, which is up to the host. It only
/// recommends that the provider lists `openid`, and allows it to omit supported scopes. This document is for
/// clients that register. So a strict tenant does not serve relying parties that need ID tokens.
///
/// **Algorithms of ID tokens.** OpenID Connect Discovery section 3 requires
/// `id_token_signing_alg_values_supported` with the value `RS256`, and several clients refuse an
/// `openid-configuration` document without it. So a host that signs no ID tokens should set the member to
/// `["RS256"]`. An empty list would be removed.
///
/// **Registration off.** Only `registration_endpoint` is removed. The rest is narrowed as usual, so that
/// clients that registered before read the same document. For a tenant that never had registered clients,
/// serve the host's document unchanged, without `registration_endpoint`.
///
/// **The host's own clients** read the same document if they use discovery: relying parties of OpenID Connect
/// and first-party applications use the same addresses. So the removed values are missing for them too. For a
/// strict tenant, these are:
///
/// - `openid`, `profile`, `email` and the host's own scopes;
/// - `private_key_jwt` and the other methods with keys or certificates, with their algorithms;
/// - token exchange and every other grant except for `authorization_code` and `refresh_token`;
/// - all response types except for `code`;
/// - pushed authorization requests, request objects and their algorithms;
/// - `authorization_details`.
///
/// All of them still work if the host supports them, but a client that reads the document first will not try
/// them, or will not start. If there are such clients, there are two solutions:
///
/// - Use a separate issuer for third parties: a separate tenant with registration on, which the protected
///   resources name as their authorization server (RFC 9728 section 2). The existing issuer continues to serve
///   the host's document unchanged.
/// - Configure those clients with fixed endpoints and methods, without discovery.
///
/// Existing clients keep the mode and the method with which they were created. The document describes new
/// clients.
///
/// In JSON it is an object, and its `Display` is the JSON text.
///
/// [`TenantSettings::server_metadata`]: crate::TenantSettings::server_metadata
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ServerMetadata(pub(super) Value);

impl fmt::Display for ServerMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
