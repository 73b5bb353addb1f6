//! Tenants and ids that look the same if a store joins them, ignores letter case, or cuts them.

use crate::{
    client::Client,
    conformance::store::{
        fixture::{Fixture, fail, hour, inserted, insertion, key, limited, written},
        many::put_all,
    },
    store::{
        Activity, BlockOutcome, ClientStore, RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome,
    },
    types::{ClientId, TenantId},
};

/// Separators that a back end may put between a tenant and an id in its keys. The empty text joins them directly.
const SEPARATORS: [&str; 10] = ["", ":", ".", "-", "_", "::", "--", "__", ":-", "-._:"];

/// For each separator such as `:`, the tenant `t` has the client `b:c`, and the tenant `t:b` has the client `c`. Joining
/// gives the same text, but the rows are different.
pub async fn tenants_and_ids_are_never_joined(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    for separator in SEPARATORS {
        let short = fixture.another();
        let Ok(tenant) = TenantId::parse(&format!("{}{separator}b", short.tenant)) else {
            continue;
        };
        let long = fixture.within(tenant);
        let joined = format!("b{separator}c");
        are_different(&short, &joined, &long, "c").await;
    }
}

/// Checks that calls for a row of one tenant do not change a row of another tenant.
async fn are_different<S: ClientStore>(
    short: &Fixture<S>,
    joined: &str,
    long: &Fixture<S>,
    rest: &str,
) {
    let rule = format!("{}, {joined} is not {}, {rest}", short.tenant, long.tenant);
    let rows = [(short, joined, "short"), (long, rest, "long")];
    for (fixture, name, client_name) in rows {
        let insertion = insertion(fixture.named(name, client_name));
        let limited = limited(insertion.deduplicated_by(Some(key(1))), 1);
        assert_eq!(fixture.insert(limited).await, inserted(), "{rule}");
    }
    let other = long.named(rest, "long");
    let unchanged = async |call: &str| {
        let found = long.find(rest).await;
        assert_eq!(found.as_ref(), Some(&other), "{rule}: `{call}`");
        assert_eq!(long.names().await, [rest], "{rule}: `{call}`");
    };
    assert_eq!(short.names().await, [joined], "{rule}");
    unchanged("insert").await;
    short.set_blocked(joined, true).await;
    unchanged("set_blocked").await;
    let update = Client {
        revision: 2,
        ..short.named(joined, "updated")
    };
    short.update(update).await;
    unchanged("update").await;
    let touched = short.touch(joined, Activity::used(hour(5), None)).await;
    assert_eq!(touched, written(), "{rule}");
    let sweep = Sweep::new().unused_before(hour(1));
    assert_eq!(short.sweep(sweep).await, [""; 0], "{rule}: `touch`");
    unchanged("sweep").await;
    let removed = short.remove(joined).await;
    assert_eq!(removed, RemoveOutcome::Removed, "{rule}");
    unchanged("remove").await;
    assert_eq!(long.sweep(sweep).await, [rest], "{rule}: `touch`");
}

/// Ids are different if they differ in a separator, in a wildcard, in letter case, in an escape or in the last
/// character.
pub async fn every_character_of_an_id_counts(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let mut names: Vec<String> = (b'!'..=b'~')
        .flat_map(|byte| {
            let character = char::from(byte);
            [
                format!("x{character}y"),
                format!("x{character}"),
                format!("{character}y"),
                format!("{character}"),
            ]
        })
        .collect();
    for length in [
        31,
        32,
        63,
        64,
        127,
        128,
        191,
        254,
        255,
        256,
        ClientId::MAX_CHARS - 1,
    ] {
        let long = "a".repeat(length);
        names.extend([format!("{long}b"), format!("{long}c")]);
    }
    names.extend(["%41", "&amp;", "\\x41", "x%20y", "x+y+", "xy"].map(str::to_owned));
    names.sort();
    names.dedup();
    put_all(&fixture, &names).await;
    let rule = "each id is a different client";
    assert_eq!(fixture.names().await, names, "{rule}");
    for (place, name) in names.iter().enumerate() {
        let found = fixture.find(name).await;
        assert_eq!(found, Some(fixture.client(name)), "{rule}");
        let page = fixture.page(Some(name), 1).await;
        let next: Vec<_> = names.iter().skip(place + 1).take(1).collect();
        assert_eq!(page.iter().collect::<Vec<_>>(), next, "after {name}");
    }
    let (first, rest) = names.split_at(names.len() / 2);
    for name in first {
        let removed = fixture.remove(name).await;
        assert_eq!(removed, RemoveOutcome::Removed, "{name} was stored");
    }
    assert_eq!(fixture.names().await, rest, "{rule}");
}

/// Tenants with long ids are different if only the last character differs.
pub async fn every_character_of_a_tenant_counts(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let longest = fixture.another_of_length(TenantId::MAX_CHARS - 1);
    for length in [48, 63, 64, 100, TenantId::MAX_CHARS - 1] {
        let Some(stem) = longest.tenant.as_str().get(..length) else {
            continue;
        };
        for end in ["a", "b", "A", ".", "_", "-", ":"] {
            let Ok(tenant) = TenantId::parse(&format!("{stem}{end}")) else {
                continue;
            };
            let other = fixture.within(tenant);
            let first = limited(other.insertion("a").deduplicated_by(Some(key(1))), 1);
            assert_eq!(other.insert(first).await, inserted(), "{}", other.tenant);
            assert_eq!(other.find("a").await, Some(other.client("a")));
        }
    }
}

/// An id or a tenant that is not stored is not found, even if it matches a stored one as a pattern or without letter
/// case.
pub async fn ids_and_tenants_are_no_patterns(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let tenant = |end: &str| TenantId::parse(&format!("{}{end}", fixture.tenant));
    let Ok(stored) = tenant("xay") else {
        fail("tenants are well-formed", &fixture.tenant);
    };
    let stored = fixture.within(stored);
    stored.put(stored.client("xay")).await;
    let visible = (b'!'..=b'~').filter(|byte| *byte != b'a').map(char::from);
    let mut patterns: Vec<String> = visible.map(|it| format!("x{it}y")).collect();
    let wild = [
        "%", "*", ".*", "x%", "x*", "x.*", "xa", "xay*", "x[a]y", "^xay$", "XAY", "xay.", "xay/",
    ];
    patterns.extend(wild.map(str::to_owned));
    for pattern in &patterns {
        is_missing(&stored, pattern).await;
        if let Ok(tenant) = tenant(pattern) {
            let other = fixture.within(tenant);
            is_missing(&other, "xay").await;
            assert_eq!(other.names().await, [""; 0], "{} is empty", other.tenant);
        }
    }
    assert_eq!(stored.find("xay").await, Some(stored.client("xay")));
}

async fn is_missing<S: ClientStore>(fixture: &Fixture<S>, name: &str) {
    let rule = format!("{} has no client {name}", fixture.tenant);
    assert_eq!(fixture.find(name).await, None, "{rule}");
    let touched = fixture.touch(name, Activity::used(hour(5), None)).await;
    assert_eq!(touched, TouchOutcome::Missing, "{rule}");
    let blocked = fixture.set_blocked(name, true).await;
    assert_eq!(blocked, BlockOutcome::Missing, "{rule}");
    let update = Client {
        revision: 1,
        ..fixture.client(name)
    };
    let updated = fixture.update(update).await;
    assert_eq!(updated, UpdateOutcome::Missing, "{rule}");
    let removed = fixture.remove(name).await;
    assert_eq!(removed, RemoveOutcome::Missing, "{rule}");
}
