use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    net::IpAddr,
    path::Path,
    sync::Arc,
};

use maxminddb::{LookupResult, MaxMindDbError, Reader, WithinOptions};
use serde::{Deserialize, Deserializer, de};

use crate::{
    acl::{Asn, CountryCode, Signal, SubdivisionCode},
    geo::{GeoSource, Location, WantedLocation},
    geoip::{
        DatabaseError, DatabaseFault, FieldPath, Fields, error::MAX_BYTES, fields::Field, tree,
    },
};

/// The most records in which a field is searched for. It is limited because in a hostile file, each record may have the
/// field behind tens of thousands of other fields. The records are spread evenly over all networks, so a field that a
/// hundredth of the networks have is found.
const SAMPLE: usize = 1024;

/// A checked MaxMind DB in memory. Clones share it.
///
/// A single database can be used as a source of locations. Use [`Databases`](crate::geoip::Databases) for several
/// databases, or to replace a database while requests run.
#[derive(Clone)]
pub struct Database(Arc<Checked>);

struct Checked {
    reader: Reader<Vec<u8>>,
    has_ipv6: bool,
    country: Option<FieldPath>,
    subdivision: Option<FieldPath>,
    asn: Option<FieldPath>,
}

type Record<'a> = LookupResult<'a, Vec<u8>>;

impl Database {
    /// The largest size of a file, in bytes.
    pub const MAX_BYTES: u64 = MAX_BYTES;

    /// Reads the file `path` and checks it. The file may be replaced or removed afterwards. The time and memory of the
    /// check are bounded by the size of the file, whatever its content.
    ///
    /// # Errors
    /// [`DatabaseError`] if the file can't be read, is too large, is broken anywhere that an address can lead to, or lacks
    /// a field that `fields` require.
    pub fn open(path: impl AsRef<Path>, fields: &Fields) -> Result<Self, DatabaseError> {
        let path = path.as_ref();
        let bytes = read(path).map_err(|fault| DatabaseError::new(path, fault))?;
        Self::from_bytes(path, bytes, fields)
    }

    /// Creates a database from `bytes`, with the same checks as [`Database::open`] but without a size limit. Errors use
    /// `name` as the name of the file.
    ///
    /// # Errors
    /// The errors of [`Database::open`], except those of reading.
    pub fn from_bytes(
        name: impl AsRef<Path>,
        bytes: Vec<u8>,
        fields: &Fields,
    ) -> Result<Self, DatabaseError> {
        let checked = Checked::new(bytes, fields);
        let checked = checked.map_err(|fault| DatabaseError::new(name.as_ref(), fault))?;
        Ok(Self(Arc::new(checked)))
    }
}

impl GeoSource for Database {
    fn locate(&self, address: IpAddr, wanted: WantedLocation) -> Location {
        self.0.locate(address.to_canonical(), wanted)
    }

    fn provides(&self) -> WantedLocation {
        WantedLocation {
            country: self.0.country.is_some(),
            subdivision: self.0.subdivision.is_some(),
            asn: self.0.asn.is_some(),
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Checked {
            country,
            subdivision,
            asn,
            ..
        } = &*self.0;
        f.debug_struct("Database")
            .field("country", country)
            .field("subdivision", subdivision)
            .field("asn", asn)
            .finish_non_exhaustive()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, DatabaseFault> {
    let file = File::open(path).map_err(DatabaseFault::Unreadable)?;
    let length = file.metadata().map_err(DatabaseFault::Unreadable)?.len();
    if length > Database::MAX_BYTES {
        return Err(DatabaseFault::TooLarge);
    }
    let mut bytes = Vec::new();
    let size = usize::try_from(length).unwrap_or(usize::MAX);
    bytes
        .try_reserve_exact(size)
        .map_err(|error| DatabaseFault::Unreadable(io::Error::other(error)))?;
    // A pipe has no length, and a file may grow.
    file.take(Database::MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(DatabaseFault::Unreadable)?;
    if bytes.len() as u64 > Database::MAX_BYTES {
        return Err(DatabaseFault::TooLarge);
    }
    Ok(bytes)
}

impl Checked {
    fn new(bytes: Vec<u8>, fields: &Fields) -> Result<Self, DatabaseFault> {
        let corrupt = |error: MaxMindDbError| DatabaseFault::Corrupt(error.into());
        let bytes = with_plain_metadata(bytes).map_err(corrupt)?;
        let metadata = Reader::from_source(&*bytes)
            .map_err(corrupt)?
            .metadata()
            .clone();
        // This has to come before the reader's own check, which walks every path of the tree.
        let networks =
            tree::check(&bytes, &metadata).map_err(|fault| DatabaseFault::Corrupt(fault.into()))?;
        let reader = Reader::from_source(bytes).map_err(corrupt)?;
        reader.verify().map_err(corrupt)?;

        let sample = sample(&reader, networks).map_err(corrupt)?;
        let country_path = resolve(&fields.country, Signal::Country, |path| {
            sample.iter().any(|record| country(record, path).is_some())
        })?;
        let subdivision_path = resolve(&fields.subdivision, Signal::Subdivision, |path| {
            sample.iter().any(|record| {
                let country = country_path.as_ref().and_then(|path| country(record, path));
                subdivision(record, path, country).is_some()
            })
        })?;
        let asn_path = resolve(&fields.asn, Signal::Asn, |path| {
            sample.iter().any(|record| asn(record, path).is_some())
        })?;
        if country_path.is_none() && subdivision_path.is_none() && asn_path.is_none() {
            return Err(DatabaseFault::NothingKnown);
        }
        Ok(Self {
            has_ipv6: metadata.ip_version == 6,
            reader,
            country: country_path,
            subdivision: subdivision_path,
            asn: asn_path,
        })
    }

    fn locate(&self, address: IpAddr, wanted: WantedLocation) -> Location {
        let subdivision_path = self.subdivision.as_ref().filter(|_| wanted.subdivision);
        let asn_path = self.asn.as_ref().filter(|_| wanted.asn);
        // A subdivision may be only the part after the country code.
        let wants_country = wanted.country || subdivision_path.is_some();
        let country_path = self.country.as_ref().filter(|_| wants_country);

        let has_any = country_path.or(subdivision_path).or(asn_path).is_some();
        if !has_any || (address.is_ipv6() && !self.has_ipv6) {
            return Location::default();
        }
        match self.reader.lookup(address) {
            Ok(record) if record.has_data() => {
                let country = country_path.and_then(|path| country(&record, path));
                Location {
                    country: country.filter(|_| wanted.country),
                    subdivision: subdivision_path
                        .and_then(|path| subdivision(&record, path, country)),
                    asn: asn_path.and_then(|path| asn(&record, path)),
                }
            }
            _ => Location::default(),
        }
    }
}

/// Replaces the metadata of the file by the minimal metadata that the reader needs.
///
/// The reader's check requires a description, which public databases leave empty. No other metadata is used.
fn with_plain_metadata(mut bytes: Vec<u8>) -> Result<Vec<u8>, MaxMindDbError> {
    const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
    let metadata = Reader::from_source(&*bytes)?.metadata().clone();
    let is_marker = |bytes: &[u8]| bytes == MARKER;
    let end = bytes.windows(MARKER.len()).rposition(is_marker);
    bytes.truncate(end.unwrap_or_default());
    let [.., ip_version] = metadata.ip_version.to_be_bytes();
    let [.., record_size] = metadata.record_size.to_be_bytes();
    let parts: [&[u8]; 9] = [
        MARKER,
        b"\xe9\x5bbinary_format_major_version\xa1\x02\x5bbinary_format_minor_version\xa0",
        b"\x4bbuild_epoch\x00\x02\x4ddatabase_type\x41-\x4bdescription\xe1\x42en\x41-",
        b"\x49languages\x00\x04\x4aip_version\xa1",
        &[ip_version],
        b"\x4anode_count\xc4",
        &metadata.node_count.to_be_bytes(),
        b"\x4brecord_size\xa1",
        &[record_size],
    ];
    let plain = parts.concat();
    // Without this, a large file could be reallocated to twice its size for a few bytes.
    bytes.reserve_exact(plain.len());
    bytes.extend(plain);
    Ok(bytes)
}

/// Some records, spread evenly over all `networks` that have a record.
fn sample(reader: &Reader<Vec<u8>>, networks: usize) -> Result<Vec<Record<'_>>, MaxMindDbError> {
    let step = networks.div_ceil(SAMPLE).max(1);
    let all = reader.networks(WithinOptions::default())?;
    all.step_by(step).collect()
}

/// The first path of `field` at which the sample `has_value`.
fn resolve(
    field: &Field,
    signal: Signal,
    has_value: impl Fn(&FieldPath) -> bool,
) -> Result<Option<FieldPath>, DatabaseFault> {
    let found = field.candidates.iter().find(|path| has_value(path));
    match (found, field.candidates.first()) {
        (None, Some(path)) if field.is_required => Err(DatabaseFault::FieldMissing {
            signal,
            path: path.clone(),
        }),
        _ => Ok(found.cloned()),
    }
}

fn country(record: &Record<'_>, path: &FieldPath) -> Option<CountryCode> {
    CountryCode::parse(value(record, path)?).ok()
}

fn subdivision(
    record: &Record<'_>,
    path: &FieldPath,
    country: Option<CountryCode>,
) -> Option<SubdivisionCode> {
    let text: &str = value(record, path)?;
    if text.contains('-') {
        return SubdivisionCode::parse(text).ok();
    }
    SubdivisionCode::within(country?, text).ok()
}

fn asn(record: &Record<'_>, path: &FieldPath) -> Option<Asn> {
    value::<AsnValue>(record, path).map(|AsnValue(asn)| asn)
}

/// The value of `record` at `path`. Only this value is decoded. `None` if there is no value, or if it has another type.
fn value<'a, T: Deserialize<'a>>(record: &Record<'a>, path: &FieldPath) -> Option<T> {
    let decoded = path.with_elements(|elements| record.decode_path(elements));
    decoded.ok().flatten()
}

/// A number, or text with or without `AS`.
struct AsnValue(Asn);

impl<'de> Deserialize<'de> for AsnValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsnVisitor)
    }
}

struct AsnVisitor;

impl de::Visitor<'_> for AsnVisitor {
    type Value = AsnValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the number of an autonomous system")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<AsnValue, E> {
        let number = u32::try_from(number).map_err(E::custom)?;
        Ok(AsnValue(Asn::new(number)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<AsnValue, E> {
        Asn::parse(text).map(AsnValue).map_err(E::custom)
    }
}
