use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::Zeroizing;

/// A client secret in clear text: 256 random bits as 43 characters of base64url without padding.
///
/// It exists from the moment it is minted until the 201 response that shows it. `Debug` is redacted.
/// There is no `Display`, no `Serialize` and no `Clone`. The memory is overwritten when it is dropped.
pub struct ClientSecret(Zeroizing<String>);

impl ClientSecret {
    /// The number of random bytes in a secret.
    pub(crate) const ENTROPY: usize = 32;

    /// The secret whose bits are `entropy`.
    pub(crate) fn from_entropy(entropy: &[u8; Self::ENTROPY]) -> Self {
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(entropy)))
    }

    /// The secret in clear text, to show to its owner once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The digest to store instead of the secret.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(&self.0)
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(redacted)")
    }
}

/// The SHA-256 digest of a client secret, which is stored instead of the secret.
///
/// A fast hash is enough: the secret is 256 random bits, so nobody can find it by guessing. The text form,
/// `sha256:` and 43 characters, names the algorithm so that it can change.
#[derive(Clone, Copy)]
pub struct SecretDigest([u8; 32]);

#[cfg(test)]
thread_local! {
    /// How many secrets this thread has compared. This work must not depend on the client.
    pub(crate) static COMPARED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

impl SecretDigest {
    /// A digest of which no secret is known. It is compared when there is no client, so that the work is
    /// the same.
    pub(crate) const OF_NOBODY: Self = Self([0; 32]);

    /// The digest of a presented or minted secret.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Whether `presented` is the secret, compared in constant time.
    pub fn matches(&self, presented: &str) -> bool {
        Self::any_matches([self], presented)
    }

    /// Whether `presented` is the secret of one of `digests`. The time does not depend on which digest
    /// matches, or whether any does.
    pub(crate) fn any_matches<const N: usize>(digests: [&Self; N], presented: &str) -> bool {
        #[cfg(test)]
        COMPARED.with(|compared| compared.set(compared.get() + 1));
        let presented = Self::of(presented);
        let equal = digests.map(|digest| digest.ct_eq(&presented));
        equal
            .into_iter()
            .fold(Choice::from(0), |any, equal| any | equal)
            .into()
    }

    /// The form to store: `sha256:` and the digest in base64url without padding.
    pub fn to_tagged(&self) -> String {
        format!("sha256:{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    /// Reads the form that [`SecretDigest::to_tagged`] writes. The result is `None` for any other text.
    pub fn from_tagged(text: &str) -> Option<Self> {
        let digest = URL_SAFE_NO_PAD.decode(text.strip_prefix("sha256:")?).ok()?;
        Some(Self(digest.try_into().ok()?))
    }

    /// Compares both halves at once: a comparison byte by byte takes almost half as long as the hash.
    fn ct_eq(&self, other: &Self) -> Choice {
        let halves = self.halves().zip(other.halves());
        let difference = halves.fold(0, |all, (left, right)| all | (left ^ right));
        difference.ct_eq(&0)
    }

    fn halves(&self) -> impl Iterator<Item = u128> {
        let (halves, _) = self.0.as_chunks();
        halves.iter().copied().map(u128::from_ne_bytes)
    }
}

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for SecretDigest {}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_has_43_characters_and_matches_only_its_digest() {
        let secret = ClientSecret::from_entropy(&[7; 32]);
        assert_eq!(secret.expose().len(), 43);
        assert!(secret.digest().matches(secret.expose()));
        assert!(!secret.digest().matches(&secret.expose()[1..]));
        assert!(!secret.digest().matches(""));
    }

    #[test]
    fn every_byte_of_a_digest_counts() {
        let digest = SecretDigest::of("correct horse");
        for at in 0..digest.0.len() {
            let mut other = digest;
            other.0[at] ^= 1;
            assert_ne!(digest, other, "{at}");
        }
    }

    #[test]
    fn a_digest_survives_its_text_form() {
        let digest = SecretDigest::of("correct horse");
        assert_eq!(SecretDigest::from_tagged(&digest.to_tagged()), Some(digest));
        assert_eq!(SecretDigest::from_tagged("sha512:AAAA"), None);
        assert_eq!(SecretDigest::from_tagged("sha256:AAAA"), None);
    }

    #[test]
    fn debug_shows_neither_secret_nor_digest() {
        let secret = ClientSecret::from_entropy(&[9; 32]);
        let shown = format!("{secret:?} {:?}", secret.digest());
        assert_eq!(shown, "ClientSecret(redacted) SecretDigest(redacted)");
    }
}
