//! Proof Key for Code Exchange (RFC 7636): the challenge of an authorization request, and the
//! verifier of the token request that redeems the code. The only supported method is S256.
//!
//! ```
//! use oauth_dcr::pkce::{CodeChallenge, CodeVerifier};
//!
//! // RFC 7636 appendix B.
//! let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")?;
//! let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")?;
//! assert!(challenge.verify(&verifier));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! 1. [`CodeChallenge`] is stored with the code. [`InvalidCodeChallenge`] is the error of a malformed challenge.
//! 2. [`CodeVerifier`] comes with the token request. [`InvalidCodeVerifier`] is the error of a malformed verifier.
//!
//! The [authorization](crate::authorization) and [token](crate::token) checks use both.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

const CHALLENGE_CHARS: usize = 43;

/// A PKCE code challenge with the method S256 (RFC 7636 section 4.2), exactly 43 base64url
/// characters.
///
/// A challenge is always the hash of a verifier: the method `plain` is not supported.
///
/// ```
/// use oauth_dcr::pkce::{CodeChallenge, CodeVerifier};
///
/// // RFC 7636 appendix B.
/// let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")?;
/// let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")?;
/// assert!(challenge.verify(&verifier));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeChallenge([u8; CHALLENGE_CHARS]);

/// A text is not a code challenge: 43 characters of `A-Z a-z 0-9 - _`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code challenge is 43 characters of base64url without padding")]
pub struct InvalidCodeChallenge;

impl CodeChallenge {
    /// The only supported method (RFC 7636 section 4.3).
    pub const METHOD: &str = "S256";

    /// Reads the code challenge in `text`.
    ///
    /// # Errors
    /// [`InvalidCodeChallenge`] if `text` is not exactly 43 characters of the base64url alphabet.
    pub fn parse(text: &str) -> Result<Self, InvalidCodeChallenge> {
        let chars: [u8; CHALLENGE_CHARS] = text
            .as_bytes()
            .try_into()
            .map_err(|_| InvalidCodeChallenge)?;
        let legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !chars.iter().all(legal) {
            return Err(InvalidCodeChallenge);
        }
        Ok(Self(chars))
    }

    /// Whether this challenge was made from `verifier`, compared in constant time
    /// (RFC 7636 section 4.6).
    pub fn verify(&self, verifier: &CodeVerifier<'_>) -> bool {
        verifier.challenge().0.ct_eq(&self.0).into()
    }

    /// The 43 characters.
    pub fn as_str(&self) -> &str {
        // The constructor accepts only ASCII, so this cannot fail. An empty string matches no challenge.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = InvalidCodeChallenge;

    fn try_from(text: String) -> Result<Self, InvalidCodeChallenge> {
        Self::parse(&text)
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        challenge.as_str().to_owned()
    }
}

impl fmt::Debug for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeChallenge({:?})", self.as_str())
    }
}

/// A PKCE code verifier as it was presented: 43 to 128 characters of `A-Z a-z 0-9 - . _ ~`
/// (RFC 7636 section 4.1). It is a secret until the code is redeemed, so `Debug` hides it.
#[derive(Clone, Copy)]
pub struct CodeVerifier<'a>(&'a str);

/// A text is not a code verifier: 43 to 128 characters of `A-Z a-z 0-9 - . _ ~`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code verifier is 43 to 128 unreserved characters")]
pub struct InvalidCodeVerifier;

impl<'a> CodeVerifier<'a> {
    /// Reads the code verifier in `text`.
    ///
    /// # Errors
    /// [`InvalidCodeVerifier`] if `text` has another length or another character.
    pub fn parse(text: &'a str) -> Result<Self, InvalidCodeVerifier> {
        let legal =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        // The loop never stops early, so that the compiler can check many bytes at once.
        let all_legal = || text.bytes().fold(true, |all, byte| all & legal(byte));
        if (43..=128).contains(&text.len()) && all_legal() {
            Ok(Self(text))
        } else {
            Err(InvalidCodeVerifier)
        }
    }

    /// The challenge that is made from this verifier: `BASE64URL(SHA256(verifier))`.
    pub fn challenge(&self) -> CodeChallenge {
        let mut chars = [0; CHALLENGE_CHARS];
        // 32 bytes are 43 characters, so this cannot fail. If it did, zeros would remain, which equal
        // no challenge.
        let _written = URL_SAFE_NO_PAD.encode_slice(Sha256::digest(self.0), &mut chars);
        CodeChallenge(chars)
    }
}

impl fmt::Debug for CodeVerifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lengths_of_the_rfc_are_the_limits() {
        assert!(CodeVerifier::parse(&"a".repeat(42)).is_err());
        assert!(CodeVerifier::parse(&"a".repeat(43)).is_ok());
        assert!(CodeVerifier::parse(&"~".repeat(128)).is_ok());
        assert!(CodeVerifier::parse(&"a".repeat(129)).is_err());
        assert!(CodeChallenge::parse(&"a".repeat(42)).is_err());
        assert!(CodeChallenge::parse(&"a".repeat(44)).is_err());
    }

    #[test]
    fn other_alphabets_are_refused() {
        for bad in ["=", "+", "/", " ", "\n", "."] {
            assert!(
                CodeChallenge::parse(&format!("{}{bad}", "a".repeat(42))).is_err(),
                "{bad:?}"
            );
        }
        assert!(CodeVerifier::parse(&format!("{}é", "a".repeat(43))).is_err());
        assert!(CodeVerifier::parse(&format!("{}=", "a".repeat(43))).is_err());
    }

    #[test]
    fn a_challenge_verifies_only_its_verifier() {
        let text = "a".repeat(43);
        let verifier = CodeVerifier::parse(&text).unwrap();
        let other_text = "b".repeat(43);
        let other = CodeVerifier::parse(&other_text).unwrap();
        assert!(verifier.challenge().verify(&verifier));
        assert!(!verifier.challenge().verify(&other));
        assert_eq!(format!("{verifier:?}"), "CodeVerifier(redacted)");
    }
}
