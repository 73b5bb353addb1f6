//! Separate buckets whose keys look alike.

use crate::{
    conformance::{
        random::fresh_tenant,
        traffic::{
            bucket::{slowest, source, tenant},
            probe::Probe,
            steps::run_side_by_side,
            time::Time,
        },
    },
    rate_limit::{RateKey, RateLimiter},
    types::{SourceNetwork, TenantId},
};

/// How many requests of different buckets run at once. This makes the check of a remote limiter faster.
const AT_ONCE: usize = 64;

/// Empties the buckets of tenants whose ids look alike.
pub(in crate::conformance) async fn empty_similar_tenants<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
    let quota = slowest(2);
    let name = fresh_tenant();
    let mut ids = vec![name.to_string(), name.as_str().to_uppercase()];
    let ends = [
        "x",
        "X",
        "0",
        "1",
        ":",
        ".",
        "-",
        "_",
        "::",
        ":1",
        ":rate",
        ":1:3",
        ":2",
        ":3600",
        "-2",
        ".2",
        ":tenant",
        ":source",
        ":unknown",
        "-unknown",
        ":203.0.113.5",
        ".203.0.113.5",
        ":2001:db8::",
        ":rate:3600000000000:2",
        ":3600000000000:2",
    ];
    ids.extend(ends.map(|end| format!("{name}{end}")));
    ids.extend([":", ".", "-", "_", "0"].map(|start| format!("{start}{name}")));
    ids.extend(similar_long_ids(&name));
    for _ in 0..2 {
        let tenants: Vec<_> = ids.iter().map(|id| tenant(id)).collect();
        let drains = tenants.into_iter().map(|tenant| {
            let probe = probe.clone();
            async move { probe.drain(RateKey::Tenant(&tenant), quota).await }
        });
        run_side_by_side(drains, AT_ONCE).await;
    }
}

/// Ids of the largest length that differ in one character, at each position, or in the case of one letter.
fn similar_long_ids(name: &TenantId) -> Vec<String> {
    let long: String = format!("{:a<1$}", name.as_str(), TenantId::MAX_CHARS);
    let mut ids = vec![long.clone()];
    for place in 0..long.len() {
        let (start, rest) = long.split_at(place);
        let end = rest.get(1..).unwrap_or_default();
        ids.push(format!("{start}_{end}"));
        if rest.starts_with(|it: char| it.is_ascii_lowercase()) {
            let upper = rest.get(..1).unwrap_or_default().to_uppercase();
            ids.push(format!("{start}{upper}{end}"));
        }
    }
    ids.retain(|id| id.len() <= TenantId::MAX_CHARS);
    ids
}

/// Empties the buckets of sources that look alike, and the buckets of their tenants.
pub(in crate::conformance) async fn empty_similar_sources<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
    let quota = slowest(2);
    let (first, second) = (fresh_tenant(), fresh_tenant());
    // The first tenant's bucket is emptied before the buckets of its sources, the second tenant's after them.
    probe.drain(RateKey::Tenant(&first), quota).await;
    for tenant in [&first, &second] {
        let drains = similar_sources().into_iter().map(|source| {
            let (probe, tenant) = (probe.clone(), tenant.clone());
            async move { probe.drain(RateKey::Source(&tenant, source), quota).await }
        });
        run_side_by_side(drains, AT_ONCE).await;
    }
    probe.drain(RateKey::Tenant(&second), quota).await;
    for (id, address) in similar_pairs(&first) {
        let tenant = tenant(&id);
        probe
            .drain(RateKey::Source(&tenant, source(address)), quota)
            .await;
        probe.drain(RateKey::Tenant(&tenant), quota).await;
    }
    for key in [
        RateKey::Tenant(&first),
        RateKey::Source(&first, source("unknown")),
    ] {
        probe.acquire(key, quota).await;
    }
}

/// Addresses that differ in one bit, at each position, and addresses that a limiter could confuse.
fn similar_sources() -> Vec<SourceNetwork> {
    let mut sources = vec![source("unknown")];
    let of_v4 = |bits: u32| SourceNetwork::of(Some(std::net::Ipv4Addr::from_bits(bits).into()));
    let of_v6 = |bits: u64| {
        let address = std::net::Ipv6Addr::from_bits(u128::from(bits) << 64);
        SourceNetwork::of(Some(address.into()))
    };
    let (v4, v6) = (0xcb00_7105, 0x2001_0db8_0000_0000);
    sources.extend([0, 1, u32::MAX, v4].map(of_v4));
    sources.extend((0..32).map(|bit| of_v4(v4 ^ (1 << bit))));
    sources.extend([0, 1, u64::from(u32::MAX), u64::from(v4), u64::MAX, v6].map(of_v6));
    sources.extend((0..64).map(|bit| of_v6(v6 ^ (1 << bit))));
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// Pairs of a tenant and an address that give the same text when they are joined.
fn similar_pairs(name: &TenantId) -> [(String, &'static str); 8] {
    [
        (format!("{name}-1"), "1.2.3.4"),
        (format!("{name}-"), "11.2.3.4"),
        (format!("{name}-1.2"), "3.4.5.6"),
        (format!("{name}-2"), "2001:db8::"),
        (format!("{name}-"), "2200:1db8::"),
        (format!("{name}:2001"), "db8::"),
        (format!("{name}:"), "2001:db8::"),
        (format!("{name}:203.0.113.5"), "203.0.113.5"),
    ]
}

/// Empties the bucket of a source through two of its addresses.
pub(in crate::conformance) async fn empty_addresses_of_one_source<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
    let quota = slowest(4);
    for (first, second) in [
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("unknown", "unknown too"),
    ] {
        let tenant = fresh_tenant();
        for address in [first, second, first] {
            let key = RateKey::Source(&tenant, source(address));
            probe.acquire(key, quota).await;
        }
        for address in [second, first] {
            let key = RateKey::Source(&tenant, source(address));
            probe.drain(key, quota).await;
        }
    }
}

/// Empties a few buckets, makes requests of many other buckets, and then asks all of them again.
pub(in crate::conformance) async fn ask_many_keys<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    count: u32,
) {
    let quota = slowest(2);
    let name = fresh_tenant();
    let unknown = RateKey::Source(&name, source("unknown"));
    let emptied = [RateKey::Tenant(&name), unknown];
    for key in emptied {
        probe.drain(key, quota).await;
    }
    for _ in 0..2 {
        let requests = (0..count).map(|number| {
            let (probe, tenant) = (probe.clone(), tenant(&format!("{name}-{number}")));
            async move {
                probe.acquire(RateKey::Tenant(&tenant), quota).await;
            }
        });
        run_side_by_side(requests, AT_ONCE).await;
        for key in emptied {
            probe.acquire(key, quota).await;
        }
    }
    let requests = (0..count / 4).map(|number| {
        // A limiter may bound the number of sources, so these sources may share a bucket.
        let address = std::net::Ipv4Addr::from_bits(0x0a00_0000 + number);
        let source = SourceNetwork::of(Some(address.into()));
        let (probe, tenant) = (probe.clone(), name.clone());
        async move {
            probe.ask(RateKey::Source(&tenant, source), quota).await;
        }
    });
    run_side_by_side(requests, AT_ONCE).await;
    for key in emptied {
        probe.acquire(key, quota).await;
    }
}
