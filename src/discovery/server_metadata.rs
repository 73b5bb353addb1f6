use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// A metadata document that advertises nothing that this crate would refuse to a client that registers
/// now. [`TenantSettings::server_metadata`] is the only way to get one.
///
/// Clients act on it before they register. An MCP client chooses from
/// `token_endpoint_auth_methods_supported`, and several prefer `client_secret_basic` to
/// `client_secret_post`: where the first is listed, though no client can have it, they are refused at
/// registration, and the second would have done as well. So every list is narrowed to what would be
/// accepted; what the host's document does not list is not added to it.
///
/// | member | what becomes of it |
/// |---|---|
/// | `issuer` | the tenant's; another one in the host's document is an error |
/// | `registration_endpoint` | the tenant's while registration is on, else removed; another one is an error |
/// | `token_endpoint_auth_methods_supported` | narrowed to the settings' methods; left out: all of those |
/// | `revocation_endpoint_auth_methods_supported` | the same, beside a `revocation_endpoint`; without one, removed |
/// | `grant_types_supported` | narrowed to those of the mode, and `client_credentials` goes where no method has a secret; left out: `authorization_code` and `refresh_token` |
/// | `response_types_supported` | narrowed to those of the mode whose grants are listed (RFC 7591 section 2.1); left out: `code`; empty where no listed grant begins at the authorization endpoint |
/// | `authorization_endpoint` | removed where no listed grant begins there (RFC 8414 section 2), as are the next two and `prompt_values_supported` |
/// | `response_modes_supported` | narrowed to `query`, `fragment`, `form_post`; left out it means the first two, which is true |
/// | `code_challenge_methods_supported` | narrowed to `S256`; left out: `S256` |
/// | `scopes_supported` | narrowed to what a new client can be given (below); left out: all of that but identity scopes |
/// | `protected_resources` | narrowed to the APIs that a new client can reach by a listed grant, on behalf of a user or of itself (RFC 9728 section 4) |
/// | `prompt_values_supported` | without `none`, which leaves no room for consent |
/// | `authorization_response_iss_parameter_supported` | `true` (RFC 9207) |
/// | `request_parameter_supported`, `request_uri_parameter_supported` | `false`; left out, the second would mean `true` |
/// | `claims_parameter_supported` | `false` in strict mode; the host's in permissive mode |
/// | `device_authorization_endpoint` | removed unless the device grant is listed |
/// | `pushed_authorization_request_endpoint` | removed: it is answered with a `request_uri`, and those are refused |
/// | `require_pushed_authorization_requests`, `require_signed_request_object` | `true` is an error: nobody could begin |
/// | `backchannel_…` of CIBA | removed: no client can have that grant |
/// | `authorization_details_types_supported` | removed: the parameter is not kept with a decision (RFC 9396) |
/// | algorithms of request objects, of JWT responses and of client assertions; `require_request_uri_registration` | removed, as is what they are for |
/// | `mtls_endpoint_aliases` | without the endpoints that are removed; removed if none is left |
/// | `signed_metadata` | an error: it would take precedence over all this (RFC 8414 section 2.1). Sign what comes out |
/// | everything else | the host's, unchanged, except that empty lists are left out: the other endpoints, keys, ID tokens, DPoP, mutual TLS, introspection, logout, other ways for clients to be known |
///
/// A member that is `null` is left out. So is an empty list, also of a member that is the host's
/// (RFC 8414 section 3.2, OpenID Connect Discovery section 4.2). The exception is
/// `response_types_supported`: it is required, and clients that don't find it assume `code`, or fail.
/// If nothing is left of a list that has a default meaning where it is left out, that is an error, which
/// names the list.
///
/// **Scopes.** They are those that can be given by a listed grant: on behalf of a user the ones of
/// [`NewClientAccess::scopes`](crate::access::NewClientAccess::scopes), with `client_credentials` also those that default permissions
/// give clients themselves, and `offline_access` where the grant `refresh_token` is listed. `openid`,
/// `profile` and `email` are given to permissive clients only, and kept for those if the host's document
/// lists them.
///
/// For a strict tenant, they go. A strict client that asks for `openid` is not refused, it is given the
/// rest; but clients ask for whatever they find listed, and an OpenID Connect client that has asked for
/// `openid` fails at an answer without an ID token. OpenID Connect Discovery section 3 demands that an
/// OpenID Provider support `openid`, which is the host's to do, and that it *should* list it; it may
/// leave out scopes that it supports. This document is written for those who register.
///
/// So relying parties that need ID tokens are not served by a strict tenant.
///
/// **Algorithms of ID tokens.** OpenID Connect Discovery section 3 requires
/// `id_token_signing_alg_values_supported` with `RS256` in it, and several clients refuse an
/// `openid-configuration` document without it. So a host that signs no ID tokens gives `["RS256"]`
/// there. An empty list is left out.
///
/// **Registration off.** Only `registration_endpoint` goes; the rest is narrowed all the same, so that
/// clients that registered before read the same document as ever. For a tenant that never had any,
/// serve the host's document as it is, without that member.
///
/// **The host's own clients** read the same document, if they configure themselves: relying parties of
/// OpenID Connect and first-party applications look at the same addresses, and what is taken out is
/// taken out for them too. Under a strict tenant that is `openid`, `profile`, `email` and the host's own
/// scopes; `private_key_jwt` and the other methods with keys or certificates, with their algorithms;
/// token exchange and every other grant but two; all response types but `code`; pushed authorization
/// requests, request objects and their algorithms; `authorization_details`. All of it still works where
/// the host has it, but a client that looks here first will not try, or will refuse to start. Where
/// there are such clients, there are two ways out:
///
/// - An issuer for third parties: a tenant of its own, with registration on, which the protected
///   resources name as their authorization server (RFC 9728 section 2). The issuer that was there before
///   goes on serving the host's document as it is.
/// - Configuring those clients by hand, with endpoints and methods written down instead of discovered.
///
/// Clients keep the mode and the method that they were created with. The document describes new clients.
///
/// It serialises as a JSON object, and its `Display` is the JSON text.
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
