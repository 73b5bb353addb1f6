//! A client survives a round trip through its document, and every other document is refused.

use oauth_dcr::{
    Client, MemoryStore, Registrar, RegistrationRequest, TenantSettings, acl::Signals,
    redirect_uri::AllowedScheme, tenants::TenantSelector, types::ErrorRedirectPolicy,
};
use serde_json::{Value, json};

use super::corpus::cases;

async fn register(request: RegistrationRequest, permissive: bool) -> Client {
    let mut tenant = TenantSettings::new().enabled();
    if permissive {
        tenant = tenant.permissive();
    }
    let settings = &mut tenant.registration;
    settings.rate_limit = None;
    settings
        .redirect_uris
        .schemes
        .push(AllowedScheme::parse("cursor").unwrap());
    settings.redirect_uris.single_label_hosts = true;
    settings.metadata_limits.client_name_chars = 1_000;
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(tenant)
        .build()
        .unwrap();
    let host = TenantSelector::Host(None);
    let admission = registrar.admit(host, Signals::new()).await.unwrap();
    (**admission.register(request).await.unwrap().client()).clone()
}

fn whole() -> RegistrationRequest {
    RegistrationRequest::new([
        "cursor://a/cb",
        "https://intranet/cb",
        "http://127.0.0.1:1/",
    ])
    .client_name("é".repeat(500))
    .localized(oauth_dcr::registration::Field::ClientName, "fr-FR", "Appli")
    .client_uri("https://a.example")
    .localized(
        oauth_dcr::registration::Field::LogoUri,
        "ja",
        "https://a.example/ja.png",
    )
    .contacts(["ops@a.example", ""])
    .scope("read write")
    .software_id("\u{1f980}")
    .software_version("")
    .application_type("native")
    .grant_types(["refresh_token", "authorization_code"])
}

fn read(document: &Value) -> Result<Client, String> {
    serde_json::from_str(&document.to_string()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn every_field_survives() {
    for permissive in [false, true] {
        let client = register(whole(), permissive).await;
        let document = serde_json::to_value(&client).unwrap();
        assert_eq!(read(&document), Ok(client));
    }
}

#[tokio::test]
async fn the_owners_decisions_survive() {
    let client = register(whole(), false).await;
    let plain = serde_json::to_value(&client).unwrap();
    assert_eq!(plain.get("blocked"), None);
    let policy = ErrorRedirectPolicy::AllowAlways;
    let decided = client.with_blocked(true).with_error_redirect_policy(policy);
    let document = serde_json::to_value(&decided).unwrap();
    let read = read(&document).unwrap();
    assert!(read.is_blocked());
    assert_eq!(read.error_redirect_policy(), policy);
    assert_eq!(read, decided);
}

#[tokio::test]
async fn every_client_of_the_corpus_survives() {
    let mut survived = 0;
    for case in cases::interop().iter().filter(|case| case.is_plain_json()) {
        let Ok(request) = RegistrationRequest::from_json(&case.body) else {
            continue;
        };
        if request
            .clone()
            .apply(&TenantSettings::new().registration)
            .is_ok()
        {
            let client = register(request, false).await;
            assert_eq!(
                read(&serde_json::to_value(&client).unwrap()),
                Ok(client),
                "{}",
                case.id
            );
            survived += 1;
        }
    }
    assert!(survived >= 140, "only {survived}");
}

/// Rules and limits may become stricter after a client has registered.
#[tokio::test]
async fn metadata_that_is_refused_today_is_still_read() {
    let document = serde_json::to_value(register(whole(), false).await).unwrap();
    let long = "x".repeat(5_000);
    let texts = [
        "a\u{202e}b",
        "a\0b",
        "<b>",
        "\u{e000}",
        " ",
        "\u{378}",
        &long,
    ];
    for name in [
        "client_name",
        "client_name#fr-FR",
        "software_id",
        "software_version",
    ] {
        for text in texts {
            let mut stored = document.clone();
            stored["metadata"][name] = json!(text);
            let client = read(&stored).unwrap();
            assert_eq!(serde_json::to_value(&client).unwrap(), stored, "{name}");
        }
    }
    for (name, value) in [
        ("contacts", json!([texts, texts].concat())),
        (
            "redirect_uris",
            json!(["javascript:alert(1)", "retired:cb"]),
        ),
        ("redirect_uris", json!(["https://a.example/*/../x"])),
        ("logo_uri", json!(format!("https://a.example/{long}"))),
        ("client_name#1-bad-tag", json!("name")),
    ] {
        let mut stored = document.clone();
        stored["metadata"][name] = value;
        let client = read(&stored).unwrap();
        assert_eq!(serde_json::to_value(&client).unwrap(), stored, "{name}");
    }
}

#[tokio::test]
async fn modified_document_is_refused() {
    let document = serde_json::to_value(register(whole(), false).await).unwrap();
    let with = |path: &str, value: Value| {
        let mut document = document.clone();
        *document.pointer_mut(path).unwrap() = value;
        document
    };
    for (bad, says) in [
        (with("/version", json!(2)), "version"),
        (with("/client_id", json!("")), "client id"),
        (
            with("/secret_digest", json!("sha256:AAAA")),
            "secret digest",
        ),
        (with("/secret_digest", Value::Null), "does not fit"),
        (
            with("/metadata/token_endpoint_auth_method", json!("none")),
            "does not fit",
        ),
        (
            with(
                "/metadata/redirect_uris",
                json!(["https://a.example/", "http://a.example/"]),
            ),
            "redirect_uris[1]",
        ),
        (
            with("/metadata/redirect_uris", json!(["https://a.example/#"])),
            "redirect_uris[0]",
        ),
        (
            with("/metadata/redirect_uris", json!(["no URI"])),
            "redirect_uris[0]",
        ),
        (
            with("/metadata/client_uri", json!("javascript:alert(1)")),
            "client_uri",
        ),
        (with("/metadata/redirect_uris", json!([])), "redirect_uris"),
        (
            with("/metadata/grant_types", json!(["implicit"])),
            "grant_types[0]",
        ),
        (with("/metadata", json!([])), "invalid type"),
    ] {
        let error = read(&bad).unwrap_err();
        assert!(error.contains(says), "{says}: {error}");
    }
    let mut extended = document.clone();
    extended["unheard_of"] = json!(true);
    assert!(read(&extended).unwrap_err().contains("unknown field"));
}
