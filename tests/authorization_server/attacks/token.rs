//! The cases that go to `/oauth/token`.

use std::time::Duration;

use http::Request;
use serde_json::Value;
use tokio::task::JoinSet;

use super::{
    Case, cases,
    setup::{Names, Servers, register, settings},
};
use crate::{
    client::{Client, Tokens},
    wire::{Answer, Pairs, form_request, send, with, without},
};

/// A state that no request leads to: a strict client's code without a challenge. This test asserts
/// that no request leads to it; the library's tests cover the outcome of the state.
const OUT_OF_REACH: [&str; 1] = ["PKC-016"];

/// A lifetime of one second is over after this time. Lifetimes are options of the server, so that
/// no test has to wait for a minute or a month.
const LONGER: Duration = Duration::from_millis(1100);

#[tokio::test]
async fn every_token_attack_has_the_right_outcome() {
    let servers = Servers::default();
    let (mut judged, mut out_of_reach) = (0, Vec::new());
    for case in &cases(&["token", "pkce"], "/oauth/token") {
        if OUT_OF_REACH.contains(&case.id()) {
            assert_needs_challenge(case, &servers).await;
            out_of_reach.push(case.id().to_owned());
        } else {
            check_case(case, &servers).await;
            judged += 1;
        }
    }
    assert_eq!(out_of_reach, OUT_OF_REACH);
    assert!(judged >= 37, "only {judged} cases were judged");
}

async fn assert_needs_challenge(case: &Case, servers: &Servers) {
    assert!(case.setup()["code"]["code_challenge"].is_null());
    let server = servers.get(&settings(&case.setup()["tenant"]), &["--auto-approve"]);
    let client = register(&server.base, &case.setup()["client"]).await;
    let request = without(client.authorization(), "code_challenge");
    let request = without(request, "code_challenge_method");
    let answer = client.authorize(&request).await;
    assert_eq!((answer.status, answer.header("location")), (400, None));
}

/// The fixture of a case: its clients, and the values of its names.
struct TokenFixture {
    /// The requester.
    client: Client,
    /// The client to which the code was issued, if it is another client.
    owner: Option<Client>,
    names: Names,
    code: String,
    /// The tokens of the redeemed code, or the newest refresh token.
    earlier: Option<Tokens>,
}

impl TokenFixture {
    async fn set(case: &Case, servers: &Servers) -> Self {
        let setup = case.setup();
        let server = servers.get(&settings(&setup["tenant"]), &options(case));
        let described = &setup["client"];
        let client = register(&server.base, described).await;
        let mut names = Names::default();
        let own_name = described["client_id"].as_str().unwrap();
        names.add(own_name, &client.id);
        if let Some(secret) = &client.secret {
            names.add("correct-secret", secret);
            let other = register(&server.base, described).await;
            names.add("secret-of-tpc_C2", &other.secret.unwrap());
        }
        let issued_to = setup["code"]["issued_to"].as_str().unwrap();
        let owner = if issued_to == own_name {
            None
        } else {
            Some(register(&server.base, described).await)
        };
        let mut fixture = Self {
            code: String::new(),
            client,
            owner,
            names,
            earlier: None,
        };
        fixture.issue(case).await;
        fixture
    }

    fn owner(&self) -> &Client {
        self.owner.as_ref().unwrap_or(&self.client)
    }

    /// Makes the server issue exactly the values that the case names, and nothing else: they may
    /// expire soon.
    /// end.
    async fn issue(&mut self, case: &Case) {
        let owner = self.owner.as_ref().unwrap_or(&self.client);
        let code = owner
            .code_for(&authorization(owner, &case.setup()["code"]))
            .await;
        self.names.add("$CODE", &code);
        if case.setup()["code"]["used"] == true {
            let form = owner.exchange(&code);
            self.earlier = Some(Tokens::of(&owner.token(&form).await));
        }
        if case.names("$OTHER_CODE") {
            self.names.add("$OTHER_CODE", &owner.code().await);
        }
        if case.names("$RT") {
            let tokens = owner.tokens().await;
            let issued_to = case.setup()["code"]["issued_to"].as_str().unwrap();
            for name in ["$RT", "$RT_EXPIRED", &format!("$RT_OF_{issued_to}")] {
                self.names.add(name, &tokens.refresh);
            }
        }
        if case.names("$RT_ALREADY_ROTATED") {
            let rotated = owner.tokens().await.refresh;
            let newest = owner.token(&owner.refresh(&rotated)).await;
            self.names.add("$RT_ALREADY_ROTATED", &rotated);
            self.earlier = Some(Tokens::of(&newest));
        }
        self.code = code;
        if !lifetime_option(case).is_empty() {
            tokio::time::sleep(LONGER).await;
        }
    }
}

/// The authorization request for the code of a case, and for a refresh token.
fn authorization(owner: &Client, code: &Value) -> Pairs {
    let text = |name: &str| code[name].as_str().unwrap();
    let request = with(owner.authorization(), "redirect_uri", text("redirect_uri"));
    let request = with(request, "code_challenge", text("code_challenge"));
    let scope = format!("{} offline_access", text("scope"));
    with(request, "scope", &scope)
}

/// The option that shortens the lifetime that the case needs.
fn lifetime_option(case: &Case) -> &'static str {
    let lives_long = case.setup()["code"]["age_seconds"].as_u64() < Some(60);
    if !lives_long {
        "--code-lifetime"
    } else if case.names("$RT_EXPIRED") {
        "--refresh-lifetime"
    } else {
        ""
    }
}

fn options(case: &Case) -> Vec<&'static str> {
    match lifetime_option(case) {
        "" => vec!["--auto-approve"],
        option => vec!["--auto-approve", option, "1"],
    }
}

async fn check_case(case: &Case, servers: &Servers) {
    let fixture = TokenFixture::set(case, servers).await;
    let form = fixture.names.pairs(&case.request()["form"]);
    let answers = answers_to(case, &fixture, &form).await;
    if let Some(allowed) = case.expect()["allowed"].as_u64() {
        assert_are_allowed(case, &answers, allowed);
    } else {
        assert_is_right(case, &answers[0]);
    }
    assert_note(case, &fixture, &form, &answers[0]).await;
}

/// The answer, or all answers if the case sends several requests at once.
async fn answers_to(case: &Case, fixture: &TokenFixture, form: &Pairs) -> Vec<Answer> {
    let times = case.0["input"]["concurrency"].as_u64().unwrap_or(1);
    let mut requests = JoinSet::new();
    for _ in 0..times {
        let url = format!("{}/oauth/token", fixture.client.base);
        let mut request: Request<String> = form_request(&url, form);
        if let Some(header) = case.request()["headers"]["authorization"].as_str() {
            let header = fixture.names.basic(header).parse().unwrap();
            request.headers_mut().insert("authorization", header);
        }
        requests.spawn(send(request));
    }
    requests.join_all().await
}

fn assert_are_allowed(case: &Case, answers: &[Answer], allowed: u64) {
    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it.status == 200);
    assert_eq!(good.len() as u64, allowed, "{}", case.id());
    assert!(
        bad.iter().all(|it| case.is_right_error(&it.error())),
        "{}",
        case.id()
    );
}

fn assert_is_right(case: &Case, answer: &Answer) {
    let id = case.id();
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{id}");
    assert!(case.is_right_status(answer.status), "{id}: {answer:?}");
    let body = answer.json();
    if case.is_accepted() {
        assert_eq!(body["token_type"], "Bearer", "{id}");
        // By now, every client of these cases has a refresh token.
        assert_eq!(body["scope"], "read:items offline_access", "{id}");
        assert_eq!(body["id_token"], Value::Null, "{id}");
    } else {
        assert!(case.is_right_error(&answer.error()), "{id}: {answer:?}");
        assert_eq!(body["access_token"], Value::Null, "{id}");
        let used_header = case.request()["headers"].get("authorization").is_some();
        let has_challenge = answer.header("www-authenticate").is_some();
        assert_eq!(has_challenge, used_header && answer.status == 401, "{id}");
    }
}

/// The part of the note that goes beyond the answer.
async fn assert_note(case: &Case, fixture: &TokenFixture, form: &Pairs, answer: &Answer) {
    let (client, owner) = (&fixture.client, fixture.owner());
    match case.id() {
        // "first access/refresh token revoked"; "newest token of the family is revoked too"
        "TOK-010" | "TOK-015" => {
            assert_are_revoked(owner, fixture.earlier.as_ref().unwrap()).await;
        }
        // "the code of tpc_A1 stays usable by tpc_A1"
        "TOK-011" => {
            Tokens::of(&owner.token(&owner.exchange(&fixture.code)).await);
        }
        // "same body and similar time as wrong secret"
        "TOK-021" => {
            let confidential = Client::confidential(&client.base).await;
            let form = with(confidential.exchange("x"), "client_secret", "wrong");
            let wrong_secret = confidential.token(&form).await;
            assert_eq!(
                (answer.status, &answer.body),
                (wrong_secret.status, &wrong_secret.body)
            );
        }
        // "new refresh token returned, old one no longer valid"
        "TOK-023" => {
            let tokens = Tokens::of(answer);
            assert!(!tokens.refresh.is_empty());
            let again = client.token(form).await;
            assert_eq!((again.status, again.error()), (400, "invalid_grant".into()));
        }
        _ => {}
    }
}

async fn assert_are_revoked(client: &Client, tokens: &Tokens) {
    assert_eq!(client.items(&tokens.access).await.status, 401);
    let answer = client.token(&client.refresh(&tokens.refresh)).await;
    assert_eq!(
        (answer.status, answer.error()),
        (400, "invalid_grant".into())
    );
}
