use std::fmt;

use maxminddb::PathElement;

/// Where in a record a value stands, as a JSON pointer (RFC 6901): `/country/iso_code`, or
/// `/subdivisions/0/iso_code` for the first of a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldPath {
    text: Box<str>,
    steps: Box<[Step]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Key(Box<str>),
    Index(usize),
}

/// A text is not the path of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a path of a field: a JSON pointer of at most {} steps",
    FieldPath::MAX_STEPS
)]
pub struct InvalidFieldPath;

impl FieldPath {
    /// The most steps of a path.
    pub const MAX_STEPS: usize = 8;

    /// The path that `text` is. A step of digits alone is a position in a list, from 0.
    ///
    /// # Errors
    /// [`InvalidFieldPath`] if it does not begin with a slash, has an empty step or more than
    /// [`FieldPath::MAX_STEPS`], or a `~` that escapes nothing.
    ///
    /// ```
    /// use oauth_dcr::geoip::FieldPath;
    ///
    /// assert!(FieldPath::parse("/subdivisions/0/iso_code").is_ok());
    /// assert!(FieldPath::parse("country.iso_code").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, InvalidFieldPath> {
        let steps = text.strip_prefix('/').ok_or(InvalidFieldPath)?.split('/');
        let steps: Box<[Step]> = steps
            .take(Self::MAX_STEPS + 1)
            .map(Step::parse)
            .collect::<Result<_, _>>()?;
        if steps.len() > Self::MAX_STEPS {
            return Err(InvalidFieldPath);
        }
        Ok(Self {
            text: text.into(),
            steps,
        })
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Hands the path to `read` in the reader's terms, without asking the allocator.
    pub(super) fn with_elements<T>(&self, read: impl FnOnce(&[PathElement<'_>]) -> T) -> T {
        let mut elements = [const { PathElement::Index(0) }; Self::MAX_STEPS];
        for (element, step) in elements.iter_mut().zip(&self.steps) {
            *element = match step {
                Step::Key(name) => PathElement::Key(name),
                Step::Index(at) => PathElement::Index(*at),
            };
        }
        read(elements.get(..self.steps.len()).unwrap_or_default())
    }
}

impl Step {
    fn parse(text: &str) -> Result<Self, InvalidFieldPath> {
        if text.is_empty() {
            return Err(InvalidFieldPath);
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(Self::Index).map_err(|_| InvalidFieldPath);
        }
        let mut parts = text.split('~');
        let mut name = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (escaped, rest) = match part.as_bytes().first() {
                Some(b'0') => ('~', part.get(1..)),
                Some(b'1') => ('/', part.get(1..)),
                _ => return Err(InvalidFieldPath),
            };
            name.push(escaped);
            name.push_str(rest.unwrap_or_default());
        }
        Ok(Self::Key(name.into()))
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where the country, the subdivision and the ASN stand in the records of a database.
///
/// A country is text (ISO 3166-1 alpha-2); a subdivision is text, the whole code of ISO 3166-2 or
/// the part after the hyphen; an ASN is a number, or text with or without `AS`. Of an address whose
/// record has something else there, that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    pub(super) country: Field,
    pub(super) subdivision: Field,
    pub(super) asn: Field,
}

/// Where one value may stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Field {
    /// The first of these at which a record has a value is it.
    pub(super) candidates: Vec<FieldPath>,
    /// Whether a database without it is refused.
    pub(super) is_required: bool,
}

impl Fields {
    /// No value is read. A database needs at least one.
    pub fn new() -> Self {
        Self::default()
    }

    /// The places at which well-known files have them: those of MaxMind and DB-IP (`Country`,
    /// `City`, `ASN`), of IPinfo and of ip-location-db. What a file does not have is not read.
    pub fn known() -> Self {
        Self {
            country: Field::somewhere(&["/country/iso_code", "/country_code", "/country"]),
            subdivision: Field::somewhere(&[
                "/subdivisions/0/iso_code",
                "/subdivision_code",
                "/region_code",
            ]),
            asn: Field::somewhere(&["/autonomous_system_number", "/asn", "/as_number"]),
        }
    }

    /// Reads the country at `path`; a database that has none there is refused.
    #[must_use]
    pub fn country(self, path: FieldPath) -> Self {
        Self {
            country: Field::at(path),
            ..self
        }
    }

    /// Reads the subdivision at `path`; a database that has none there is refused. Where that is
    /// the part alone, the country has to be read of the same database.
    #[must_use]
    pub fn subdivision(self, path: FieldPath) -> Self {
        Self {
            subdivision: Field::at(path),
            ..self
        }
    }

    /// Reads the ASN at `path`; a database that has none there is refused.
    #[must_use]
    pub fn asn(self, path: FieldPath) -> Self {
        Self {
            asn: Field::at(path),
            ..self
        }
    }
}

impl Field {
    fn at(path: FieldPath) -> Self {
        Self {
            candidates: vec![path],
            is_required: true,
        }
    }

    fn somewhere(paths: &[&str]) -> Self {
        let paths = paths.iter().filter_map(|path| FieldPath::parse(path).ok());
        Self {
            candidates: paths.collect(),
            is_required: false,
        }
    }
}
