//! The addresses of the documents.

use oauth_dcr::{
    discovery::MetadataDocument::{self, OAuth, OpenId},
    settings::Issuer,
};
use proptest::prelude::*;

use crate::properties::config;

#[test]
fn issuer_without_a_path_has_two_locations() {
    for issuer in ["https://auth.example.com", "https://auth.example.com:8443/"] {
        let issuer = Issuer::parse(issuer).unwrap();
        assert_eq!(issuer.path(), "");
        let paths = [
            "/.well-known/oauth-authorization-server",
            "/.well-known/openid-configuration",
        ];
        assert_eq!(issuer.well_known_paths(), paths);
    }
}

#[test]
fn an_issuers_trailing_slash_is_ignored() {
    for issuer in ["http://127.0.0.1:80/a/b", "http://127.0.0.1:80/a/b/"] {
        let issuer = Issuer::parse(issuer).unwrap();
        assert_eq!(issuer.path(), "/a/b");
        let paths = [
            "/.well-known/oauth-authorization-server/a/b",
            "/.well-known/openid-configuration/a/b",
            "/a/b/.well-known/openid-configuration",
        ];
        assert_eq!(issuer.well_known_paths(), paths);
    }
}

#[test]
fn path_leads_to_an_issuers_document() {
    for (path, found) in [
        ("/.well-known/oauth-authorization-server", Some((OAuth, ""))),
        (
            "/.well-known/oauth-authorization-server/",
            Some((OAuth, "")),
        ),
        (
            "/.well-known/oauth-authorization-server/a/b",
            Some((OAuth, "/a/b")),
        ),
        (
            "/.well-known/oauth-authorization-server/a/b/",
            Some((OAuth, "/a/b")),
        ),
        ("/.well-known/openid-configuration", Some((OpenId, ""))),
        (
            "/.well-known/openid-configuration/a%2Fb",
            Some((OpenId, "/a%2Fb")),
        ),
        (
            "/a/b/.well-known/openid-configuration",
            Some((OpenId, "/a/b")),
        ),
        (
            "/a/b/.well-known/openid-configuration/",
            Some((OpenId, "/a/b")),
        ),
        // RFC 8414 has no address of this form.
        ("/a/b/.well-known/oauth-authorization-server", None),
        ("/.well-known/oauth-authorization-servers", None),
        ("/.well-known/openid-configuration.json", None),
        ("a/.well-known/openid-configuration", None),
        ("/.well-known/oauth-protected-resource", None),
        ("/", None),
        ("", None),
        ("*", None),
    ] {
        assert_eq!(MetadataDocument::at(path), found, "{path}");
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_location_leads_back_to_its_issuer(
        host in "[a-z]{1,9}\\.example(:[1-9][0-9]{0,3})?",
        segments in prop::collection::vec("/[a-z0-9_~-]{1,9}(%2F)?", 0..4),
        slash in "/?",
    ) {
        let path = segments.concat();
        let issuer = Issuer::parse(&format!("https://{host}{path}{slash}"));
        let issuer = issuer.unwrap();
        prop_assert_eq!(issuer.path(), &path);
        let documents = [OAuth, OpenId, OpenId];
        let places = issuer.well_known_paths();
        prop_assert_eq!(places.len(), if path.is_empty() { 2 } else { 3 });
        for (place, document) in places.iter().zip(documents) {
            prop_assert_eq!(MetadataDocument::at(place), Some((document, &*path)));
        }
    }

    #[test]
    fn no_path_makes_the_lookup_panic(path in "(/|\\.well-known|/\\.well-known/(openid-configuration|oauth-authorization-server)|\\PC){0,6}") {
        if let Some((_, issuer_path)) = MetadataDocument::at(&path) {
            prop_assert!(issuer_path.is_empty() || issuer_path.starts_with('/'));
            prop_assert!(!issuer_path.ends_with('/') && path.contains(issuer_path));
        }
    }
}
