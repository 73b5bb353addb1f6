use std::{net::IpAddr, sync::Arc};

use crate::acl::{Asn, CountryCode, SubdivisionCode};

/// Where addresses are: a database of networks, or whatever the host knows.
///
/// It is asked only if a rule looks at what it knows, and only for what the edge did not say. It is
/// called on the request's way, so it answers from memory.
pub trait GeoSource: Send + Sync + 'static {
    /// What is known of `address`, which is never an IPv4-mapped one.
    fn locate(&self, address: IpAddr) -> Location;
}

/// What is known of an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// The country that it is used in.
    pub country: Option<CountryCode>,
    /// The part of that country.
    pub subdivision: Option<SubdivisionCode>,
    /// The autonomous system that announces it.
    pub asn: Option<Asn>,
}

/// Knows nothing of any address.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGeo;

impl GeoSource for NoGeo {
    fn locate(&self, _: IpAddr) -> Location {
        Location::default()
    }
}

impl<G: GeoSource> GeoSource for Arc<G> {
    fn locate(&self, address: IpAddr) -> Location {
        G::locate(self, address)
    }
}
