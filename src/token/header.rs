//! Reads the `Authorization` header of a token request: HTTP Basic or unusable.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::parameters::decoded;

/// A longer header is not read.
const MAX_BYTES: usize = 8 * 1024;

/// The content of the header.
pub(super) enum Header {
    Absent,
    /// Client id and secret (RFC 6749 section 2.3.1).
    Basic {
        client_id: Zeroizing<String>,
        secret: Zeroizing<String>,
    },
    /// The scheme is not Basic, or the value is malformed: the client tried to authenticate and failed.
    Unusable,
}

impl Header {
    pub(super) fn read(value: Option<&[u8]>) -> Self {
        match value {
            None => Self::Absent,
            Some(value) => basic(value).unwrap_or(Self::Unusable),
        }
    }

    pub(super) const fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}

fn basic(value: &[u8]) -> Option<Header> {
    if value.len() > MAX_BYTES {
        return None;
    }
    let (scheme, credentials) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(credentials.trim_matches(' ')).ok()?);
    let (client_id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some(Header::Basic {
        client_id: form_decoded(client_id)?,
        secret: form_decoded(secret)?,
    })
}

/// Decodes one half of the credentials. Clients encode each half like a value of a form before they join the two. Some
/// libraries encode even `-` and `_`.
fn form_decoded(text: &str) -> Option<Zeroizing<String>> {
    if text.is_empty() || text.contains(['&', '=']) {
        return None;
    }
    Some(Zeroizing::new(decoded(text).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<(String, String)> {
        match Header::read(Some(value.as_bytes())) {
            Header::Basic { client_id, secret } => {
                Some((client_id.to_string(), secret.to_string()))
            }
            Header::Unusable => None,
            Header::Absent => panic!("there is a header"),
        }
    }

    fn encoded(credentials: &str) -> String {
        STANDARD.encode(credentials)
    }

    #[test]
    fn both_halves_are_decoded_as_form_values() {
        let wanted = Some(("tpc_A1".to_owned(), "a-b:c d".to_owned()));
        for credentials in ["tpc_A1:a-b:c d", "tpc%5FA1:a%2Db%3Ac+d"] {
            assert_eq!(read(&format!("Basic {}", encoded(credentials))), wanted);
            assert_eq!(read(&format!("bAsIc  {}", encoded(credentials))), wanted);
        }
    }

    #[test]
    fn any_other_header_is_unusable() {
        let no_colon = format!("Basic {}", encoded("tpc_A1"));
        let empty = format!("Basic {}", encoded("tpc_A1:"));
        let two_values = format!("Basic {}", encoded("tpc_A1:a&b"));
        let long = format!(
            "Basic {}",
            encoded(&format!("tpc_A1:{}", "a".repeat(MAX_BYTES)))
        );
        for value in [
            "",
            "Basic",
            "Basic ",
            "Basic !",
            "Bearer abc",
            "Basic \u{e9}",
            &no_colon,
            &empty,
            &two_values,
            &long,
        ] {
            assert_eq!(read(value), None, "{value:.40}");
        }
        assert!(matches!(
            Header::read(Some(b"Basic \xff")),
            Header::Unusable
        ));
        assert!(!Header::read(None).is_present());
    }
}
