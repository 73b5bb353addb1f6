//! The owner removes or blocks a client while the user looks at the consent page.

use serde_json::json;

use crate::{
    client::Client,
    fixture::{consent_page, two_scopes},
    unreadable::Fixture,
    wire::Answer,
};

const DECISIONS: [&str; 2] = ["approve", "deny"];

/// The server would redirect a denial of this client.
async fn native_client(fixture: &Fixture) -> Client {
    let metadata = json!({
        "token_endpoint_auth_method": "none", "redirect_uris": ["http://127.0.0.1:33418/cb"],
    });
    Client::register(&fixture.server.base, metadata).await
}

fn assert_is_page_without_link(answer: &Answer) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(answer.header("location"), None);
    assert!(!answer.body.contains("<a "), "{}", answer.body);
}

#[tokio::test]
async fn a_removed_client_is_told_where_to_register() {
    let mut fixture = Fixture::new(Some(&two_scopes("strict")), &[]).await;
    let endpoint = format!("{}/oidc/register", fixture.server.base);
    for decision in DECISIONS {
        let client = native_client(&fixture).await;
        let (mut person, consent) = consent_page(&client).await;
        fixture.delete(&client).await;
        let answer = person.decide(&consent, decision, &["read:items"]).await;
        assert_is_page_without_link(&answer);
        assert!(answer.body.contains("invalid_client"), "{}", answer.body);
        assert!(answer.body.contains(&endpoint), "{}", answer.body);
        let link = answer.header("link").unwrap();
        assert_eq!(link, format!("<{endpoint}>; rel=\"registration_endpoint\""));
    }
}

#[tokio::test]
async fn a_blocked_client_is_not_told_of_the_decision() {
    let mut fixture = Fixture::new(Some(&two_scopes("strict")), &[]).await;
    for decision in DECISIONS {
        let client = native_client(&fixture).await;
        let (mut person, consent) = consent_page(&client).await;
        fixture.block(&client).await;
        let answer = person.decide(&consent, decision, &["read:items"]).await;
        assert_is_page_without_link(&answer);
        assert!(
            answer.body.contains("have blocked the application"),
            "{}",
            answer.body
        );
    }
}
