use std::fmt;

use crate::acl::InvalidSignal;

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

/// The countries as bits: for each first letter, one bit for each second letter. A lookup must be fast,
/// because a rule about countries needs it for each request.
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

/// A country code by ISO 3166-1 alpha-2, or another code that edges and databases send. Letter case does
/// not matter.
///
/// The other codes are:
/// - the codes that the standard leaves to its users (`AA`, `QM` to `QZ`, `XA` to `XZ`, `ZZ`), such as `XK`
///   and `XX`;
/// - `EU` and `AP` for regions;
/// - `A1`, `A2`, `O1` and `T1` for proxies, satellites, other countries and Tor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// Reads a country code.
    ///
    /// # Errors
    /// [`InvalidSignal`] if `text` is not one of these codes.
    pub fn parse(text: &str) -> Result<Self, InvalidSignal> {
        let code: [u8; 2] = text.as_bytes().try_into().map_err(|_| InvalidSignal)?;
        let code = code.map(|byte| byte.to_ascii_uppercase());
        let [first, second] = code.map(|byte| u32::from(byte).wrapping_sub(u32::from(b'A')));
        let seconds = ASSIGNED.get(first as usize).unwrap_or(&0);
        let is_assigned = seconds
            .checked_shr(second)
            .is_some_and(|bits| bits & 1 == 1);
        let is_user_assigned = matches!(
            &code,
            b"AA" | b"ZZ" | [b'Q', b'M'..=b'Z'] | [b'X', b'A'..=b'Z']
        );
        let is_special = matches!(&code, b"EU" | b"AP" | b"A1" | b"A2" | b"O1" | b"T1");
        if is_assigned || is_user_assigned || is_special {
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

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CountryCode({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_and_user_assigned_codes_are_countries() {
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
    fn bits_have_every_listed_country() {
        let listed: Vec<&str> = COUNTRIES.split_ascii_whitespace().collect();
        assert_eq!(listed.len(), 249);
        assert!(listed.iter().all(|code| CountryCode::parse(code).is_ok()));
        // The listed countries, `AA`, `QM` to `QZ`, `XA` to `XZ`, `ZZ`, `EU` and `AP` have two letters, so
        // each can be written in four ways. The four codes with a digit can be written in two ways.
        let pairs = (0..=u8::MAX).flat_map(|a| (0..=u8::MAX).map(move |b| [a, b]));
        let good = pairs
            .filter(|pair| str::from_utf8(pair).is_ok_and(|text| CountryCode::parse(text).is_ok()));
        assert_eq!(good.count(), (249 + 1 + 14 + 26 + 1 + 2) * 4 + 4 * 2);
    }
}
