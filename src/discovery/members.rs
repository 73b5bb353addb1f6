//! The members that are always set or removed, whatever the host's document has.

/// Members about features that are refused to every client. They are removed.
pub(super) const NEVER_SUPPORTED: [&str; 15] = [
    // After a pushed request, the client sends `request_uri` (RFC 9126 section 4).
    "pushed_authorization_request_endpoint",
    // Request objects (OpenID Connect Core section 6, RFC 9101).
    "request_object_signing_alg_values_supported",
    "request_object_encryption_alg_values_supported",
    "request_object_encryption_enc_values_supported",
    "require_request_uri_registration",
    // Response modes with a JWT (JARM section 4).
    "authorization_signing_alg_values_supported",
    "authorization_encryption_alg_values_supported",
    "authorization_encryption_enc_values_supported",
    // Client assertions (RFC 7523 section 2.2).
    "token_endpoint_auth_signing_alg_values_supported",
    "revocation_endpoint_auth_signing_alg_values_supported",
    // The grant of CIBA (section 4 of it).
    "backchannel_authentication_endpoint",
    "backchannel_token_delivery_modes_supported",
    "backchannel_authentication_request_signing_alg_values_supported",
    "backchannel_user_code_parameter_supported",
    // `authorization_details` (RFC 9396 section 10).
    "authorization_details_types_supported",
];

/// Members that require of every client what is refused to all clients: `request_uri` (RFC 9126 section 5) and
/// `request` (RFC 9101 section 10.5).
pub(super) const DEMANDS: [&str; 2] = [
    "require_pushed_authorization_requests",
    "require_signed_request_object",
];

/// Members that say whether a parameter is supported, with the name of the parameter.
pub(super) const SUPPORTED_PARAMETERS: [(&str, &str); 3] = [
    ("claims_parameter_supported", "claims"),
    ("request_parameter_supported", "request"),
    ("request_uri_parameter_supported", "request_uri"),
];

/// Members about the authorization endpoint. They are removed if no grant begins at this endpoint.
pub(super) const OF_AUTHORIZATION: [&str; 4] = [
    "authorization_endpoint",
    "response_modes_supported",
    "code_challenge_methods_supported",
    "prompt_values_supported",
];
