//! The values that rules and signals are made of, each in its one normal form.

use std::fmt;

/// A text is not of the form that the signal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not of the form that this signal has")]
pub struct InvalidSignal;

/// The countries of ISO 3166-1, as of 2026.
const COUNTRIES: &str = "
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ
    BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ
    DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET
    FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY
    HK HM HN HR HT HU
    ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP
    KE KG KH KI KM KN KP KR KW KY KZ
    LA LB LC LI LK LR LS LT LU LV LY
    MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ
    NA NC NE NF NG NI NL NO NP NR NU NZ
    OM
    PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA
    RE RO RS RU RW
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ
    TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ
    UA UG UM US UY UZ
    VA VC VE VG VI VN VU
    WF WS
    YE YT
    ZA ZM ZW";

/// The same, for each first letter a bit for each second one: a location is read for every request
/// that a rule about countries is asked about.
const ASSIGNED: [u32; 26] = assigned(COUNTRIES.as_bytes());

#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "computed by the compiler, which checks it"
)]
const fn assigned(codes: &[u8]) -> [u32; 26] {
    let mut letters = [0; 26];
    let mut at = 0;
    while at < codes.len() {
        if codes[at].is_ascii_uppercase() {
            letters[(codes[at] - b'A') as usize] |= 1 << (codes[at + 1] - b'A');
            at += 1;
        }
        at += 1;
    }
    letters
}

/// A country by ISO 3166-1 alpha-2, or one of the codes that edges and databases also send: those
/// that the standard leaves to its users (`AA`, `QM` to `QZ`, `XA` to `XZ`, `ZZ`), such as `XK` and
/// `XX`; `EU` and `AP` for regions; `A1`, `A2`, `O1` and `T1` for proxies, satellites, other countries
/// and Tor. Letter case does not matter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// The country that `text` names.
    ///
    /// # Errors
    /// [`InvalidSignal`] if no country has this code.
    pub fn parse(text: &str) -> Result<Self, InvalidSignal> {
        let code: [u8; 2] = text.as_bytes().try_into().map_err(|_| InvalidSignal)?;
        let code = code.map(|byte| byte.to_ascii_uppercase());
        let [first, second] = code.map(|byte| u32::from(byte).wrapping_sub(u32::from(b'A')));
        let seconds = ASSIGNED.get(first as usize).unwrap_or(&0);
        let is_assigned = seconds
            .checked_shr(second)
            .is_some_and(|bits| bits & 1 == 1);
        let is_for_users = matches!(
            &code,
            b"AA" | b"ZZ" | [b'Q', b'M'..=b'Z'] | [b'X', b'A'..=b'Z']
        );
        let is_sent_besides = matches!(&code, b"EU" | b"AP" | b"A1" | b"A2" | b"O1" | b"T1");
        if is_assigned || is_for_users || is_sent_besides {
            Ok(Self(code))
        } else {
            Err(InvalidSignal)
        }
    }

    /// The code in upper case.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A subdivision by ISO 3166-2: a country, a hyphen, and 1 to 3 letters or digits, such as `US-CA`.
/// Letter case does not matter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubdivisionCode {
    country: CountryCode,
    /// Filled up with zeros.
    part: [u8; 3],
}

impl SubdivisionCode {
    /// The subdivision that `text` names.
    ///
    /// # Errors
    /// [`InvalidSignal`] if it is not of the form of ISO 3166-2, or no country has the code.
    pub fn parse(text: &str) -> Result<Self, InvalidSignal> {
        let (country, part) = text.split_once('-').ok_or(InvalidSignal)?;
        Self::within(CountryCode::parse(country)?, part)
    }

    /// The subdivision `part` of `country`, as databases have it that give the two apart.
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

/// The number of an autonomous system. As text it may begin with `AS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asn(u32);

impl Asn {
    /// The autonomous system with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The autonomous system that `text` names, such as `AS64500` or `64500`.
    ///
    /// # Errors
    /// [`InvalidSignal`] if it is not a number from 0 to 4,294,967,295.
    pub fn parse(text: &str) -> Result<Self, InvalidSignal> {
        let digits = match text.as_bytes() {
            [b'A' | b'a', b'S' | b's', ..] => text.get(2..).unwrap_or_default(),
            _ => text,
        };
        // `u32::from_str` takes a plus sign.
        let number = digits.parse().ok().filter(|_| !digits.starts_with('+'));
        number.map(Self).ok_or(InvalidSignal)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

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

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for SubdivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = std::str::from_utf8(&self.part).unwrap_or_default();
        write!(f, "{}-{}", self.country, part.trim_end_matches('\0'))
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AS{}", self.0)
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

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CountryCode({self})")
    }
}

impl fmt::Debug for SubdivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubdivisionCode({self})")
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
    fn countries_are_those_of_the_standard_and_of_its_users() {
        for good in [
            "SE", "se", "US", "XK", "QM", "AA", "T1", "XX", "EU", "ap", "A1", "a2", "O1",
        ] {
            assert_eq!(
                CountryCode::parse(good).unwrap().as_str(),
                good.to_ascii_uppercase()
            );
        }
        for bad in ["", "S", "SWE", "JA", "UK", "12", "\u{e4}", "S "] {
            assert_eq!(CountryCode::parse(bad), Err(InvalidSignal), "{bad}");
        }
    }

    #[test]
    fn no_country_is_lost_on_the_way_to_the_bits() {
        let listed: Vec<&str> = COUNTRIES.split_ascii_whitespace().collect();
        assert_eq!(listed.len(), 249);
        assert!(listed.iter().all(|it| CountryCode::parse(it).is_ok()));
        // Those, `AA`, `QM` to `QZ`, `XA` to `XZ`, `ZZ`, `EU` and `AP`, each in four ways to write it;
        // and the four with a digit, in two.
        let pairs = (0..=u8::MAX).flat_map(|a| (0..=u8::MAX).map(move |b| [a, b]));
        let good = pairs
            .filter(|pair| str::from_utf8(pair).is_ok_and(|text| CountryCode::parse(text).is_ok()));
        assert_eq!(good.count(), (249 + 1 + 14 + 26 + 1 + 2) * 4 + 4 * 2);
    }

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

    #[test]
    fn a_system_is_a_number_with_or_without_its_prefix() {
        for (text, number) in [("AS64500", 64_500), ("as1", 1), ("4294967295", u32::MAX)] {
            assert_eq!(Asn::parse(text), Ok(Asn::new(number)));
        }
        for bad in ["", "AS", "-1", "+1", "4294967296", "ASN1", "1.5"] {
            assert_eq!(Asn::parse(bad), Err(InvalidSignal), "{bad}");
        }
    }

    #[test]
    fn fingerprints_have_their_form_in_any_case() {
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
