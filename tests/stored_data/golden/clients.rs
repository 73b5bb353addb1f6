//! Clients as stores save them.

use oauth_dcr::{
    Client, Timestamp,
    redirect_uri::{RedirectUri, RedirectUriPolicy},
    registration::Field,
    types::{
        ApplicationType, ErrorRedirectPolicy, GrantType, LanguageTag, ResponseType, Scope,
        SecretDigest, SecurityMode, TokenEndpointAuthMethod,
    },
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Table, check_all, names_in, text};
use crate::{fixed::NOW, golden::folder};

const CALLBACK: &str = "https://app.example.com/callback";

const CLIENTS: &Table<Client> = &[
    ("astral_name", |client| {
        let name = "𝕏 🦀 𠮷野家 👩🏽\u{200d}🚀 \u{10ffd}";
        assert_eq!(client.metadata().client_name(), Some(name));
    }),
    ("blocked", |client| {
        assert!(client.is_blocked());
        assert_eq!(client.revision(), 1);
    }),
    ("confidential", confidential),
    ("every_member", every_member),
    ("loopback", loopback),
    ("name_of_unassigned_characters", |client| {
        // Marks of Unicode 18, which the build that wrote the clients did not know.
        let name = "App\u{5c8}\u{5c8}\u{5c8}\u{5c8}\u{5c8} x\u{1adf}\u{5c8} \u{1d250}";
        assert_eq!(client.metadata().client_name(), Some(name));
    }),
    ("permissive", permissive),
    ("permissive_public", |client| {
        assert_eq!(client.security_mode(), SecurityMode::Permissive);
        assert!(client.is_public());
        assert_eq!(
            client.error_redirect_policy(),
            ErrorRedirectPolicy::AllowAlways
        );
    }),
    ("private_use_schemes", |client| {
        let uris = [
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "com.example.app:/callback",
        ];
        assert!(redirect_uris(client).eq(uris));
        let native = Some(ApplicationType::Native);
        assert_eq!(client.metadata().application_type(), native);
    }),
    ("public", public),
    ("redirection_policy", |client| {
        assert_eq!(client.security_mode(), SecurityMode::Strict);
        assert_eq!(
            client.error_redirect_policy(),
            ErrorRedirectPolicy::AllowAlways
        );
    }),
    ("rotated_secret", rotated_secret),
    ("single_label_host", |client| {
        assert!(redirect_uris(client).eq(["https://intranet/cb?tenant=7"]));
    }),
    ("texts_once_accepted", |client| {
        let metadata = client.metadata();
        let contacts = ["a\u{2028}c", "\u{202e}moc.elgoog", "\u{5c8}\u{378}", ""];
        assert!(metadata.contacts().eq(contacts));
        assert_eq!(metadata.software_id(), Some("\u{feff}id\u{e000}"));
        assert_eq!(metadata.software_version(), Some("\u{1adf}\u{200b}"));
    }),
    ("updated", |client| {
        assert_eq!(client.metadata().client_name(), Some("After the update"));
        assert_eq!(client.revision(), 1);
    }),
    ("used", |client| assert_eq!(client.revision(), 0)),
];

#[test]
fn golden_clients_keep_their_meaning() {
    check_all("clients", CLIENTS);
}

fn redirect_uris(client: &Client) -> impl Iterator<Item = &str> {
    client
        .metadata()
        .redirect_uris()
        .iter()
        .map(RedirectUri::as_str)
}

fn public(client: &Client) {
    assert_eq!(client.tenant().as_str(), "strict");
    assert_eq!(client.id().as_str(), "tpc_P8s0OFyb5NsTs2fVRjM2CmwsGeEfHynL");
    assert_eq!(
        client.issued_at(),
        Timestamp::from_unix_seconds(1_800_000_000)
    );
    assert_eq!(client.security_mode(), SecurityMode::Strict);
    assert!(client.is_public() && !client.is_blocked());
    assert_eq!(client.revision(), 0);
    let open = ErrorRedirectPolicy::OpenRedirectProtection;
    assert_eq!(client.error_redirect_policy(), open);
    let metadata = client.metadata();
    assert_eq!(metadata.client_name(), Some("My Dynamic Application"));
    assert!(redirect_uris(client).eq([CALLBACK]));
    let grant_types = metadata.grant_types().iter().map(GrantType::as_str);
    assert!(grant_types.eq(["authorization_code", "refresh_token"]));
    assert!(
        metadata
            .response_types()
            .iter()
            .map(ResponseType::as_str)
            .eq(["code"])
    );
}

fn confidential(client: &Client) {
    let method = client.metadata().token_endpoint_auth_method();
    assert_eq!(method, TokenEndpointAuthMethod::ClientSecretPost);
    let digest = client.secret_digest().unwrap();
    assert!(digest.matches("87hIjDaMsKZlfuzdPLE9CcLTJuAFW972hiGgP-C723s"));
    assert!(!digest.matches("87hIjDaMsKZlfuzdPLE9CcLTJuAFW972hiGgP-C723t"));
}

fn rotated_secret(client: &Client) {
    let digest = client.secret_digest().unwrap();
    assert!(digest.matches("NQW3eWvRpQaBdtr4AKBfUIvY_3oDhc28GnZKPNeBAdo"));
    let previous = client.previous_secret_digest(NOW).unwrap();
    assert!(previous.matches("gIbRk6bytWghxuJmOawsZdncysQU0jxvkc1kIFfgAjU"));
    let end = Timestamp::from_unix_millis(1_802_592_000_000);
    assert_eq!(client.previous_secret_digest(end), None);
    assert_eq!(client.revision(), 1);
}

fn every_member(client: &Client) {
    let metadata = client.metadata();
    assert!(redirect_uris(client).eq([CALLBACK, "https://app.example.com/two?q=%22&r=1"]));
    assert_eq!(metadata.application_type(), Some(ApplicationType::Web));
    let name = "\"Quotes\" \\ back / slash 'n' & é";
    assert_eq!(metadata.client_name(), Some(name));
    let texts = metadata.texts().iter();
    let texts: Vec<_> = texts
        .map(|it| {
            (
                it.field(),
                it.language().map_or("", |tag| tag.as_str()),
                it.value(),
            )
        })
        .collect();
    let site = "https://app.example.com/";
    let expected = [
        (Field::ClientName, "", name),
        (Field::ClientName, "ja-Jpan-JP", "クライアント"),
        (Field::ClientName, "he", "שָׁלוֹם"),
        (Field::ClientName, "fa", "می\u{200c}خواهم"),
        (Field::ClientUri, "", site),
        (Field::LogoUri, "", "https://app.example.com/logo.png"),
        (Field::LogoUri, "ja", "https://app.example.com/ja.png"),
        (Field::PolicyUri, "", "https://app.example.com/policy"),
        (Field::TosUri, "", "https://app.example.com/terms"),
    ];
    assert_eq!(texts, expected);
    let ops = "\"Ops\" \\ <ops@app.example.com>";
    assert!(metadata.contacts().eq(["ops@app.example.com", ops, "運用"]));
    let scope = metadata.scope().map(Scope::as_str);
    assert_eq!(scope, Some("read:items write:items urn:example:x"));
    assert_eq!(metadata.software_id(), Some("4NRB1-0XZABZI9E6-5SM3R"));
    assert_eq!(metadata.software_version(), Some("2.1 \"beta\" \\ 🦀"));
}

fn loopback(client: &Client) {
    let uris = [
        "http://127.0.0.1:33418/callback",
        "http://[::1]/callback",
        "http://localhost:8080/callback",
        "https://127.0.0.1/callback",
    ];
    assert!(redirect_uris(client).eq(uris));
    let policy = RedirectUriPolicy::default();
    let uris = client.metadata().redirect_uris();
    assert!(uris[0].matches("http://127.0.0.1:5/callback", &policy));
    assert!(!uris[2].matches("http://localhost:5/callback", &policy));
}

fn permissive(client: &Client) {
    assert_eq!(client.id().as_str(), "SWeCHngZcdgvYPIDvNZYZt28QweJzdMJ");
    assert_eq!(client.tenant().as_str(), "permissive");
    let digest = client.secret_digest().unwrap();
    assert!(digest.matches("QLErEgCFZByhkq_jFXyF0MhHcp9OCPOjbxOEowbEH8I"));
    let metadata = client.metadata();
    let method = metadata.token_endpoint_auth_method();
    assert_eq!(method, TokenEndpointAuthMethod::ClientSecretBasic);
    assert_eq!(metadata.grant_types().iter().count(), 5);
    assert_eq!(metadata.response_types().iter().count(), 7);
}

/// Checks everything else in a document against the client.
#[test]
fn golden_clients_match_their_documents() {
    for file in names_in(&folder().join("clients")) {
        let name = file.strip_suffix(".json").unwrap();
        let document: Value = serde_json::from_str(&text("clients", name)).unwrap();
        assert_eq!(said_by(&super::client(name)), document, "{name}");
    }
}

/// The document of a client, built from the client's methods.
fn said_by(client: &Client) -> Value {
    let mut document = json!({
        "version": 1,
        "tenant": client.tenant().as_str(),
        "client_id": client.id().as_str(),
        "issued_at": client.issued_at().unix_millis(),
        "security_mode": client.security_mode().as_str(),
        "metadata": metadata_said_by(client),
    });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            document[name] = value;
        }
    };
    let digest = |it: &SecretDigest| it.to_tagged();
    set(
        "secret_digest",
        client.secret_digest().map(|it| digest(it).into()),
    );
    let previous = client.previous_secret_digest(NOW);
    let until = 1_802_592_000_000_u64;
    let previous = previous.map(|it| json!({ "digest": digest(it), "until": until }));
    set("previous_secret", previous);
    set("blocked", client.is_blocked().then(|| true.into()));
    let revision = Some(client.revision()).filter(|it| *it > 0);
    set("revision", revision.map(Into::into));
    let is_default = client.error_redirect_policy() == default_policy(client.security_mode());
    set(
        "redirection_policy",
        (!is_default).then(|| json!(client.error_redirect_policy())),
    );
    document
}

const fn default_policy(mode: SecurityMode) -> ErrorRedirectPolicy {
    match mode {
        SecurityMode::Strict => ErrorRedirectPolicy::OpenRedirectProtection,
        SecurityMode::Permissive => ErrorRedirectPolicy::AllowAlways,
    }
}

fn metadata_said_by(client: &Client) -> Value {
    fn words(words: impl Iterator<Item = impl Serialize>) -> Value {
        words.map(|it| json!(it)).collect()
    }
    let metadata = client.metadata();
    let mut document = json!({
        "redirect_uris": redirect_uris(client).collect::<Vec<_>>(),
        "token_endpoint_auth_method": metadata.token_endpoint_auth_method().as_str(),
        "grant_types": words(metadata.grant_types().iter()),
        "response_types": words(metadata.response_types().iter()),
    });
    for text in metadata.texts() {
        let name = text.field().as_str();
        let tagged = |tag: &LanguageTag| format!("{name}#{}", tag.as_str());
        let name = text.language().map_or_else(|| name.to_owned(), tagged);
        document[name] = text.value().into();
    }
    let contacts: Vec<&str> = metadata.contacts().collect();
    let members = [
        ("contacts", (!contacts.is_empty()).then(|| json!(contacts))),
        (
            "application_type",
            metadata.application_type().map(|it| json!(it)),
        ),
        ("scope", metadata.scope().map(|it| it.as_str().into())),
        ("software_id", metadata.software_id().map(Into::into)),
        (
            "software_version",
            metadata.software_version().map(Into::into),
        ),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            document[name] = value;
        }
    }
    document
}
