use std::fmt;

use crate::acl::{CountryCode, InvalidSignal};

/// A subdivision code by ISO 3166-2: a country, a hyphen, and 1 to 3 letters or digits, such as `US-CA`.
/// Letter case does not matter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubdivisionCode {
    country: CountryCode,
    /// The letters or digits, padded with zeros.
    part: [u8; 3],
}

impl SubdivisionCode {
    /// Reads a subdivision code.
    ///
    /// # Errors
    /// [`InvalidSignal`] if `text` does not have the form of ISO 3166-2, or its country does not exist.
    pub fn parse(text: &str) -> Result<Self, InvalidSignal> {
        let (country, part) = text.split_once('-').ok_or(InvalidSignal)?;
        Self::within(CountryCode::parse(country)?, part)
    }

    /// The subdivision `part` of `country`, for databases that have the two parts separately.
    ///
    /// # Errors
    /// [`InvalidSignal`] if `part` is not 1 to 3 letters or digits.
    pub fn within(country: CountryCode, part: &str) -> Result<Self, InvalidSignal> {
        let legal = part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !legal || !(1..=3).contains(&part.len()) {
            return Err(InvalidSignal);
        }
        let mut padded = [0; 3];
        padded
            .iter_mut()
            .zip(part.bytes())
            .for_each(|(to, from)| *to = from.to_ascii_uppercase());
        Ok(Self {
            country,
            part: padded,
        })
    }
}

impl fmt::Display for SubdivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = std::str::from_utf8(&self.part).unwrap_or_default();
        write!(f, "{}-{}", self.country, part.trim_end_matches('\0'))
    }
}

impl fmt::Debug for SubdivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubdivisionCode({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subdivisions_begin_with_a_country() {
        for good in ["US-CA", "gb-eng", "SE-AB", "AD-07", "FR-A"] {
            let code = SubdivisionCode::parse(good).unwrap();
            assert_eq!(code.to_string(), good.to_ascii_uppercase());
        }
        for bad in ["US", "US-", "US-CALI", "UK-ENG", "US-C A", "-CA", "US_CA"] {
            assert_eq!(SubdivisionCode::parse(bad), Err(InvalidSignal), "{bad}");
        }
    }
}
