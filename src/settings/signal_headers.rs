use serde::{Deserialize, Serialize};

use crate::acl::EdgeSignal;

/// The names of the headers in which a trusted proxy passes on what it knows of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SignalHeaders {
    /// The country, ISO 3166-1 alpha-2.
    pub geo_country_code: Option<HeaderName>,
    /// The subdivision, ISO 3166-2.
    pub geo_subdivision_code: Option<HeaderName>,
    /// The autonomous system's number.
    pub asn: Option<HeaderName>,
    /// The JA3 fingerprint of the TLS handshake.
    pub ja3_fingerprint: Option<HeaderName>,
    /// The JA4 fingerprint of the TLS handshake.
    pub ja4_fingerprint: Option<HeaderName>,
}

impl SignalHeaders {
    /// Each header that is named, with the field that names it.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, &HeaderName)> {
        let all = [
            ("geo_country_code", &self.geo_country_code),
            ("geo_subdivision_code", &self.geo_subdivision_code),
            ("asn", &self.asn),
            ("ja3_fingerprint", &self.ja3_fingerprint),
            ("ja4_fingerprint", &self.ja4_fingerprint),
        ];
        all.into_iter()
            .filter_map(|(field, name)| Some((field, name.as_ref()?)))
    }

    /// The header that carries `signal`.
    pub const fn of(&self, signal: EdgeSignal) -> Option<&HeaderName> {
        match signal {
            EdgeSignal::Country => self.geo_country_code.as_ref(),
            EdgeSignal::Subdivision => self.geo_subdivision_code.as_ref(),
            EdgeSignal::Asn => self.asn.as_ref(),
            EdgeSignal::Ja3 => self.ja3_fingerprint.as_ref(),
            EdgeSignal::Ja4 => self.ja4_fingerprint.as_ref(),
        }
    }
}

/// The name of a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeaderName(http::HeaderName);

/// A text is not the name of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is not the name of a header: write letters, digits and hyphens, such as \"x-geo-country\""
)]
pub struct InvalidHeaderName;

impl HeaderName {
    /// The header that `text` names; letter case does not matter.
    ///
    /// # Errors
    /// [`InvalidHeaderName`] if it holds a character that no name has (RFC 9110 section 5.1).
    pub fn parse(text: &str) -> Result<Self, InvalidHeaderName> {
        text.parse().map(Self).map_err(|_| InvalidHeaderName)
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The name, to look a header up by.
    pub(crate) const fn name(&self) -> &http::HeaderName {
        &self.0
    }
}

impl TryFrom<String> for HeaderName {
    type Error = InvalidHeaderName;

    fn try_from(text: String) -> Result<Self, InvalidHeaderName> {
        Self::parse(&text)
    }
}

impl From<HeaderName> for String {
    fn from(name: HeaderName) -> Self {
        name.as_str().to_owned()
    }
}
