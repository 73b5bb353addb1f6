//! The command that registers a client from a terminal.

/// A `curl` command that registers the public client of the README at this endpoint.
pub(crate) fn registration(endpoint: &str) -> String {
    format!(
        "curl -s {endpoint} -H 'content-type: application/json' -d '{{\
         \"client_name\": \"My Dynamic Application\", \
         \"redirect_uris\": [\"https://application.example.com/callback\"], \
         \"grant_types\": [\"authorization_code\", \"refresh_token\"], \
         \"token_endpoint_auth_method\": \"none\"}}'"
    )
}
