//! Secrets, and the digests that the server stores of them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth_dcr::system::{OsRandom, RandomError, SecureRandom as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// 256 random bits as 43 characters of base64url: a code, a token, the value of a cookie.
///
/// It has no `Debug`, and its memory is overwritten when it is dropped.
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn draw() -> Result<Self, RandomError> {
        let mut bits = Zeroizing::new([0; 32]);
        OsRandom.fill(&mut *bits)?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bits))))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

/// The SHA-256 of a secret, used as a key in tables. An attacker who reads a table does not learn the
/// secret. An attacker who measures the time of a look-up learns about digests, not secrets.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn of(presented: &str) -> Self {
        Self(Sha256::digest(presented).into())
    }
}
