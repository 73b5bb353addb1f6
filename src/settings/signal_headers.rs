use http::HeaderName;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::acl::EdgeSignal;

/// The message for a text that is not the name of a header (RFC 9110 section 5.1).
const NOT_A_NAME: &str = "this is not the name of a header: write letters, digits and hyphens, such as \"x-geo-country\"";

/// The names of the headers in which trusted proxies send signals about the client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SignalHeaders {
    /// The country, ISO 3166-1 alpha-2.
    #[serde(deserialize_with = "read", serialize_with = "write")]
    pub geo_country_code: Option<HeaderName>,
    /// The subdivision, ISO 3166-2.
    #[serde(deserialize_with = "read", serialize_with = "write")]
    pub geo_subdivision_code: Option<HeaderName>,
    /// The autonomous system's number.
    #[serde(deserialize_with = "read", serialize_with = "write")]
    pub asn: Option<HeaderName>,
    /// The JA3 fingerprint of the TLS handshake.
    #[serde(deserialize_with = "read", serialize_with = "write")]
    pub ja3_fingerprint: Option<HeaderName>,
    /// The JA4 fingerprint of the TLS handshake.
    #[serde(deserialize_with = "read", serialize_with = "write")]
    pub ja4_fingerprint: Option<HeaderName>,
}

impl SignalHeaders {
    /// Each header that is set, with the name of its field.
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

    /// The header of `signal`.
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

/// Reads the name of a header. Letter case does not matter.
fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<HeaderName>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let name = text.map(|text| text.parse().map_err(|_| D::Error::custom(NOT_A_NAME)));
    name.transpose()
}

#[expect(clippy::ref_option, reason = "serde calls it with the field")]
fn write<S: Serializer>(name: &Option<HeaderName>, serializer: S) -> Result<S::Ok, S::Error> {
    name.as_ref().map(HeaderName::as_str).serialize(serializer)
}
