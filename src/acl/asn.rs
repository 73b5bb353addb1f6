use std::fmt;

use crate::acl::InvalidSignal;

/// The number of an autonomous system. In text, it may begin with `AS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asn(u32);

impl Asn {
    /// The autonomous system with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Reads the number of an autonomous system, such as `AS64500` or `64500`.
    ///
    /// # Errors
    /// [`InvalidSignal`] if `text` is not a number from 0 to 4,294,967,295.
    pub fn parse(text: &str) -> Result<Self, InvalidSignal> {
        let digits = match text.as_bytes() {
            [b'A' | b'a', b'S' | b's', ..] => text.get(2..).unwrap_or_default(),
            _ => text,
        };
        // `u32::from_str` accepts a plus sign.
        let number = digits.parse().ok().filter(|_| !digits.starts_with('+'));
        number.map(Self).ok_or(InvalidSignal)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AS{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asn_is_read_with_and_without_its_prefix() {
        for (text, number) in [("AS64500", 64_500), ("as1", 1), ("4294967295", u32::MAX)] {
            assert_eq!(Asn::parse(text), Ok(Asn::new(number)));
        }
        for bad in ["", "AS", "-1", "+1", "4294967296", "ASN1", "1.5"] {
            assert_eq!(Asn::parse(bad), Err(InvalidSignal), "{bad}");
        }
    }
}
