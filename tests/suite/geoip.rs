//! Locations from MaxMind DB files: what is read, and what is refused.
//!
//! The files are made by `tests/geoip/make.py`.

mod broken;

use std::{
    env,
    error::Error as _,
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    process,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use http::HeaderName;
use oauth_dcr::{
    MemoryStore, PeerAddress, Registrar, RegistrationEndpoint, TenantSettings,
    acl::{Acl, AclScope, Asn, Conditions, CountryCode, Rule, Signal, Signals, SubdivisionCode},
    geo::{GeoSource, Location, WantedLocation},
    geoip::{Database, DatabaseError, DatabaseFault, Databases, FieldPath, Fields},
    tenants::TenantSelector,
};
use serde_json::json;

const FILES: [&str; 3] = ["city", "asn", "flat"];

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/geoip/{name}.mmdb"))
}

fn open(name: &str) -> Database {
    Database::open(file(name), &Fields::known()).unwrap()
}

fn path(text: &str) -> FieldPath {
    FieldPath::parse(text).unwrap()
}

/// Country, subdivision and ASN as texts, with `-` for each unknown value.
fn located(source: &impl GeoSource, address: &str, wanted: WantedLocation) -> String {
    let location = source.locate(address.parse().unwrap(), wanted);
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        or_dash(location.country.map(|it| it.to_string())),
        or_dash(location.subdivision.map(|it| it.to_string())),
        or_dash(location.asn.map(|it| it.to_string())),
    ]
    .join(" ")
}

fn assert_located(source: &impl GeoSource, expected: &[(&str, &str)]) {
    for (address, location) in expected {
        let found = located(source, address, WantedLocation::ALL);
        assert_eq!(found, *location, "{address}");
    }
}

#[test]
fn nested_file_gives_country_and_first_subdivision() {
    let expected = [
        ("198.51.100.1", "SE SE-AB -"),
        ("198.51.100.200", "GB GB-ENG -"),
        ("203.0.113.1", "US - -"),
        ("192.0.2.1", "- - -"),
        ("10.0.0.1", "- - -"),
        ("255.255.255.255", "- - -"),
        ("0.0.0.0", "- - -"),
        ("2001:db8::1", "DE DE-BY -"),
        ("2001:db8:1:2::3", "US US-CA -"),
        ("2001:db9::", "- - -"),
        // An address that embeds an IPv4 address has the location of the IPv4 address.
        ("::ffff:198.51.100.1", "SE SE-AB -"),
        ("2002:c633:6401::1", "SE SE-AB -"),
    ];
    assert_located(&open("city"), &expected);
    let fields = Fields::new()
        .country(path("/country/iso_code"))
        .subdivision(path("/subdivisions/0/iso_code"));
    assert_located(&Database::open(file("city"), &fields).unwrap(), &expected);
}

#[test]
fn nested_file_gives_the_autonomous_system() {
    let expected = [
        ("198.51.100.1", "- - AS64500"),
        ("203.0.113.1", "- - AS4294967295"),
        ("2001:db8::1", "- - AS64501"),
        ("10.0.0.1", "- - -"),
    ];
    assert_located(&open("asn"), &expected);
}

#[test]
fn invalid_texts_in_a_flat_file_are_ignored() {
    let expected = [
        ("198.51.100.1", "SE SE-AB AS64500"),
        ("203.0.113.1", "US US-CA AS64501"),
        ("203.0.113.129", "- - -"),
        ("192.0.2.1", "- - -"),
        ("10.1.2.3", "XK XK-1 AS64502"),
        // The file covers only IPv4.
        ("2001:db8::1", "- - -"),
        ("::ffff:198.51.100.1", "SE SE-AB AS64500"),
    ];
    assert_located(&open("flat"), &expected);
    let fields = Fields::new()
        .country(path("/country_code"))
        .subdivision(path("/region_code"))
        .asn(path("/asn"));
    assert_located(&Database::open(file("flat"), &fields).unwrap(), &expected);
}

#[test]
fn unrequested_fields_are_not_returned() {
    let database = open("flat");
    let mut wanted = WantedLocation::default();
    assert!(wanted.is_empty());
    assert_eq!(located(&database, "203.0.113.1", wanted), "- - -");
    wanted.asn = true;
    assert_eq!(located(&database, "203.0.113.1", wanted), "- - AS64501");
    wanted = WantedLocation::default();
    wanted.subdivision = true;
    // The country is read to form the subdivision, but not returned.
    assert_eq!(located(&database, "203.0.113.1", wanted), "- US-CA -");
    wanted.country = true;
    assert_eq!(located(&database, "203.0.113.1", wanted), "US US-CA -");
}

#[test]
fn unnamed_field_is_not_read() {
    let fields = Fields::new().country(path("/country_code"));
    let database = Database::open(file("flat"), &fields).unwrap();
    assert_located(&database, &[("198.51.100.1", "SE - -")]);
}

#[test]
fn first_database_with_a_value_decides() {
    let both = Databases::new([open("asn"), open("city"), open("flat")]);
    let expected = [
        ("198.51.100.200", "GB GB-ENG AS64500"),
        ("203.0.113.1", "US US-CA AS4294967295"),
        ("2001:db8::1", "DE DE-BY AS64501"),
    ];
    assert_located(&both, &expected);
    let reversed = Databases::new([open("flat"), open("city"), open("asn")]);
    let expected = [
        ("198.51.100.200", "SE SE-AB AS64500"),
        ("203.0.113.1", "US US-CA AS64501"),
        ("203.0.113.129", "US - AS4294967295"),
    ];
    assert_located(&reversed, &expected);
    assert_located(&Databases::new([]), &[("198.51.100.1", "- - -")]);
}

#[test]
fn databases_replaced_under_load_are_old_or_new() {
    let [old, new] = [vec![open("city"), open("asn")], vec![open("flat")]];
    let databases = Databases::new(old.clone());
    let address = "198.51.100.200".parse().unwrap();
    let done = AtomicBool::new(false);
    let seen = [AtomicU64::new(0), AtomicU64::new(0)];
    let location = |country, subdivision| Location {
        country: Some(CountryCode::parse(country).unwrap()),
        subdivision: Some(SubdivisionCode::parse(subdivision).unwrap()),
        asn: Some(Asn::new(64500)),
    };
    let locations = [location("GB", "GB-ENG"), location("SE", "SE-AB")];
    thread::scope(|scope| {
        for _ in 0..4 {
            let databases = databases.clone();
            let (done, seen, locations) = (&done, &seen, &locations);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let location = databases.locate(address, WantedLocation::ALL);
                    let which = locations.iter().position(|it| *it == location);
                    seen[which.expect("a location of one of the two databases")]
                        .fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for swap in 0..200 {
            let before = seen[swap % 2].load(Ordering::Relaxed);
            while seen[swap % 2].load(Ordering::Relaxed) == before {
                thread::yield_now();
            }
            databases.replace(if swap % 2 == 0 {
                new.clone()
            } else {
                old.clone()
            });
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[tokio::test]
async fn the_edges_country_wins_over_the_database() {
    let rules = json!([{
        "priority": 1,
        "rule": {
            "action": {"block": true}, "scope": "dcr",
            "match": {"geo_country_codes": ["SE"], "asns": [64500]},
        },
    }]);
    let mut tenant = TenantSettings::new().enabled();
    tenant.acl = Acl::from_json(&rules.to_string()).unwrap();
    tenant.trusted_proxies = ["10.0.0.0/8".parse().unwrap()].into_iter().collect();
    tenant.signal_headers.geo_country_code = Some(HeaderName::from_static("x-country"));
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(tenant)
        .geo(Databases::new([open("city"), open("asn")]))
        .build()
        .unwrap();
    let endpoint = RegistrationEndpoint::new(registrar);
    for (peer, edge, status) in [
        ("198.51.100.1", None, 403),
        ("203.0.113.1", None, 201),
        ("10.0.0.1", None, 201),
        ("10.0.0.1", Some(("198.51.100.1", None)), 403),
        ("10.0.0.1", Some(("198.51.100.1", Some("NO"))), 201),
        ("10.0.0.1", Some(("198.51.100.200", Some("SE"))), 403),
    ] {
        let mut request =
            http::Request::post("/oidc/register").header("content-type", "application/json");
        if let Some((client, country)) = edge {
            request = request.header("x-forwarded-for", client);
            if let Some(country) = country {
                request = request.header("x-country", country);
            }
        }
        let body = r#"{"redirect_uris": ["https://app.example.com/callback"]}"#;
        let mut request = request.body(body).unwrap();
        let peer_address = PeerAddress(peer.parse().unwrap());
        request.extensions_mut().insert(peer_address);
        let response = endpoint.respond(request).await;
        assert_eq!(response.status(), status, "{peer} {edge:?}");
    }
}

/// Records which fields it is asked for.
#[derive(Default)]
struct Spy(Mutex<Vec<(String, WantedLocation)>>);

impl GeoSource for Spy {
    fn locate(&self, address: IpAddr, wanted: WantedLocation) -> Location {
        self.0.lock().unwrap().push((address.to_string(), wanted));
        Location::default()
    }

    fn provides(&self) -> WantedLocation {
        WantedLocation::ALL
    }
}

#[tokio::test]
async fn only_needed_fields_are_looked_up() {
    let conditions = Conditions::new()
        .countries([CountryCode::parse("SE").unwrap()])
        .asns([Asn::new(64500)]);
    let mut tenant = TenantSettings::new().enabled();
    tenant.acl = Acl::new([Rule::block(AclScope::Dcr).not_matching(conditions)]).unwrap();
    let spy = Arc::new(Spy::default());
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(tenant)
        .geo(Arc::clone(&spy))
        .build()
        .unwrap();
    let from = Signals::from_peer("::ffff:198.51.100.1".parse().unwrap());
    let sweden = CountryCode::parse("SE").unwrap();
    for signals in [
        from,
        from.country(sweden),
        from.country(sweden).asn(Asn::new(1)),
        Signals::new(),
    ] {
        let _ = registrar.admit(TenantSelector::Host(None), signals).await;
    }
    let wanted = |country| WantedLocation {
        country,
        subdivision: false,
        asn: true,
    };
    let asked = spy.0.lock().unwrap();
    let address = || "198.51.100.1".to_owned();
    assert_eq!(
        *asked,
        [(address(), wanted(true)), (address(), wanted(false))]
    );
}

#[test]
fn field_that_no_record_has_is_refused() {
    for (fields, signal, text) in [
        (
            Fields::new().country(path("/country/iso")),
            Signal::Country,
            "city.mmdb: no record has a value for the country at /country/iso",
        ),
        // The path exists, but its value is not a country code.
        (
            Fields::new().country(path("/country/geoname_id")),
            Signal::Country,
            "city.mmdb: no record has a value for the country at /country/geoname_id",
        ),
        (
            Fields::new().asn(path("/country/iso_code")),
            Signal::Asn,
            "city.mmdb: no record has a value for the ASN at /country/iso_code",
        ),
        // A subdivision whose country is not read.
        (
            Fields::new().subdivision(path("/subdivisions/0/iso_code")),
            Signal::Subdivision,
            "city.mmdb: no record has a value for the subdivision at /subdivisions/0/iso_code",
        ),
    ] {
        let error = Database::open(file("city"), &fields).unwrap_err();
        assert!(error.to_string().ends_with(text), "{error}");
        let DatabaseFault::FieldMissing { signal: found, .. } = error.fault() else {
            panic!("{error}");
        };
        assert_eq!(*found, signal);
        assert!(error.source().is_none());
    }
    let error = Database::open(file("city"), &Fields::new()).unwrap_err();
    assert!(matches!(error.fault(), DatabaseFault::NothingKnown));
}

/// A file that is deleted when the value is dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        let name = format!("oauth-dcr-{}-{name}", process::id());
        Self(env::temp_dir().join(name))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn error_names_a_missing_file_and_the_cause() {
    let missing = Temporary::new("missing.mmdb");
    let error = Database::open(&missing.0, &Fields::known()).unwrap_err();
    assert_eq!(error.file(), missing.0);
    assert!(error.to_string().ends_with("missing.mmdb: can't be read"));
    let cause: Option<&io::Error> = error.source().and_then(|it| it.downcast_ref());
    assert_eq!(cause.unwrap().kind(), io::ErrorKind::NotFound);
}

#[test]
fn file_that_is_too_large_is_not_read() {
    let large = Temporary::new("large.mmdb");
    let sparse = fs::File::create(&large.0).unwrap();
    sparse.set_len(Database::MAX_BYTES + 1).unwrap();
    let error = Database::open(&large.0, &Fields::known()).unwrap_err();
    assert!(matches!(error.fault(), DatabaseFault::TooLarge), "{error}");
}

fn from_bytes(bytes: Vec<u8>) -> Result<Database, DatabaseError> {
    Database::from_bytes("given.mmdb", bytes, &Fields::known())
}

#[test]
fn file_that_is_not_a_database_is_refused() {
    for bytes in [vec![], b"hello".to_vec(), vec![0; 4096], vec![0xff; 4096]] {
        let error = from_bytes(bytes).unwrap_err();
        assert_eq!(error.to_string(), "given.mmdb: is not a valid MaxMind DB");
        let cause = error.source().unwrap().to_string();
        assert_eq!(
            cause,
            "invalid database: could not find MaxMind DB metadata in file"
        );
    }
}

/// Looks up addresses of every kind in a database that was accepted.
fn ask(database: &Database) {
    for address in [
        "0.0.0.0",
        "192.0.2.1",
        "198.51.100.1",
        "198.51.100.200",
        "203.0.113.1",
        "255.255.255.255",
        "::",
        "2001:db8::1",
        "2001:db8:1::1",
        "2002:c633:6401::1",
        "ffff::",
    ] {
        database.locate(address.parse().unwrap(), WantedLocation::ALL);
    }
}

#[test]
fn truncated_file_is_refused() {
    for name in FILES {
        let whole = fs::read(file(name)).unwrap();
        for length in 0..whole.len() {
            let mut cut = whole.clone();
            cut.truncate(length);
            assert!(from_bytes(cut).is_err(), "{length} bytes of {name}");
            // Like a transfer that lost its beginning.
            let tail = whole[whole.len() - length..].to_vec();
            let _ = from_bytes(tail).map(|it| ask(&it));
        }
    }
}

#[test]
fn file_with_one_wrong_byte_never_panics() {
    let (mut refused, mut tried) = (0, 0);
    for name in FILES {
        let whole = fs::read(file(name)).unwrap();
        for at in 0..whole.len() {
            for bits in [0x01, 0x10, 0x80, 0xff] {
                let mut wrong = whole.clone();
                wrong[at] ^= bits;
                tried += 1;
                match from_bytes(wrong) {
                    Ok(database) => ask(&database),
                    Err(_) => refused += 1,
                }
            }
        }
    }
    assert!(refused > tried / 10, "{refused} of {tried} refused");
}

#[test]
fn path_has_at_most_eight_steps() {
    for good in ["/a", "/a/0/b", "/~0~1x/12", "/1/2/3/4/5/6/7/8", "/a b"] {
        assert_eq!(path(good).as_str(), good);
        assert_eq!(path(good).to_string(), good);
    }
    let bad = [
        "",
        "/",
        "a",
        "a/b",
        "/a/",
        "//a",
        "/~",
        "/~2",
        "/a~",
        "/1/2/3/4/5/6/7/8/9",
        "/99999999999999999999999",
    ];
    for bad in bad {
        assert!(FieldPath::parse(bad).is_err(), "{bad}");
    }
}
