//! Redirect URIs, one at a time: which are accepted, and which rule refuses the others.

use std::collections::BTreeMap;

use oauth_dcr::redirect_uri::{RedirectUri, RedirectUriError as Error, RedirectUriPolicy};

fn parse(text: &str) -> Result<RedirectUri, Error> {
    RedirectUri::parse(text, &RedirectUriPolicy::default())
}

#[track_caller]
fn refused(rule: Error, texts: &[&str]) {
    for text in texts {
        assert_eq!(parse(text).err(), Some(rule), "{text:?}");
    }
}

#[test]
fn real_redirect_uris_are_kept_byte_for_byte() {
    for text in [
        "https://app.example.com/callback?env=prod",
        "https://client.example.com",
        "https://client.example.com?a=b",
        "HTTPS://App.Example.COM/Callback",
        "https://app.example.com:443/cb",
        "https://xn--bcher-kva.example/cb",
        "https://pos_integration.example.com/cb",
        "https://_a_._.example.com/cb",
        "https://a-_b.xn--bcher-kva.example/cb",
        "https://a_b.localhost/cb",
        "https://203.0.113.9/cb",
        "https://[2001:db8::1]:8443/cb",
        "https://[0:0:0:0:0:0:0:1]/cb",
        "https://localhost:3005/cb",
        "https://example.com/callback~path_with_extra_chars;a=b,c!$&'()+",
        "https://example.com/a//b/?x=%20&y=/?:@",
        "http://127.0.0.1:33418",
        "http://127.0.0.1/",
        "http://[::1]:8080/cb",
        "http://localhost/?oidc",
        "HTTP://localhost:1/cb",
        "com.example.app:/oauth2redirect/example-provider",
        "com.example.app:cb",
        "com.example.app://host/cb",
        "com.example.app://callback",
        "com.example.app:///cb",
        "com.googleusercontent.apps.123-abc:/oauth2redirect",
        "com.example.app://Callback:8080/cb",
        "com.example.app://127.0.0.1/cb",
        "com.example.app://a_b.c/cb",
        "com.example.app://[::1]/cb",
        "com.example.app:/u@host",
        "com.example.app:cb?mail=u@host",
        "com.example.app:8080a",
        "com.example.app:/it's",
        "com.microsoft.app:/cb",
        "ie.example.app:/cb",
    ] {
        assert_eq!(parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn each_rule_refuses_its_case() {
    refused(
        Error::Character,
        &[
            " https://a.example/",
            "https://a.example/ ",
            "java\tscript:alert(1)",
            "https://a.example/\n",
            "https:\\\\a.example\\cb",
            "https://a.example\\@b.example/",
            "https://\u{e4}.example/",
            "https://a\u{3002}example/",
            "https://a.example/\0",
            "https://a.example/\"",
            "https://a.example/[",
            "https://a.example/?a[]=1",
            "https://a.example/{x}",
            "\u{feff}https://a.example/",
            "https://a.example/\u{7f}",
            "data:text/html,<script>",
        ],
    );
    refused(
        Error::PercentEncoding,
        &[
            "https://a.example/%",
            "https://a.example/%4",
            "https://a.example/%zz",
        ],
    );
    refused(
        Error::NotAbsolute,
        &[
            "",
            "/callback",
            "//a.example/cb",
            "callback",
            ".com:/cb",
            "1a:b",
            ":x",
            "com.example.app:",
            "com.example.app://",
            "com.example.app:?",
            "com.example.app://?",
        ],
    );
    refused(
        Error::Fragment,
        &[
            "https://a.example/#",
            "https://a.example#x",
            "com.example.app:/cb#",
        ],
    );
    refused(
        Error::Userinfo,
        &[
            "https://a@b.example/",
            "http://127.0.0.1:80@evil.test/cb",
            "http://user@localhost/",
            "com.example.app://a@b/",
            "com.example.app:u@evil.com",
            "com.example.app:@/cb",
            "com.example.app:u:p@evil.com?x=1",
        ],
    );
    refused(
        Error::Wildcard,
        &[
            "https://*.a.example/",
            "https://a.example/*",
            "com.example.app:/*",
            "https://a.example/?*",
        ],
    );
    refused(
        Error::DotSegment,
        &[
            "https://a.example/a/../b",
            "https://a.example/.",
            "https://a.example/%2e%2E/",
            "https://a.example/.%2e",
            "https://a.example/%2e",
            "com.example.app:/a/./b",
            "com.example.app:..",
        ],
    );
    refused(
        Error::Host,
        &[
            "https:///cb",
            "https://",
            "https:/a.example/",
            "https:a.example",
            "https://a..example/",
            "https://a.example./",
            "https://localhost./",
            "https://-a.example/",
            "https://a-.example/",
            "https://a.exam_ple/",
            "https://a_b/",
            "https://xn--a_b.example/",
            "https://XN--bcher_kva.example/",
            "https://-a_b.example/",
            "https://a_b-.example/",
            "https://a_b.1/",
            "https://%61.example/",
            "https://1.2.3/",
            "https://01.2.3.4/",
            "https://256.1.1.1/",
            "https://a.1/",
            "https://[::1",
            "https://[fe80::1%25eth0]/",
            "https://[v1.x]/",
            "https://[::1]a/",
            "http://2130706433/cb",
            "http://127.1/",
            "com.example.app://a..b/",
            "com.example.app://a./",
            "http://:80/",
            "http://0x7f000001/",
            "https://app.1password/cb",
            "https://a.0x1/",
            "https://a.example.1a:8443/",
            "com.example.app://2130706433/",
            "com.example.app://127.1/cb",
            "com.example.app://app.1password/cb",
            "com.example.app://a_b/cb",
            "com.example.app://-a/cb",
            "com.example.app://a!b/cb",
        ],
    );
    refused(
        Error::SingleLabelHost,
        &["https://intranet/", "https://com/cb"],
    );
    refused(
        Error::Port,
        &[
            "https://a.example:0/",
            "https://a.example:65536/",
            "https://a.example:/",
            "https://a.example:080/",
            "https://a.example:+1/",
            "https://::1/",
            "http://localhost:99999/",
            "com.example.app://a:0/",
        ],
    );
    refused(
        Error::HttpNotLoopback,
        &[
            "http://a.example/",
            "http://localhost.evil.test/",
            "http://127.0.0.1.nip.io/",
            "http://127.0.0.2/",
            "http://0.0.0.0:8080/",
            "http://10.0.0.5/",
            "http://[::ffff:127.0.0.1]/",
            "http://LOCALHOST/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://sub.localhost/",
        ],
    );
    refused(
        Error::SchemeNotAllowed,
        &[
            "javascript:alert(1)",
            "JaVaScRiPt:x",
            "data:text/html,hi",
            "vbscript:x",
            "file:///etc/passwd",
            "about:blank",
            "blob:https://a.example/x",
            "ftp://a.example/",
            "ws://a.example/",
            "wss://a.example/",
            "mailto:a@b.example",
            "tel:+1",
            "urn:ietf:wg:oauth:2.0:oob",
            "myapp://cb",
            "cursor://x/y",
            "com..example:/cb",
            "com.example-:/cb",
            "com.-example:/cb",
            "com.exa+mple:/cb",
            "com.example.:/cb",
            "x-apple.systempreferences:com.apple.preference.security",
            "X-Apple.SystemPreferences:x",
            "microsoft.windows.camera:",
            "Microsoft.Windows.Photos.Crop:?x",
            "windows.tbauth://a/b",
            "explorer.assocprotocol.search-ms:query=x",
            "ie.http://a.example/",
            "com.apple.preferences://oauth-redirect",
            "android.resource://a/b",
        ],
    );
    refused(
        Error::Ambiguous,
        &[
            "https://xn--a.example/",
            "https://a.example/?a='b'",
            "com.example.app:/cb?a='b'",
            "com.example.app:cb?'",
            "com.example.app://host/cb?a='b'",
            "com.example.app://xn--a/cb",
            "com.example.app:8080",
            "com.example.app:8080/cb",
            "com.example.app:8080?a=b",
        ],
    );
}

#[test]
fn length_is_bounded_before_anything_else() {
    let longest = format!("https://a.example/{}", "a".repeat(2048 - 18));
    assert!(parse(&longest).is_ok());
    assert_eq!(parse(&format!("{longest}a")).err(), Some(Error::TooLong));
    assert_eq!(parse(&"\0".repeat(2049)).err(), Some(Error::TooLong));
}

#[test]
fn native_agents_preset_adds_only_their_schemes() {
    let policy = RedirectUriPolicy::native_agents();
    for text in [
        "cursor://anysphere.cursor-mcp/cb",
        "vscode-insiders://x/cb",
        "Windsurf:/cb",
    ] {
        assert!(RedirectUri::parse(text, &policy).is_ok(), "{text}");
    }
    let other = RedirectUri::parse("myapp://cb", &policy);
    assert_eq!(other, Err(Error::SchemeNotAllowed));
    assert!(policy.localhost_any_port);
}

#[test]
fn implicit_grant_needs_https_to_a_remote_host() {
    for (text, suits) in [
        ("https://app.example.com/cb", true),
        ("https://203.0.113.9/cb", true),
        ("https://localhost/cb", false),
        ("https://app.LOCALHOST/cb", false),
        ("https://127.0.0.1:8443/cb", false),
        ("https://127.9.9.9/cb", false),
        ("https://[::1]/cb", false),
        ("https://[::ffff:127.0.0.1]/cb", false),
        ("http://127.0.0.1/cb", false),
        ("com.example.app:/cb", false),
    ] {
        assert_eq!(parse(text).unwrap().suits_implicit_grant(), suits, "{text}");
    }
}

const PAGE: &str = include_str!("../../src/guide/redirect_uris.md");

/// The rows of the guide's table with this header.
fn table(head: &str) -> Vec<Vec<&'static str>> {
    let (_, after) = PAGE.split_once(head).expect(head);
    let rows = after
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells = row.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().trim_matches('`')).collect()
    })
    .collect()
}

#[test]
fn guide_names_every_rule_with_its_refusals() {
    let every = [
        Error::TooLong,
        Error::Character,
        Error::PercentEncoding,
        Error::NotAbsolute,
        Error::Fragment,
        Error::Userinfo,
        Error::Wildcard,
        Error::DotSegment,
        Error::Host,
        Error::SingleLabelHost,
        Error::Port,
        Error::HttpNotLoopback,
        Error::SchemeNotAllowed,
        Error::Ambiguous,
    ];
    let rows = table("| text | rule |\n");
    for row in &rows {
        let rule = parse(row[0]).map_err(Error::rule);
        assert_eq!(rule, Err(row[1]), "{}", row[0]);
    }
    for rule in every.map(Error::rule) {
        let has_row = rows.iter().any(|row| row[1] == rule);
        assert!(has_row || rule == "too_long", "{rule} has no row");
    }
    assert!(PAGE.contains("And `too_long`"));
}

#[test]
fn the_guide_says_what_matches() {
    let rows = table("| registered | requested | match |\n");
    assert_eq!(rows.len(), 15);
    for row in rows {
        let by = |policy: RedirectUriPolicy| {
            let registered = RedirectUri::parse(row[0], &policy).unwrap();
            registered.matches(row[1], &policy)
        };
        let expected = match row[2] {
            "yes" => (true, true),
            "no" => (false, false),
            "for native agents" => (false, true),
            other => panic!("{other}"),
        };
        let found = (
            by(RedirectUriPolicy::default()),
            by(RedirectUriPolicy::native_agents()),
        );
        assert_eq!(found, expected, "{row:?}");
    }
}

#[test]
fn guide_shows_the_preset_as_json() {
    let (_, after) = PAGE.split_once("```json\n").expect("the preset");
    let json = after.split("```").next().unwrap();
    let members: BTreeMap<String, RedirectUriPolicy> = serde_json::from_str(json).unwrap();
    let preset = (
        "redirect_uris".to_owned(),
        RedirectUriPolicy::native_agents(),
    );
    assert_eq!(members, BTreeMap::from([preset]));
}
