//! A database as the public gets it, with real networks: that of ip-location-db, whose package says
//! CC0. `tests/clients/install.sh` installs it; nothing of it is kept here.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
};

use oauth_dcr::{
    GeoSource as _, WantedLocation,
    geoip::{Database, FieldPath, Fields},
};
use serde_json::json;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The database, if it is there at the version that is pinned.
fn installed() -> PathBuf {
    let clients = root().join("tests/clients");
    let check = Command::new(clients.join("install.sh"))
        .arg("--check")
        .output();
    let check = check.expect("the database is missing: run tests/clients/install.sh");
    let complaint = String::from_utf8_lossy(&check.stderr);
    assert!(check.status.success(), "{complaint}");
    let package = "node_modules/@ip-location-db/geo-whois-asn-country-mmdb";
    clients.join(package).join("geo-whois-asn-country.mmdb")
}

fn country(database: &Database, address: &str) -> Option<String> {
    let location = database.locate(address.parse().unwrap(), WantedLocation::ALL);
    assert_eq!((location.subdivision, location.asn), (None, None));
    location.country.map(|country| country.to_string())
}

#[test]
fn real_addresses_are_in_their_countries() {
    let database = Database::open(installed(), &Fields::known()).unwrap();
    for (address, expected) in [
        // Universities, registries and resolvers, which stay where they are.
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
        // In use by nobody, or by everybody.
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
fn the_field_can_be_named_and_no_other_is_there() {
    let path = |text| FieldPath::parse(text).unwrap();
    let fields = Fields::new().country(path("/country_code"));
    let database = Database::open(installed(), &fields).unwrap();
    assert_eq!(country(&database, "130.237.28.40").as_deref(), Some("SE"));
}

/// The example server, which ends when this is dropped.
struct ExampleServer(Child);

impl ExampleServer {
    /// Starts it with these arguments on a free port; says where it listens.
    fn start(arguments: &[&Path]) -> (Self, String) {
        // `examples` lies beside the `deps` that the test itself was started from.
        let test = env::current_exe().unwrap();
        let profile = test.parent().and_then(Path::parent).unwrap();
        let name = format!("examples/authorization_server{}", env::consts::EXE_SUFFIX);
        let mut command = Command::new(profile.join(name));
        command.args(["--listen", "127.0.0.1:0"]).args(arguments);
        let started = command.stdout(Stdio::piped()).spawn();
        let mut server = Self(started.expect("run `cargo build --examples` first"));
        let mut first = String::new();
        let stdout = server.0.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut first).unwrap();
        let address = first.trim().strip_prefix("listening on http://");
        (server, address.expect("the first line").to_owned())
    }
}

impl Drop for ExampleServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The status of a registration that a proxy passes on for `client`.
fn status(server: &str, client: &str) -> String {
    let body = r#"{"redirect_uris": ["https://app.example.com/callback"]}"#;
    let mut stream = TcpStream::connect(server).unwrap();
    write!(
        stream,
        "POST /oidc/register HTTP/1.1\r\nhost: {server}\r\nx-forwarded-for: {client}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer[9..12].to_owned()
}

#[test]
fn the_example_server_blocks_the_countries_that_its_settings_name() {
    let settings = json!({"tenants": [{
        "id": "acme",
        "registration": {"enabled": true, "rate_limit": null},
        "trusted_proxies": ["127.0.0.1/32"],
        "acl": [{"priority": 1, "rule": {
            "action": {"block": true}, "scope": "dcr", "match": {"geo_country_codes": ["SE"]},
        }}],
    }]});
    let file = env::temp_dir().join(format!("oauth-dcr-geoip-{}.json", process::id()));
    fs::write(&file, settings.to_string()).unwrap();
    let (_server, address) = ExampleServer::start(&[
        "--settings".as_ref(),
        &file,
        "--geoip".as_ref(),
        &root().join("tests/geoip/asn.mmdb"),
        "--geoip".as_ref(),
        &installed(),
    ]);
    fs::remove_file(&file).unwrap();
    assert_eq!(status(&address, "130.237.28.40"), "403");
    assert_eq!(status(&address, "133.11.0.1"), "201");
    assert_eq!(status(&address, "10.0.0.1"), "201");
}
