//! Networks and addresses as texts of bits: slow, but obvious.

use std::net::{IpAddr, Ipv4Addr};

/// Whether the network `network` contains the address `address`, compared bit by bit. An
/// IPv4-mapped address counts as IPv4.
pub(crate) fn lies_in(address: &str, network: &str) -> bool {
    let (start, length) = match network.split_once('/') {
        Some((start, length)) => (start, Some(length.parse::<usize>().unwrap())),
        None => (network, None),
    };
    let (address, _) = bits(address);
    let (start, dropped) = bits(start);
    let length = length.map_or(start.len(), |it| it - dropped);
    address.len() == start.len() && address[..length] == start[..length]
}

/// The bits of an address as text, and how many bits an IPv4-mapped address has lost.
fn bits(address: &str) -> (String, usize) {
    let v4 = |it: Ipv4Addr| {
        it.octets()
            .iter()
            .fold(String::new(), |bits, octet| bits + &format!("{octet:08b}"))
    };
    match address.parse().unwrap() {
        IpAddr::V4(it) => (v4(it), 0),
        IpAddr::V6(it) => match it.octets() {
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, a, b, c, d] => {
                (v4(Ipv4Addr::new(a, b, c, d)), 96)
            }
            octets => (
                octets
                    .iter()
                    .fold(String::new(), |bits, octet| bits + &format!("{octet:08b}")),
                0,
            ),
        },
    }
}
