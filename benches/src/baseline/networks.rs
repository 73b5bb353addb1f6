//! A set of networks by hand: sorted and merged ranges, with an index over the first 16 bits.

use std::net::IpAddr;

use ipnet::IpNet;

const PREFIXES: usize = 1 << 16;

pub struct Ranges {
    v4: Vec<(u32, u32)>,
    /// For each value of the first 16 bits, the first range that ends at it or after it.
    v4_index: Vec<u32>,
    v6: Vec<(u128, u128)>,
    v6_index: Vec<u32>,
}

impl Ranges {
    pub fn new(networks: &[IpNet]) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match network {
                IpNet::V4(it) => v4.push((it.network().to_bits(), it.broadcast().to_bits())),
                IpNet::V6(it) => v6.push((it.network().to_bits(), it.broadcast().to_bits())),
            }
        }
        let (v4, v6) = (merged(v4), merged(v6));
        Self {
            v4_index: index(v4.iter().map(|range| (range.1 >> 16) as usize)),
            v4,
            v6_index: index(v6.iter().map(|range| (range.1 >> 112) as usize)),
            v6,
        }
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => {
                let bits = address.to_bits();
                find(&self.v4, &self.v4_index, (bits >> 16) as usize, bits)
            }
            IpAddr::V6(address) => {
                let bits = address.to_bits();
                find(&self.v6, &self.v6_index, (bits >> 112) as usize, bits)
            }
        }
    }
}

fn merged<T: Copy + Ord>(mut ranges: Vec<(T, T)>) -> Vec<(T, T)> {
    ranges.sort_unstable();
    let mut merged: Vec<(T, T)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

fn index(ends: impl Iterator<Item = usize>) -> Vec<u32> {
    let mut index = Vec::with_capacity(PREFIXES + 1);
    let mut count = 0;
    for end in ends {
        while index.len() <= end {
            index.push(count);
        }
        count += 1;
    }
    index.resize(PREFIXES, count);
    index.push(count);
    index
}

fn find<T: Copy + Ord>(ranges: &[(T, T)], index: &[u32], top: usize, bits: T) -> bool {
    let (from, to) = (index[top] as usize, index[top + 1] as usize);
    // One more range may begin with these 16 bits and end after them.
    let to = (to + 1).min(ranges.len());
    let at = from + ranges[from..to].partition_point(|range| range.1 < bits);
    ranges.get(at).is_some_and(|range| range.0 <= bits)
}
