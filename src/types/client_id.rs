use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::types::SecurityMode;

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Random bytes from this value on are dropped, so that each of the 62 characters is equally likely.
const UNBIASED: u8 = 62 * 4;

/// The number of random characters in a minted id: 62^32 is more than 190 bits.
const RANDOM_CHARS: usize = 32;

/// A client identifier (RFC 6749 section 2.2).
///
/// In strict mode, this crate mints ids of `tpc_` and 32 characters from `A-Za-z0-9`. In permissive
/// mode, an id is the 32 characters alone. A request can name any other id: [`ClientId::parse`]
/// accepts 1 to 512 visible ASCII characters, and the store decides whether there is a client with
/// this id. Ids are compared without normalising.
///
/// ```
/// use oauth_dcr::ClientId;
///
/// let id = ClientId::parse("tpc_8SXWY6j3afl2CP5ntwEOpMdPxxy49Gt2")?;
/// assert_eq!(id.as_str(), "tpc_8SXWY6j3afl2CP5ntwEOpMdPxxy49Gt2");
/// # Ok::<(), oauth_dcr::types::InvalidClientId>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct ClientId(Box<str>);

/// A client id is empty, longer than 512 characters, or not visible ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a client id is 1 to 512 visible ASCII characters")]
pub struct InvalidClientId;

impl ClientId {
    /// The prefix of the id of every strict client.
    pub const STRICT_PREFIX: &'static str = "tpc_";

    /// The length of the longest id that is read from a request, in characters.
    pub const MAX_CHARS: usize = 512;

    /// The number of random bytes to pass to [`ClientId::from_entropy`]: 1.5 bytes for each
    /// character. One byte in 32 is dropped, so the odds that the bytes run out are below 1 in 10^12.
    pub(crate) const ENTROPY: usize = RANDOM_CHARS + RANDOM_CHARS / 2;

    /// Reads the client id in `text`.
    ///
    /// # Errors
    /// [`InvalidClientId`] if it is empty, too long, or holds anything but visible ASCII.
    pub fn parse(text: &str) -> Result<Self, InvalidClientId> {
        let legal = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > Self::MAX_CHARS || !legal {
            return Err(InvalidClientId);
        }
        Ok(Self(text.into()))
    }

    /// The id of a stored row. Any text is accepted, so that the owner can reach every row.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn restore(text: String) -> Self {
        Self(text.into_boxed_str())
    }

    /// An id whose random part is drawn uniformly from `entropy`, or `None` if `entropy` ran out.
    pub(crate) fn from_entropy(mode: SecurityMode, entropy: &[u8]) -> Option<Self> {
        let prefix = match mode {
            SecurityMode::Strict => Self::STRICT_PREFIX,
            SecurityMode::Permissive => "",
        };
        let length = prefix.len().saturating_add(RANDOM_CHARS);
        let mut id = String::with_capacity(length);
        id.push_str(prefix);
        let unbiased = entropy.iter().filter(|&&byte| byte < UNBIASED);
        let drawn = unbiased.filter_map(|byte| ALPHABET.get(usize::from(byte % 62)));
        id.extend(
            drawn
                .take(RANDOM_CHARS)
                .map(|&character| char::from(character)),
        );
        (id.len() == length).then(|| Self(id.into_boxed_str()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientId {
    type Error = InvalidClientId;

    fn try_from(text: String) -> Result<Self, InvalidClientId> {
        Self::parse(&text)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientId({:?})", &*self.0)
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_equally_likely() {
        let mut counts = [0_u32; 128];
        for byte in 0..=u8::MAX {
            let entropy = [byte; RANDOM_CHARS];
            if let Some(id) = ClientId::from_entropy(SecurityMode::Permissive, &entropy) {
                counts[usize::from(id.as_str().as_bytes()[0])] += 1;
            }
        }
        let drawn: Vec<u32> = counts.into_iter().filter(|&count| count > 0).collect();
        assert_eq!(drawn, vec![4; 62]);
    }

    #[test]
    fn too_little_entropy_makes_no_id() {
        assert_eq!(ClientId::from_entropy(SecurityMode::Strict, &[0; 31]), None);
        assert_eq!(
            ClientId::from_entropy(SecurityMode::Strict, &[255; ClientId::ENTROPY]),
            None
        );
    }

    #[test]
    fn mode_decides_the_prefix() {
        let strict = ClientId::from_entropy(SecurityMode::Strict, &[1; 48]).unwrap();
        assert_eq!(strict.as_str(), format!("tpc_{}", "B".repeat(32)));
        let permissive = ClientId::from_entropy(SecurityMode::Permissive, &[1; 48]).unwrap();
        assert_eq!(permissive.as_str(), "B".repeat(32));
    }
}
