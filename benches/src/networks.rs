//! Random networks and addresses, the same in every run.
#![expect(
    clippy::cast_possible_truncation,
    reason = "the low bits of a random number are random"
)]

use std::{
    cell::Cell,
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::IpNet;

/// How many addresses are looked up: more than a branch predictor remembers.
pub const ADDRESSES: usize = 1 << 18;

/// The generator SplitMix64.
pub struct Random(pub u64);

impl Random {
    fn draw_bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.draw_bits() as usize % from.len()]
    }

    /// An address of either family, in the ranges that are in use.
    fn address(&mut self) -> IpAddr {
        let bits = self.draw_bits();
        if bits & 1 == 0 {
            let first = 1 + (bits >> 8) % 223;
            return Ipv4Addr::from_bits((first as u32) << 24 | self.draw_bits() as u32 >> 8).into();
        }
        let first = self.pick(&[
            0x2001, 0x2400, 0x2401, 0x2402, 0x2403, 0x2404, 0x2405, 0x2600, 0x2601, 0x2602, 0x2603,
            0x2604, 0x2605, 0x2606, 0x2607, 0x2800, 0x2803, 0x2804, 0x2a00, 0x2a01, 0x2a02, 0x2a03,
            0x2a04, 0x2a05, 0x2a06, 0x2a07, 0x2a09, 0x2a0a, 0x2a0b, 0x2a0c, 0x2a0d, 0x2a0e, 0x2a0f,
            0x2c0f_u16,
        ]);
        let rest = (u128::from(self.draw_bits()) << 64 | u128::from(self.draw_bits())) >> 16;
        Ipv6Addr::from_bits(u128::from(first) << 112 | rest).into()
    }

    /// Different networks of both families, with the prefix lengths of routing tables.
    pub fn networks(&mut self, count: usize) -> Vec<IpNet> {
        let mut found = HashSet::new();
        let mut networks = Vec::new();
        while networks.len() < count {
            let address = self.address();
            let length = if address.is_ipv4() {
                self.pick(&[16, 18, 19, 20, 21, 22, 22, 23, 24, 24, 24, 24, 24, 32])
            } else {
                self.pick(&[29, 32, 32, 36, 40, 44, 48, 48, 48, 56, 64])
            };
            let network = IpNet::new(address, length).unwrap().trunc();
            if found.insert(network) {
                networks.push(network);
            }
        }
        networks
    }

    /// Different addresses. About half of them are in one of `networks`.
    pub fn addresses_around(&mut self, networks: &[IpNet]) -> Addresses {
        self.different(|random| {
            let address = random.address();
            if random.draw_bits() & 1 == 0 {
                return address;
            }
            match (random.pick(networks), random.draw_bits()) {
                (IpNet::V4(it), host) => Ipv4Addr::from_bits(
                    it.network().to_bits() | host as u32 & it.hostmask().to_bits(),
                )
                .into(),
                (IpNet::V6(it), host) => {
                    let host = u128::from(host) << 64 | u128::from(host);
                    Ipv6Addr::from_bits(it.network().to_bits() | host & it.hostmask().to_bits())
                        .into()
                }
            }
        })
    }

    /// Different addresses for which `is_listed` is false.
    pub fn addresses_outside(&mut self, is_listed: impl Fn(IpAddr) -> bool) -> Addresses {
        self.different(|random| {
            loop {
                let address = random.address();
                if !is_listed(address) {
                    return address;
                }
            }
        })
    }

    fn different(&mut self, draw: impl Fn(&mut Self) -> IpAddr) -> Addresses {
        let mut found = HashSet::new();
        let mut addresses = Vec::with_capacity(ADDRESSES);
        while addresses.len() < ADDRESSES {
            let address = draw(self);
            if found.insert(address) {
                addresses.push(address);
            }
        }
        Addresses {
            addresses,
            at: Cell::new(0),
        }
    }
}

/// Addresses in an endless cycle.
#[derive(Clone)]
pub struct Addresses {
    addresses: Vec<IpAddr>,
    at: Cell<usize>,
}

impl Addresses {
    pub fn next(&self) -> IpAddr {
        let at = self.at.get();
        self.at.set((at + 1) % ADDRESSES);
        self.addresses[at]
    }

    pub fn iter(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().copied()
    }
}
