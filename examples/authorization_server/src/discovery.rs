//! The metadata documents: what this server offers, narrowed to what its tenant's clients may have.

use oauth_dcr::discovery::{MetadataDocument, ServerMetadata, ServerMetadataError};
use serde_json::json;

use crate::tenant::Tenant;

pub(crate) fn metadata(
    tenant: &Tenant,
    document: MetadataDocument,
) -> Result<ServerMetadata, ServerMetadataError> {
    let mut offered = json!({
        "authorization_endpoint": tenant.url("/authorize"),
        "token_endpoint": tenant.url("/oauth/token"),
        "revocation_endpoint": tenant.url("/oauth/revoke"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
    });
    if let Some(api) = tenant.items_api() {
        offered["protected_resources"] = json!([api.identifier]);
    }
    if document == MetadataDocument::OpenId {
        offered["jwks_uri"] = tenant.url("/.well-known/jwks.json").into();
        offered["subject_types_supported"] = json!(["public"]);
        // OpenID Connect Discovery section 3 requires the list, with RS256 in it, and clients refuse a
        // document without it. No ID token is ever issued: `openid` is not in `scopes_supported`.
        offered["id_token_signing_alg_values_supported"] = json!(["RS256"]);
    }
    tenant.settings.server_metadata(offered)
}
