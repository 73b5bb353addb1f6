//! Locations from files in the MaxMind DB format: those of MaxMind, DB-IP, IPinfo and others.
//!
//! ```no_run
//! use oauth_dcr::{
//!     MemoryStore, Registrar,
//!     geoip::{Database, Databases, FieldPath, Fields},
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let city = Database::open("GeoLite2-City.mmdb", &Fields::known())?;
//! let asn = Fields::new().asn(FieldPath::parse("/autonomous_system_number")?);
//! let asn = Database::open("GeoLite2-ASN.mmdb", &asn)?;
//! let databases = Databases::new([city, asn]);
//! let registrar = Registrar::builder(MemoryStore::new()).geo(databases.clone()).build()?;
//!
//! // Later, when there are newer files. A broken file is an error, and the old databases stay.
//! let newer = Database::open("GeoLite2-City.mmdb", &Fields::known())?;
//! databases.replace([newer]);
//! # Ok(())
//! # }
//! ```
//!
//! - [`Fields`] and [`FieldPath`] say where in a record the country, the subdivision and the ASN are.
//! - [`Database`] is one file, in memory and checked; [`DatabaseError`] says which file can't be used, and
//!   [`DatabaseFault`] why.
//! - [`Databases`] asks several in their order, and can be given newer files while requests run.
//!
//! A file is read and checked, whole, when it is opened: its search tree, every record that an address
//! can lead to, and that the wanted fields are there. Reading a file blocks the thread, so a server opens
//! files on a thread of its own.

mod database;
mod error;
mod fields;
mod tree;

use std::{
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock},
};

pub use database::Database;
pub use error::{DatabaseError, DatabaseFault};
pub use fields::{FieldPath, Fields, InvalidFieldPath};

use crate::geo::{GeoSource, Location, WantedLocation};

/// One database or several, asked in their order: the first that knows a country, a subdivision or
/// an ASN tells it. They can be replaced while requests run; clones share them.
#[derive(Clone, Debug)]
pub struct Databases(Arc<RwLock<Box<[Database]>>>);

impl Databases {
    /// These databases. Of none, nothing is known of any address.
    pub fn new(databases: impl IntoIterator<Item = Database>) -> Self {
        Self(Arc::new(RwLock::new(databases.into_iter().collect())))
    }

    /// Puts `databases` in the place of all that there were. A request is told its location by the
    /// old ones or by the new ones.
    pub fn replace(&self, databases: impl IntoIterator<Item = Database>) {
        let mut databases = databases.into_iter().collect();
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *current, &mut databases);
        // Nobody waits while the old ones' memory is given back.
        drop(current);
    }
}

impl GeoSource for Databases {
    fn locate(&self, address: IpAddr, wanted: WantedLocation) -> Location {
        let address = address.to_canonical();
        let mut found = Location::default();
        // Held for the look-up: that takes less than a second counter would.
        let databases = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for database in &*databases {
            let missing = WantedLocation {
                country: wanted.country && found.country.is_none(),
                subdivision: wanted.subdivision && found.subdivision.is_none(),
                asn: wanted.asn && found.asn.is_none(),
            };
            if missing.is_empty() {
                break;
            }
            let more = database.locate(address, missing);
            found.country = found.country.or(more.country);
            found.subdivision = found.subdivision.or(more.subdivision);
            found.asn = found.asn.or(more.asn);
        }
        found
    }

    fn provides(&self) -> WantedLocation {
        let databases = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let provided = databases.iter().map(GeoSource::provides);
        provided.fold(WantedLocation::NONE, |all, more| WantedLocation {
            country: all.country || more.country,
            subdivision: all.subdivision || more.subdivision,
            asn: all.asn || more.asn,
        })
    }
}
