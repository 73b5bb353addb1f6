//! A client of the example server, step by step.

use http::Request;
use serde_json::{Value, json};

use crate::wire::{Answer, Pairs, encoded, get, pairs, post, send, with};

/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const REDIRECT_URI: &str = "https://app.example.com/callback";

pub(crate) struct Client {
    pub(crate) base: String,
    /// The API for which the client requests access.
    pub(crate) api: String,
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
    pub(crate) redirect_uri: String,
}

/// The response to a token request.
pub(crate) struct Tokens {
    pub(crate) access: String,
    /// Empty if there was none.
    pub(crate) refresh: String,
    pub(crate) scope: String,
}

impl Tokens {
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        let json = answer.json();
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
            scope: text("scope"),
        }
    }
}

impl Client {
    /// Registers a public client with both grants, at the server's own API.
    pub(crate) async fn public(base: &str) -> Self {
        Self::register(base, json!({ "token_endpoint_auth_method": "none" })).await
    }

    pub(crate) async fn confidential(base: &str) -> Self {
        Self::register(base, json!({})).await
    }

    /// Registers with these metadata, and with a default redirect URI and default grants unless
    /// they name some.
    pub(crate) async fn register(base: &str, mut metadata: Value) -> Self {
        for (name, value) in [
            ("redirect_uris", json!([REDIRECT_URI])),
            (
                "grant_types",
                json!(["authorization_code", "refresh_token"]),
            ),
        ] {
            if metadata[name].is_null() {
                metadata[name] = value;
            }
        }
        let request = Request::post(format!("{base}/oidc/register"))
            .header("content-type", "application/json")
            .body(metadata.to_string())
            .unwrap();
        let answer = send(request).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let registered = answer.json();
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        Self {
            base: base.to_owned(),
            api: format!("{base}/api"),
            id: text(&registered["client_id"]).unwrap(),
            secret: text(&registered["client_secret"]),
            redirect_uri: text(&registered["redirect_uris"][0]).unwrap(),
        }
    }

    /// A complete authorization request that also requests a refresh token.
    pub(crate) fn authorization(&self) -> Pairs {
        pairs([
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect_uri),
            ("audience", &self.api),
            ("scope", "read:items offline_access"),
            ("state", "s-7f3a"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ])
    }

    pub(crate) fn authorization_url(&self, request: &Pairs) -> String {
        format!("{}/authorize?{}", self.base, encoded(request))
    }

    pub(crate) async fn authorize(&self, request: &Pairs) -> Answer {
        get(&self.authorization_url(request)).await
    }

    /// A code from a server that approves by itself.
    pub(crate) async fn code(&self) -> String {
        self.code_for(&self.authorization()).await
    }

    pub(crate) async fn code_for(&self, request: &Pairs) -> String {
        let answer = self.authorize(request).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.redirected_with("code").expect("there is a code")
    }

    /// The form that exchanges `code`.
    pub(crate) fn exchange(&self, code: &str) -> Pairs {
        self.authenticated(pairs([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ]))
    }

    /// The form that uses `refresh_token`.
    pub(crate) fn refresh(&self, refresh_token: &str) -> Pairs {
        self.authenticated(pairs([
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ]))
    }

    /// The form with the credentials of the client, by its registered method.
    pub(crate) fn authenticated(&self, form: Pairs) -> Pairs {
        let form = with(form, "client_id", &self.id);
        match &self.secret {
            Some(secret) => with(form, "client_secret", secret),
            None => form,
        }
    }

    pub(crate) async fn token(&self, form: &Pairs) -> Answer {
        post(&format!("{}/oauth/token", self.base), form).await
    }

    /// Tokens from a server that approves by itself.
    pub(crate) async fn tokens(&self) -> Tokens {
        let code = self.code().await;
        Tokens::of(&self.token(&self.exchange(&code)).await)
    }

    pub(crate) async fn items(&self, access_token: &str) -> Answer {
        let request = Request::get(format!("{}/api/items", self.base))
            .header("authorization", format!("Bearer {access_token}"));
        send(request.body(String::new()).unwrap()).await
    }
}
