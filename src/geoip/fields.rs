use std::fmt;

use maxminddb::PathElement;

/// The path to a value in a record, as a JSON pointer (RFC 6901): `/country/iso_code`, or `/subdivisions/0/iso_code` for
/// the first element of a list.
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

/// The error for a text that is not the path of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a path of a field: a path is a JSON pointer with at most {} steps",
    FieldPath::MAX_STEPS
)]
pub struct InvalidFieldPath;

impl FieldPath {
    /// The most steps of a path.
    pub const MAX_STEPS: usize = 8;

    /// Parses a path. A step that consists of digits is a position in a list, counted from 0.
    ///
    /// # Errors
    /// [`InvalidFieldPath`] if the text does not begin with a slash, has an empty step, has more than
    /// [`FieldPath::MAX_STEPS`] steps, or has a `~` that escapes nothing.
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

    /// Calls `read` with the path in the types of the reader, without an allocation.
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

/// The paths of the country, the subdivision and the ASN in the records of a database.
///
/// A country is text (ISO 3166-1 alpha-2). A subdivision is text: the complete code of ISO 3166-2, or the part after the
/// hyphen. An ASN is a number, or text with or without `AS`. If a record has anything else at the path, the value is
/// unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    pub(super) country: Field,
    pub(super) subdivision: Field,
    pub(super) asn: Field,
}

/// The possible paths of one value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Field {
    /// The first path at which a record has a value is used.
    pub(super) candidates: Vec<FieldPath>,
    /// Whether a database without this value is refused.
    pub(super) is_required: bool,
}

impl Fields {
    /// Reads no values. Add at least one, because a database without any value is refused.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the values at the paths of well-known files: those of MaxMind and DB-IP (`Country`, `City`, `ASN`), of
    /// IPinfo and of ip-location-db. Values that a file does not have are not read.
    pub fn known() -> Self {
        Self {
            country: Field::at_any(&["/country/iso_code", "/country_code", "/country"]),
            subdivision: Field::at_any(&[
                "/subdivisions/0/iso_code",
                "/subdivision_code",
                "/region_code",
            ]),
            asn: Field::at_any(&["/autonomous_system_number", "/asn", "/as_number"]),
        }
    }

    /// Reads the country at `path`. A database that has no country there is refused.
    #[must_use]
    pub fn country(self, path: FieldPath) -> Self {
        Self {
            country: Field::at(path),
            ..self
        }
    }

    /// Reads the subdivision at `path`. A database that has no subdivision there is refused. If the values are only the
    /// parts after the hyphen, the country has to be read from the same database.
    #[must_use]
    pub fn subdivision(self, path: FieldPath) -> Self {
        Self {
            subdivision: Field::at(path),
            ..self
        }
    }

    /// Reads the ASN at `path`. A database that has no ASN there is refused.
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

    fn at_any(paths: &[&str]) -> Self {
        let paths = paths.iter().filter_map(|path| FieldPath::parse(path).ok());
        Self {
            candidates: paths.collect(),
            is_required: false,
        }
    }
}
