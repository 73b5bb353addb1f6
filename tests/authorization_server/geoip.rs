//! Rules about the location of an address, with databases from files.

use std::path::Path;

use http::Request;
use serde_json::json;

use crate::{example_server::ExampleServer, installed::clients, wire::send};

#[tokio::test]
async fn countries_in_the_settings_are_blocked() {
    let settings = json!({ "tenants": [{
        "id": "acme",
        "registration": { "enabled": true, "rate_limit": null },
        "trusted_proxies": ["127.0.0.1/32"],
        "acl": [{ "priority": 1, "rule": {
            "action": { "block": true }, "scope": "dcr", "match": { "geo_country_codes": ["SE"] },
        } }],
    }] });
    let asn = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/geoip/asn.mmdb");
    let package = "node_modules/@ip-location-db/geo-whois-asn-country-mmdb";
    let country = clients().join(package).join("geo-whois-asn-country.mmdb");
    let databases = [asn, country].map(|file| file.to_str().unwrap().to_owned());
    let options = ["--geoip", &databases[0], "--geoip", &databases[1]];
    let server = ExampleServer::start_with(Some(&settings), &options);
    for (client, status) in [
        ("130.237.28.40", 403),
        ("133.11.0.1", 201),
        ("10.0.0.1", 201),
    ] {
        let request = Request::post(format!("{}/oidc/register", server.base))
            .header("content-type", "application/json")
            .header("x-forwarded-for", client)
            .body(r#"{"redirect_uris": ["https://app.example.com/callback"]}"#.to_owned());
        assert_eq!(send(request.unwrap()).await.status, status, "{client}");
    }
}
