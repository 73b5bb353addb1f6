//! Sets of networks compared with a linear scan.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use oauth_dcr::acl::NetworkSet;

use crate::support::random::Random;

/// A random network near the others: most share their first bits, so they nest.
fn random_network(random: &mut Random) -> IpNet {
    if random.chance(55) {
        let start = random_v4(random);
        let length = random.pick(&[
            1, 7, 8, 12, 15, 16, 17, 20, 23, 24, 24, 24, 28, 30, 31, 32, 32,
        ]);
        return IpNet::new(start.into(), length).unwrap().trunc();
    }
    if random.chance(10) {
        let mapped = random_v4(random).to_ipv6_mapped();
        return IpNet::new(mapped.into(), random.pick(&[104, 112, 120, 127, 128]))
            .unwrap()
            .trunc();
    }
    let lengths = [3, 15, 16, 17, 29, 32, 48, 48, 56, 64, 64, 96, 127, 128];
    IpNet::new(random_v6(random).into(), random.pick(&lengths))
        .unwrap()
        .trunc()
}

fn random_v4(random: &mut Random) -> Ipv4Addr {
    let first = random.pick(&[0, 10, 10, 192, 255]);
    let narrow = random.chance(50);
    let rest = random.next_u64().to_be_bytes();
    Ipv4Addr::new(
        first,
        if narrow { rest[0] & 3 } else { rest[0] },
        rest[1],
        rest[2],
    )
}

fn random_v6(random: &mut Random) -> Ipv6Addr {
    let first = random.pick(&[0, 0x2001, 0x2001, 0x2a00, 0xfd00, 0xffff]);
    let [_, .., a, b, c, d] = random.next_u64().to_be_bytes();
    Ipv6Addr::new(
        first,
        u16::from(a),
        u16::from(b & 7),
        u16::from(c & 3),
        0,
        0,
        0,
        u16::from(d),
    )
}

fn random_address(random: &mut Random, networks: &[IpNet]) -> IpAddr {
    match random.below(6) {
        0 => random_v4(random).into(),
        1 => random_v4(random).to_ipv6_mapped().into(),
        2 => random_v6(random).into(),
        // Sets are most likely wrong at the ends of a network and at the adjacent addresses.
        end if !networks.is_empty() => {
            let network = random.pick(networks);
            let edge = if end % 2 == 0 {
                network.network()
            } else {
                network.broadcast()
            };
            step(edge, random.pick(&[-1, 0, 1]))
        }
        _ => Ipv4Addr::UNSPECIFIED.into(),
    }
}

fn step(address: IpAddr, by: i8) -> IpAddr {
    match address {
        IpAddr::V4(it) => Ipv4Addr::from_bits(it.to_bits().wrapping_add_signed(by.into())).into(),
        IpAddr::V6(it) => Ipv6Addr::from_bits(it.to_bits().wrapping_add_signed(by.into())).into(),
    }
}

/// A linear scan; an IPv4-mapped address counts as IPv4.
fn scan(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| match (network, address) {
        (IpNet::V6(mapped), IpAddr::V4(v4)) if mapped.network().to_ipv4_mapped().is_some() => {
            mapped.contains(&v4.to_ipv6_mapped())
        }
        _ => network.contains(&address),
    })
}

#[test]
fn set_of_networks_agrees_with_a_scan() {
    let mut random = Random(2);
    let mut found = 0;
    let mut asked = 0;
    // The large sets have an index.
    for (sets, size, addresses) in [
        (400, 1, 20),
        (400, 8, 60),
        (60, 90, 200),
        (12, 1_500, 1_500),
    ] {
        for _ in 0..sets {
            let mut networks: Vec<IpNet> = (0..size).map(|_| random_network(&mut random)).collect();
            if size < 90 && random.chance(10) {
                let all = random.pick(&["0.0.0.0/0", "::/0", "::ffff:0:0/96"]);
                networks.push(all.parse().unwrap());
            }
            let set: NetworkSet = networks.iter().copied().collect();
            for _ in 0..addresses {
                let address = random_address(&mut random, &networks);
                let expected = scan(&networks, address);
                assert_eq!(set.contains(address), expected, "{address} in {networks:?}");
                asked += 1;
                found += usize::from(expected);
            }
        }
    }
    assert!(
        (asked / 4..asked * 3 / 4).contains(&found),
        "{found} of {asked} found"
    );
}

#[test]
fn large_set_finds_wide_networks_among_narrow_ones() {
    // The narrow networks and the starts of the wide networks have different 16-bit prefixes.
    let narrow_v4 = (0..600_u32).map(|at| Ipv4Addr::from_bits(0x6401_0000 + at * 512));
    let narrow_v6 = (0..600_u128).map(|at| Ipv6Addr::from_bits(0x2c01_u128 << 112 | at << 64));
    let narrow = narrow_v4
        .map(|it| IpNet::new(it.into(), 24).unwrap())
        .chain(narrow_v6.map(|it| IpNet::new(it.into(), 64).unwrap()));
    let wide = [
        "8.0.0.0/5",
        "2000::/5",
        "255.255.255.255/32",
        "0.0.0.0/32",
        "ff00::/8",
        "::/128",
    ];
    let networks: Vec<IpNet> = narrow.chain(wide.map(|it| it.parse().unwrap())).collect();
    let set: NetworkSet = networks.iter().copied().collect();
    for address in [
        "15.255.255.255",
        "8.0.0.0",
        "16.0.0.0",
        "7.255.255.255",
        "100.1.0.255",
        "100.1.1.0",
        "0.0.0.0",
        "0.0.0.1",
        "255.255.255.255",
        "255.255.255.254",
        "2000::",
        "27ff:ffff::1",
        "2800::",
        "2c01:0:0:1:ffff::",
        "2c01:0:0:258::",
        "2c02::",
        "::",
        "::1",
        "feff::",
        "ff02::1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "::ffff:9.9.9.9",
    ] {
        let address = address.parse().unwrap();
        assert_eq!(set.contains(address), scan(&networks, address), "{address}");
    }
}

#[test]
fn network_of_all_addresses_absorbs_all_others() {
    for (all, within, without) in [
        ("0.0.0.0/0", "::ffff:203.0.113.5", "2001:db8::1"),
        ("::/0", "2001:db8::1", "203.0.113.5"),
        ("::ffff:0:0/96", "203.0.113.5", "::1"),
    ] {
        let mut random = Random(3);
        let is_v6 = all == "::/0";
        let mut networks: Vec<IpNet> = (0..1_000)
            .map(|_| random_network(&mut random))
            .filter(|it| {
                matches!(it, IpNet::V6(v6) if v6.network().to_ipv4_mapped().is_none()) == is_v6
            })
            .collect();
        networks.push(all.parse().unwrap());
        let set: NetworkSet = networks.into_iter().collect();
        assert_eq!(set.iter().count(), 1);
        assert!(set.contains(within.parse().unwrap()), "{all}");
        assert!(!set.contains(without.parse().unwrap()), "{all}");
    }
}
