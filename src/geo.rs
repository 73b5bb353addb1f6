//! Locations of IP addresses, for rules of the [access control list](crate::acl).
//!
//! ```
//! use std::net::IpAddr;
//!
//! use oauth_dcr::{
//!     acl::CountryCode,
//!     geo::{GeoSource, Location, WantedLocation},
//!     MemoryStore, Registrar,
//! };
//!
//! /// Locates every address in the same country.
//! struct OneCountry(CountryCode);
//!
//! impl GeoSource for OneCountry {
//!     fn locate(&self, _: IpAddr, _: WantedLocation) -> Location {
//!         Location { country: Some(self.0), ..Location::default() }
//!     }
//!
//!     fn provides(&self) -> WantedLocation {
//!         WantedLocation { country: true, ..WantedLocation::NONE }
//!     }
//! }
//!
//! let geo = OneCountry(CountryCode::parse("NZ")?);
//! let registrar = Registrar::builder(MemoryStore::new()).geo(geo).build()?;
//! # let _ = registrar;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! 1. [`GeoSource`] is the trait to implement for a source of locations. The feature `geoip` has a source that
//!    reads MaxMind DB files.
//! 2. [`WantedLocation`] names the parts of a location that a caller wants.
//! 3. [`Location`] is the result: country, subdivision and autonomous system.
//! 4. [`NoGeo`] is the default, which has no locations.

use std::{net::IpAddr, sync::Arc};

use crate::acl::{Asn, CountryCode, EdgeSignal, SubdivisionCode};

/// A source of the locations of addresses, such as a database of networks.
///
/// It is called only if a rule needs a location that the edge did not send. It is called while a request
/// waits, so it must answer from memory.
pub trait GeoSource: Send + Sync + 'static {
    /// The location of `address`, which is never an IPv4-mapped address.
    ///
    /// Parts that are not in `wanted` are not used, so the source need not look them up. A part that is
    /// `None` counts as absent: a rule that blocks a country does not block a client whose country the
    /// source does not have. So the source must not fail: it checks its data before it is used.
    fn locate(&self, address: IpAddr, wanted: WantedLocation) -> Location;

    /// The parts of a location that the source has. A rule on any other part can't be evaluated, unless
    /// the edge or the host sends that signal.
    fn provides(&self) -> WantedLocation;
}

/// The location of an address, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// The country in which the address is used.
    pub country: Option<CountryCode>,
    /// The subdivision of the country.
    pub subdivision: Option<SubdivisionCode>,
    /// The autonomous system that announces the address.
    pub asn: Option<Asn>,
}

/// A selection of the parts of a [`Location`]: the parts that a caller wants, or that a source has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WantedLocation {
    /// The country.
    pub country: bool,
    /// The subdivision of the country.
    pub subdivision: bool,
    /// The autonomous system.
    pub asn: bool,
}

impl WantedLocation {
    /// All parts of a location.
    pub const ALL: Self = Self {
        country: true,
        subdivision: true,
        asn: true,
    };

    /// No part of a location.
    pub const NONE: Self = Self {
        country: false,
        subdivision: false,
        asn: false,
    };

    /// Whether `signal` is selected. A fingerprint never is, because it is not part of a location.
    pub const fn contains(self, signal: EdgeSignal) -> bool {
        match signal {
            EdgeSignal::Country => self.country,
            EdgeSignal::Subdivision => self.subdivision,
            EdgeSignal::Asn => self.asn,
            EdgeSignal::Ja3 | EdgeSignal::Ja4 => false,
        }
    }

    /// The selected signals.
    pub(crate) fn signals(self) -> Vec<EdgeSignal> {
        let all = EdgeSignal::ALL.into_iter();
        all.filter(|signal| self.contains(*signal)).collect()
    }

    /// Whether no part is selected.
    pub const fn is_empty(self) -> bool {
        !self.country && !self.subdivision && !self.asn
    }
}

/// A source without locations: it knows nothing about any address.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGeo;

impl GeoSource for NoGeo {
    fn locate(&self, _: IpAddr, _: WantedLocation) -> Location {
        Location::default()
    }

    fn provides(&self) -> WantedLocation {
        WantedLocation::NONE
    }
}

impl<G: GeoSource> GeoSource for Arc<G> {
    fn locate(&self, address: IpAddr, wanted: WantedLocation) -> Location {
        G::locate(self, address, wanted)
    }

    fn provides(&self) -> WantedLocation {
        G::provides(self)
    }
}
