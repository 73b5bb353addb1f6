//! Ports of the loopback interface on which no program listens.

use std::{
    net::{Ipv4Addr, TcpListener},
    ops::RangeInclusive,
};

use oauth_dcr::system::{OsRandom, SecureRandom as _};

/// A port that the operating system chooses.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// A random port in `ports`.
pub fn free_port_in(ports: &RangeInclusive<u16>) -> u16 {
    loop {
        let mut bytes = [0; 2];
        OsRandom.fill(&mut bytes).unwrap();
        let port = u16::from_ne_bytes(bytes);
        if ports.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
