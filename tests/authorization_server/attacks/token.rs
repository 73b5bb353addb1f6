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

/// A state that no request leads to: a strict client's code without a challenge. That there is no
/// way to one is asserted here; what would become of one, by the tests of the library.
const OUT_OF_REACH: [&str; 1] = ["PKC-016"];

/// What has a lifetime of a second is over after this. Lifetimes are levers of the server, so that
/// nobody has to wait for a minute or a month.
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
            judge(case, &servers).await;
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

/// The stage of a case: its clients, and what its names stand for.
struct Stage {
    /// Who makes the request.
    client: Client,
    /// Whom the code was issued to, if that is another one.
    owner: Option<Client>,
    names: Names,
    code: String,
    /// Of the code that was redeemed already, or of the newest refresh token.
    earlier: Option<Tokens>,
}

impl Stage {
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
        let mut stage = Self {
            code: String::new(),
            client,
            owner,
            names,
            earlier: None,
        };
        stage.issue(case).await;
        stage
    }

    fn owner(&self) -> &Client {
        self.owner.as_ref().unwrap_or(&self.client)
    }

    /// Has the server issue what the case's names stand for, and nothing else: it may be about to
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

/// The authorization request that the code of a case came from, for a refresh token, too.
fn authorization(owner: &Client, code: &Value) -> Pairs {
    let text = |name: &str| code[name].as_str().unwrap();
    let request = with(owner.authorization(), "redirect_uri", text("redirect_uri"));
    let request = with(request, "code_challenge", text("code_challenge"));
    let scope = format!("{} offline_access", text("scope"));
    with(request, "scope", &scope)
}

/// The option that lets what the case needs end soon.
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

async fn judge(case: &Case, servers: &Servers) {
    let stage = Stage::set(case, servers).await;
    let form = stage.names.pairs(&case.request()["form"]);
    let answers = ask(case, &stage, &form).await;
    if let Some(allowed) = case.expect()["allowed"].as_u64() {
        assert_are_allowed(case, &answers, allowed);
    } else {
        assert_is_right(case, &answers[0]);
    }
    assert_note(case, &stage, &form, &answers[0]).await;
}

/// The answer, or as many as the case asks for at once.
async fn ask(case: &Case, stage: &Stage, form: &Pairs) -> Vec<Answer> {
    let times = case.0["input"]["concurrency"].as_u64().unwrap_or(1);
    let mut asked = JoinSet::new();
    for _ in 0..times {
        let url = format!("{}/oauth/token", stage.client.base);
        let mut request: Request<String> = form_request(&url, form);
        if let Some(header) = case.request()["headers"]["authorization"].as_str() {
            let header = stage.names.basic(header).parse().unwrap();
            request.headers_mut().insert("authorization", header);
        }
        asked.spawn(send(request));
    }
    asked.join_all().await
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
        // Every client of these cases has a refresh token from now on.
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

/// What the note says beyond the answer.
async fn assert_note(case: &Case, stage: &Stage, form: &Pairs, answer: &Answer) {
    let (client, owner) = (&stage.client, stage.owner());
    match case.id() {
        // "first access/refresh token revoked"; "newest token of the family is revoked too"
        "TOK-010" | "TOK-015" => {
            assert_are_revoked(owner, stage.earlier.as_ref().unwrap()).await;
        }
        // "the code of tpc_A1 stays usable by tpc_A1"
        "TOK-011" => {
            Tokens::of(&owner.token(&owner.exchange(&stage.code)).await);
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
