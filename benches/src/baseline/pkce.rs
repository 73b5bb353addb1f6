//! The check of a PKCE code verifier by hand.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Whether `challenge` was made from `verifier`. The verifier's length and characters are not checked.
pub fn verify(challenge: &[u8; 43], verifier: &str) -> bool {
    let mut text = [0; 43];
    let written = URL_SAFE_NO_PAD.encode_slice(Sha256::digest(verifier), &mut text);
    written.is_ok() && text.ct_eq(challenge).into()
}
