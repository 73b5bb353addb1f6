//! Looks up locations in files in the MaxMind DB format, such as those of MaxMind, DB-IP and IPinfo.
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
//! - [`Database`] is one checked file in memory. [`DatabaseError`] says which file can't be used, and
//!   [`DatabaseFault`] says why.
//! - [`Databases`] searches several databases in order, and can get newer files while requests run.
//!
//! A file is read and checked completely when it is opened. The check covers the search tree, every record that an
//! address can lead to, and the presence of the wanted fields. Reading a file blocks the thread, so a server should open
//! files on a separate thread.

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

/// Several databases that are searched in order. The first database that has a country, a subdivision or an ASN provides
/// it. The databases can be replaced while requests run. Clones share them.
#[derive(Clone, Debug)]
pub struct Databases(Arc<RwLock<Box<[Database]>>>);

impl Databases {
    /// Creates a source from these databases. Without any database, no location is known.
    pub fn new(databases: impl IntoIterator<Item = Database>) -> Self {
        Self(Arc::new(RwLock::new(databases.into_iter().collect())))
    }

    /// Replaces all databases. Each request uses either the old databases or the new databases.
    pub fn replace(&self, databases: impl IntoIterator<Item = Database>) {
        let mut databases = databases.into_iter().collect();
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *current, &mut databases);
        // Release the lock first, so that nobody waits while the memory of the old databases is freed.
        drop(current);
    }
}

impl GeoSource for Databases {
    fn locate(&self, address: IpAddr, wanted: WantedLocation) -> Location {
        let address = address.to_canonical();
        let mut found = Location::default();
        // The lock lasts for the whole look-up, because cloning an `Arc` would cost more.
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
