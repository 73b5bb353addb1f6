//! A stored client is read without any change.

use crate::{
    client::Client,
    conformance::store::fixture::{Fixture, fail, id, inserted, insertion, metadata},
    registration::{Field, RegistrationRequest},
    store::{ClientStore, UpdateOutcome},
    types::{ClientId, ErrorRedirectPolicy, SecretDigest, SecurityMode, TenantId, Timestamp},
};

/// Every field of a client is read as it was written, byte by byte and in the same order.
pub async fn every_field_comes_back(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    for client in [
        fixture.client("plain"),
        whole(&fixture, "whole"),
        permissive(&fixture, "permissive"),
        large(&fixture, "large"),
        fixture.client(&"~".repeat(ClientId::MAX_CHARS)),
    ] {
        comes_back(&fixture, client).await;
    }
    let longest = fixture.another_of_length(TenantId::MAX_CHARS);
    comes_back(&longest, whole(&longest, &"a".repeat(ClientId::MAX_CHARS))).await;
}

/// Times are stored in milliseconds from 0 to [`Timestamp::MAX`].
pub async fn every_moment_comes_back(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let last = Timestamp::MAX.unix_millis();
    for millis in [0, 1, 999, 1_700_000_000_123, last - 1, last, u64::MAX] {
        let moment = Timestamp::from_unix_millis(millis);
        let client = Client {
            issued_at: moment,
            previous_secret: Some((SecretDigest::of("before"), moment)),
            ..whole(&fixture, &format!("at-{millis}"))
        };
        comes_back(&fixture, client).await;
    }
}

/// Every field of an update is read as it was written.
pub async fn every_field_of_an_update_comes_back(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put(fixture.client("a")).await;
    let update = Client {
        revision: 1,
        ..whole(&fixture, "a")
    };
    let outcome = fixture.update(update.clone()).await;
    assert_eq!(outcome, UpdateOutcome::Updated, "it has the next revision");
    assert_is_read(&fixture, &update).await;
}

async fn comes_back<S: ClientStore>(fixture: &Fixture<S>, client: Client) {
    let outcome = fixture.insert(insertion(client.clone())).await;
    assert_eq!(outcome, inserted(), "every valid client can be stored");
    assert_is_read(fixture, &client).await;
}

pub(super) async fn assert_is_read<S: ClientStore>(fixture: &Fixture<S>, client: &Client) {
    let rule = "a client is read as it was written";
    let found = fixture.find(client.id.as_str()).await;
    assert_eq!(found.as_ref(), Some(client), "{rule}: by `find`");
    let all = fixture.clients().await;
    let listed = all.iter().find(|listed| listed.id() == client.id());
    assert_eq!(
        listed.map(|listed| &**listed),
        Some(client),
        "{rule}: by `list`"
    );
    // The JSON also shows the order of translations, which equality ignores.
    assert_eq!(
        found.as_ref().map(document),
        Some(document(client)),
        "{rule}"
    );
}

fn document(client: &Client) -> String {
    serde_json::to_string(client).unwrap_or_else(|error| fail("clients serialise", &error))
}

/// A confidential client with every possible field: characters of one to four bytes, unsorted translations in
/// several languages, and the settings of an owner.
pub(super) fn whole<S: ClientStore>(fixture: &Fixture<S>, client_id: &str) -> Client {
    let request = RegistrationRequest::new([
        "https://app.example.com/callback?a=%2F&b=%27",
        "http://127.0.0.1:33418/",
        "http://[::1]/cb",
        "com.example.app:/oauth2redirect",
        "cursor://anysphere.cursor-mcp/oauth/callback",
    ])
    .token_endpoint_auth_method("client_secret_basic")
    .grant_types(["refresh_token", "authorization_code"])
    .response_types(["code"])
    .localized(Field::TosUri, "fr-FR", "https://app.example.com/cgu")
    .tos_uri("https://app.example.com/tos")
    .localized(Field::ClientName, "ja-Jpan-JP", "\u{20bb7}野家")
    .client_name("Grüße, 名前 \u{1f980}")
    .localized(Field::ClientName, "ar", "تطبيق")
    .policy_uri("https://app.example.com/policy")
    .logo_uri("https://app.example.com/logo.png")
    .client_uri("https://app.example.com")
    .contacts([
        "\u{1f980}@example.com",
        "",
        "ops@example.com",
        "O'Brien \\ \"%\"",
    ])
    .scope("openid read:items !#[]~")
    .software_id("\u{10fffd}\u{1f980} id")
    .software_version(" 1.0\u{ad}\u{feff} ");
    Client {
        id: id(client_id),
        secret: Some(SecretDigest::of("now")),
        previous_secret: Some((SecretDigest::of("before"), Timestamp::MAX)),
        blocked: true,
        error_redirect_policy: Some(ErrorRedirectPolicy::AllowAlways),
        revision: u64::from(u32::MAX) + 1,
        metadata: metadata(SecurityMode::Strict, request),
        ..fixture.client("whole")
    }
}

/// A permissive client with everything that only permissive clients may have.
pub(super) fn permissive<S: ClientStore>(fixture: &Fixture<S>, client_id: &str) -> Client {
    let request = RegistrationRequest::new(["https://app.example.com/callback"])
        .token_endpoint_auth_method("client_secret_post")
        .grant_types([
            "client_credentials",
            "implicit",
            "urn:ietf:params:oauth:grant-type:device_code",
            "authorization_code",
        ])
        .response_types(["id_token token", "code id_token token", "code"])
        .application_type("web");
    Client {
        security_mode: SecurityMode::Permissive,
        secret: Some(SecretDigest::of("now")),
        error_redirect_policy: Some(ErrorRedirectPolicy::OpenRedirectProtection),
        metadata: metadata(SecurityMode::Permissive, request),
        ..fixture.client(client_id)
    }
}

/// A client as large as the default limit for request bodies.
fn large<S: ClientStore>(fixture: &Fixture<S>, client_id: &str) -> Client {
    let path = "\u{2d}".repeat(1_990);
    let uris = (10..41).map(|number| format!("https://a.example/{number}{path}"));
    let request = RegistrationRequest::new(uris).token_endpoint_auth_method("none");
    Client {
        metadata: metadata(SecurityMode::Strict, request),
        ..fixture.client(client_id)
    }
}
