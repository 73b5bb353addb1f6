//! A public database with real networks, from ip-location-db, whose package has the licence CC0.
//! `tests/clients/install.sh` installs it; the repository contains no part of it.

#[path = "support/installed.rs"]
mod installed;

use std::path::PathBuf;

use installed::clients;
use oauth_dcr::{
    geo::{GeoSource as _, WantedLocation},
    geoip::{Database, FieldPath, Fields},
};
fn public_database() -> PathBuf {
    let package = "node_modules/@ip-location-db/geo-whois-asn-country-mmdb";
    clients().join(package).join("geo-whois-asn-country.mmdb")
}

fn country(database: &Database, address: &str) -> Option<String> {
    let location = database.locate(address.parse().unwrap(), WantedLocation::ALL);
    assert_eq!((location.subdivision, location.asn), (None, None));
    location.country.map(|country| country.to_string())
}

#[test]
fn real_addresses_are_in_their_countries() {
    let database = Database::open(public_database(), &Fields::known()).unwrap();
    for (address, expected) in [
        // Universities, registries and resolvers, whose addresses rarely move.
        ("130.237.28.40", Some("SE")),
        ("133.11.0.1", Some("JP")),
        ("193.0.6.139", Some("NL")),
        ("200.160.2.3", Some("BR")),
        ("8.8.8.8", Some("US")),
        ("18.9.22.69", Some("US")),
        ("129.132.1.1", Some("CH")),
        ("163.1.0.1", Some("GB")),
        ("2001:4860:4860::8888", Some("US")),
        ("2001:6b0::1", Some("SE")),
        ("2001:660::1", Some("FR")),
        ("::ffff:130.237.28.40", Some("SE")),
        // Addresses that nobody or everybody uses.
        ("10.0.0.1", None),
        ("127.0.0.1", None),
        ("::1", None),
        ("fd00::1", None),
        ("fe80::1", None),
    ] {
        let found = country(&database, address);
        assert_eq!(found.as_deref(), expected, "{address}");
    }
}

#[test]
fn only_the_configured_field_is_read() {
    let path = |text| FieldPath::parse(text).unwrap();
    let fields = Fields::new().country(path("/country_code"));
    let database = Database::open(public_database(), &fields).unwrap();
    assert_eq!(country(&database, "130.237.28.40").as_deref(), Some("SE"));
}
