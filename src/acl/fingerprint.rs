//! Fingerprints of TLS handshakes.

use std::fmt;

use crate::acl::InvalidSignal;

/// A JA3 fingerprint of a TLS handshake: 32 hexadecimal digits in any letter case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ja3([u8; 16]);

impl Ja3 {
    /// The fingerprint that `text` spells.
    ///
    /// # Errors
    /// [`InvalidSignal`] if it is not 32 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, InvalidSignal> {
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if text.len() != 32 || !is_hex {
            return Err(InvalidSignal);
        }
        let number = u128::from_str_radix(text, 16).map_err(|_| InvalidSignal)?;
        Ok(Self(number.to_be_bytes()))
    }
}

/// A JA4 fingerprint of a TLS handshake, such as `t13d1516h2_8daaf6152771_e5627efa2ab1`, in any
/// letter case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ja4([u8; 36]);

impl Ja4 {
    /// The fingerprint that `text` spells.
    ///
    /// # Errors
    /// [`InvalidSignal`] if it is not of the form of a JA4 fingerprint.
    pub fn parse(text: &str) -> Result<Self, InvalidSignal> {
        let chars: [u8; 36] = text.as_bytes().try_into().map_err(|_| InvalidSignal)?;
        let chars = chars.map(|byte| byte.to_ascii_lowercase());
        let is_hex = |part: &[u8]| part.iter().all(u8::is_ascii_hexdigit);
        let [
            transport,
            v0,
            v1,
            name,
            c0,
            c1,
            e0,
            e1,
            a0,
            a1,
            b'_',
            rest @ ..,
        ] = &chars
        else {
            return Err(InvalidSignal);
        };
        let has_form = matches!(transport, b't' | b'q' | b'd')
            && [v0, v1, a0, a1].into_iter().all(u8::is_ascii_alphanumeric)
            && matches!(name, b'd' | b'i')
            && [c0, c1, e0, e1].into_iter().all(u8::is_ascii_digit)
            && matches!(rest.split_at(12), (ciphers, [b'_', extensions @ ..])
                if is_hex(ciphers) && is_hex(extensions));
        if has_form {
            Ok(Self(chars))
        } else {
            Err(InvalidSignal)
        }
    }
}

impl fmt::Display for Ja3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Display for Ja4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl fmt::Debug for Ja3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ja3({self})")
    }
}

impl fmt::Debug for Ja4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ja4({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_in_any_letter_case() {
        let ja3 = Ja3::parse("E7D705A3286E19EA42F587B344EE6865").unwrap();
        assert_eq!(ja3.to_string(), "e7d705a3286e19ea42f587b344ee6865");
        for bad in [
            "",
            "e7d7",
            "+7d705a3286e19ea42f587b344ee6865",
            &"g".repeat(32),
        ] {
            assert_eq!(Ja3::parse(bad), Err(InvalidSignal), "{bad}");
        }
        let ja4 = Ja4::parse("T13D1516H2_8daaf6152771_e5627efa2ab1").unwrap();
        assert_eq!(ja4.to_string(), "t13d1516h2_8daaf6152771_e5627efa2ab1");
        for bad in [
            "",
            "x13d1516h2_8daaf6152771_e5627efa2ab1",
            "t13d1516h2-8daaf6152771_e5627efa2ab1",
            "t13d1516h2_8daaf615277g_e5627efa2ab1",
            "t13d15x6h2_8daaf6152771_e5627efa2ab1",
            "t13d1516h2_8daaf6152771_e5627efa2ab",
        ] {
            assert_eq!(Ja4::parse(bad), Err(InvalidSignal), "{bad}");
        }
    }
}
