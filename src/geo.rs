//! Locations of addresses, which rules of the [access control list](crate::acl) look at.
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
//! /// Knows one country.
//! struct Everywhere(CountryCode);
//!
//! impl GeoSource for Everywhere {
//!     fn locate(&self, _: IpAddr, _: WantedLocation) -> Location {
//!         Location { country: Some(self.0), ..Location::default() }
//!     }
//!
//!     fn provides(&self) -> WantedLocation {
//!         WantedLocation { country: true, ..WantedLocation::NONE }
//!     }
//! }
//!
//! let geo = Everywhere(CountryCode::parse("NZ")?);
//! let registrar = Registrar::builder(MemoryStore::new()).geo(geo).build()?;
//! # let _ = registrar;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! 1. [`GeoSource`] is the trait to implement for a source of locations. The feature `geoip` has a source that
//!    reads MaxMind DB files.
//! 2. [`WantedLocation`] names the parts of a location that are asked for.
//! 3. [`Location`] is the answer: country, subdivision and autonomous system.
//! 4. [`NoGeo`] is the default, which knows nothing.

use std::{net::IpAddr, sync::Arc};

use crate::acl::{Asn, CountryCode, EdgeSignal, SubdivisionCode};

/// Where addresses are: a database of networks, or whatever the host knows.
///
/// It is asked only if a rule looks at what it knows, and only for what the edge did not say. It is
/// called on the request's way, so it answers from memory.
pub trait GeoSource: Send + Sync + 'static {
    /// What is known of `address`, which is never an IPv4-mapped one. What is not `wanted` is not
    /// used, and need not be found out. A part that is `None` is absent: a rule that blocks a country does
    /// not stop a client whose country the source does not have. So it answers from data that it has
    /// checked before, and does not fail.
    fn locate(&self, address: IpAddr, wanted: WantedLocation) -> Location;

    /// What the source can tell at all. A rule on anything else can't be evaluated, unless the edge or
    /// the host tells that signal.
    fn provides(&self) -> WantedLocation;
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

/// Parts of a [`Location`]: those that are asked for, or that a source can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WantedLocation {
    /// The country.
    pub country: bool,
    /// The part of that country.
    pub subdivision: bool,
    /// The autonomous system.
    pub asn: bool,
}

impl WantedLocation {
    /// All that a location has.
    pub const ALL: Self = Self {
        country: true,
        subdivision: true,
        asn: true,
    };

    /// None of them.
    pub const NONE: Self = Self {
        country: false,
        subdivision: false,
        asn: false,
    };

    /// Whether `signal` is among them. A fingerprint never is: it has nothing to do with an address.
    pub const fn contains(self, signal: EdgeSignal) -> bool {
        match signal {
            EdgeSignal::Country => self.country,
            EdgeSignal::Subdivision => self.subdivision,
            EdgeSignal::Asn => self.asn,
            EdgeSignal::Ja3 | EdgeSignal::Ja4 => false,
        }
    }

    /// The signals among them.
    pub(crate) fn signals(self) -> Vec<EdgeSignal> {
        let all = EdgeSignal::ALL.into_iter();
        all.filter(|signal| self.contains(*signal)).collect()
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        !self.country && !self.subdivision && !self.asn
    }
}

/// Knows nothing of any address: no source of locations.
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
