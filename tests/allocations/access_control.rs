//! Rules, networks, locations and proxies.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    num::NonZeroU8,
};

use allocation_counter::measure;
use ipnet::IpNet;
use oauth_dcr::{
    Timestamp,
    acl::{
        Acl, AclScope, ClientAddress, Conditions, Decision, Endpoint, NetworkSet, ProxyTrust, Rule,
        Signals, UnknownReason,
    },
    geo::{GeoSource as _, WantedLocation},
    geoip::{Database, Databases, Fields},
};

/// This many networks of both families, and none of another family.
fn networks(count: u32) -> impl Iterator<Item = IpNet> {
    (0..count).map(|at| {
        if at % 2 == 0 {
            let start = Ipv4Addr::from_bits(0x0a00_0000 + (at << 8));
            IpNet::new(start.into(), 24).unwrap()
        } else {
            let start = Ipv6Addr::from_bits((0x2a00_0000_u128 << 96) + (u128::from(at) << 80));
            IpNet::new(start.into(), 48).unwrap()
        }
    })
}

#[test]
fn an_evaluation_without_a_match_allocates_nothing() {
    let rules = (0..10).map(|_| {
        let conditions = Conditions::new().networks(networks(20));
        Rule::block(AclScope::Dcr).matching(conditions)
    });
    let acl = Acl::new(rules).unwrap();
    let now = Timestamp::from_unix_seconds(1_800_000_000);
    for address in ["203.0.113.1", "2001:db8::1", "::ffff:203.0.113.1"] {
        let signals = Signals::from_peer(address.parse().unwrap());
        let counted = measure(|| {
            let verdict = acl.evaluate(Endpoint::Registration, &signals, now);
            assert_eq!(verdict.decision, Decision::Allow);
        });
        assert_eq!(counted.count_total, 0, "{address}");
    }
    assert!(acl.report().acls.iter().all(|rule| rule.evaluated == 3));
}

#[test]
fn a_network_takes_at_most_40_bytes() {
    // The index of a small list takes more bytes a network, but it is still small: there may be
    // many lists.
    for (count, most) in [(100_000, 40), (1_000, 60)] {
        let (mut set, mut acl) = (None, None);
        let of_set = measure(|| set = Some(networks(count).collect::<NetworkSet>()));
        // A rule also keeps its networks as they were written.
        let of_acl = measure(|| {
            let conditions = Conditions::new().networks(networks(count));
            acl = Some(Acl::new([Rule::block(AclScope::Dcr).matching(conditions)]).unwrap());
        });
        assert_eq!(set.unwrap().iter().count(), count as usize);
        assert_eq!(acl.unwrap().rules().len(), 1);
        for counted in [of_set, of_acl] {
            let bytes = counted.bytes_current;
            let range = 1..=most * i64::from(count);
            assert!(range.contains(&bytes), "{bytes} bytes for {count}");
        }
    }
}

#[test]
fn a_location_look_up_allocates_nothing() {
    let open = |name| {
        let file = format!("{}/tests/geoip/{name}.mmdb", env!("CARGO_MANIFEST_DIR"));
        Database::open(file, &Fields::known()).unwrap()
    };
    let databases = Databases::new([open("city"), open("asn")]);
    for (address, is_known) in [
        ("198.51.100.1", true),
        ("2001:db8::1", true),
        ("10.0.0.1", false),
    ] {
        let address = address.parse().unwrap();
        let counted = measure(|| {
            let location = databases.locate(address, WantedLocation::ALL);
            assert_eq!(location.country.is_some(), is_known);
            assert_eq!(location.asn.is_some(), is_known);
        });
        assert_eq!(counted.count_total, 0, "{address}");
    }
}

const UNKNOWN_PEER: ClientAddress = ClientAddress::Unknown(UnknownReason::NoPeerAddress);

#[test]
fn reading_forwarded_headers_allocates_nothing() {
    let proxies: NetworkSet = ["10.0.0.0/8".parse().unwrap()].into_iter().collect();
    let peer = Some("10.0.0.1".parse().unwrap());
    let known = ClientAddress::Known("203.0.113.5".parse().unwrap());
    let plain = b"198.51.100.1, 203.0.113.5, 10.0.0.2, 10.0.0.3:80, ::ffff:10.0.0.4, 10.0.0.5, \
                  10.0.0.6, 10.0.0.7";
    let standard = b"for=198.51.100.1, for=203.0.113.5;proto=https, for=10.0.0.2, \
                     for=\"10.0.0.3:80\", for=10.0.0.4;host=\"a,b\", for=10.0.0.5, for=10.0.0.6, \
                     for=10.0.0.7";
    let trust = ProxyTrust::new(&proxies);
    let one_a_line = || plain.split(|byte| *byte == b',');
    let counted = measure(|| {
        let found = trust.client_address(peer, [&plain[..]], [&standard[..]]);
        assert_eq!(found, known);
        assert_eq!(trust.client_address(peer, one_a_line(), []), known);
        let counting = trust.hops(NonZeroU8::new(7));
        assert_eq!(
            counting.client_address(None, [&plain[..]], []),
            UNKNOWN_PEER
        );
        assert_eq!(
            counting.client_address(peer, [&plain[..]], [&standard[..]]),
            known
        );
    });
    assert_eq!(counted.count_total, 0);
}
