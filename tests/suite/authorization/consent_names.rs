//! Which names of a client a consent page shows, and that only those are compared.

use oauth_dcr::{
    Client,
    authorization::{Consent, ProtectedNames},
};

use super::{authorize, good};
use crate::support::{clients::Stored, tenants::t1};

/// A client with a hundred names, the last of which imitates another.
fn client() -> Client {
    let mut stored = Stored::public("tpc_A1").with("client_name", "Notes");
    for at in 0..99 {
        stored = stored.with(
            &format!("client_name#en-x-{at:02}"),
            format!("Notes {at:02}"),
        );
    }
    stored.with("client_name#fr", "P\u{430}yPal").client()
}

fn with_consent(client: &Client, test: impl FnOnce(Consent<'_>)) {
    let decision = authorize(&t1(), client, good()).unwrap();
    test(decision.consent(client).unwrap());
}

#[test]
fn names_are_shown_only_if_selected() {
    with_consent(&client(), |consent| {
        assert_eq!(consent.localized_names, []);
        assert_eq!(consent.names_left_out, 100);
        let consent = consent.with_localized_names(3, |_language| true);
        let names: Vec<_> = consent.localized_names.iter().map(|it| it.name).collect();
        assert_eq!(names, ["Notes 00", "Notes 01", "Notes 02"]);
        assert_eq!(consent.names_left_out, 97);
        let consent = consent.with_localized_names(3, |language| language.as_str() == "fr");
        let [only] = consent.localized_names[..] else {
            panic!("{:?}", consent.localized_names);
        };
        assert_eq!((only.language.as_str(), only.name), ("fr", "P\u{430}yPal"));
        assert_eq!(consent.names_left_out, 99);
        let consent = consent.with_localized_names(0, |_language| true);
        assert_eq!(consent.localized_names, []);
        assert_eq!(consent.names_left_out, 100);
    });
}

#[test]
fn only_names_on_the_page_are_compared() {
    let protected = ProtectedNames::new(["PayPal", "Notes 98"]);
    with_consent(&client(), |consent| {
        assert_eq!(consent.resembles(&protected), None);
        let consent = consent.with_localized_names(3, |_language| true);
        assert_eq!(consent.resembles(&protected), None);
        let consent = consent.with_localized_names(3, |language| language.as_str() == "fr");
        assert_eq!(consent.resembles(&protected), Some("PayPal"));
        let consent = consent.with_localized_names(99, |_language| true);
        assert_eq!(consent.resembles(&protected), Some("Notes 98"));
    });
    let imitator = Stored::public("tpc_A1").with("client_name", "PayPaI");
    with_consent(&imitator.client(), |consent| {
        assert_eq!(consent.resembles(&protected), Some("PayPal"));
    });
}

/// A row may have been written under a larger limit, or by hand.
#[test]
fn only_the_shown_part_of_names_is_compared() {
    let protected = ProtectedNames::new(["PayPal"]);
    let start = "é".repeat(Consent::MAX_NAME_CHARS - 7);
    for (end, resembled) in [
        ("PayPal and more", Some("PayPal")),
        ("\u{e9}\u{e9}PayPal", None),
    ] {
        let name = format!("{start} {end}{}", "\u{fdfa}".repeat(3_000));
        let client = Stored::public("tpc_A1")
            .with("client_name", &*name)
            .with("client_name#fr", &*name)
            .client();
        with_consent(&client, |consent| {
            let consent = consent.with_localized_names(1, |_language| true);
            let shown = consent.client_name.unwrap();
            assert!(name.starts_with(shown));
            assert_eq!(shown.chars().count(), Consent::MAX_NAME_CHARS);
            assert_eq!(consent.localized_names[0].name, shown);
            assert_eq!(consent.resembles(&protected), resembled);
        });
    }
}
