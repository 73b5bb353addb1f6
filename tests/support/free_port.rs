//! A port of the loopback interface that nobody listens on.

use std::{
    net::{Ipv4Addr, TcpListener},
    ops::RangeInclusive,
};

use oauth_dcr::system::{OsRandom, SecureRandom as _};

pub(crate) fn free_port(ports: &RangeInclusive<u16>) -> u16 {
    loop {
        let mut bytes = [0; 2];
        OsRandom.fill(&mut bytes).unwrap();
        let port = u16::from_ne_bytes(bytes);
        if ports.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
