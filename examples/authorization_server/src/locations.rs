//! The locations of addresses, from the files of `--geoip`. They need the feature `geoip`.

#[cfg(not(feature = "geoip"))]
use std::convert::Infallible;
use std::{path::PathBuf, sync::Arc};

#[cfg(not(feature = "geoip"))]
use oauth_dcr::geo::NoGeo as Source;
#[cfg(feature = "geoip")]
use oauth_dcr::geoip::{Database, DatabaseError, Databases as Source, Fields};

/// A source of locations that several callers share.
pub(crate) type Locations = Arc<Source>;

/// Opens MaxMind DB files. A location is looked up in the first file, then in the next.
#[cfg(feature = "geoip")]
pub(crate) fn open(files: &[PathBuf]) -> Result<Locations, DatabaseError> {
    let open = |file| Database::open(file, &Fields::known());
    let databases: Vec<_> = files.iter().map(open).collect::<Result<_, _>>()?;
    Ok(Arc::new(Source::new(databases)))
}

/// Without the feature, no option names a file.
#[cfg(not(feature = "geoip"))]
#[expect(clippy::unnecessary_wraps, reason = "files can be wrong")]
pub(crate) fn open(_: &[PathBuf]) -> Result<Locations, Infallible> {
    Ok(Arc::new(Source))
}
