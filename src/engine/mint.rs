//! Identity from random bytes: one draw a registration.

use zeroize::Zeroizing;

use crate::{
    system::{RandomError, SecureRandom},
    types::{ClientId, ClientSecret, SecurityMode, TokenEndpointAuthMethod},
};

/// An id and, for a confidential client, a secret, from one draw of `random`.
pub(super) fn credentials(
    random: &dyn SecureRandom,
    mode: SecurityMode,
    method: TokenEndpointAuthMethod,
) -> Result<(ClientId, Option<ClientSecret>), RandomError> {
    let mut entropy = Zeroizing::new([0; ClientSecret::ENTROPY + ClientId::ENTROPY]);
    random.fill(&mut *entropy)?;
    let (for_secret, for_id) = entropy.split_first_chunk().ok_or_else(ran_out)?;
    let id = ClientId::from_entropy(mode, for_id).ok_or_else(ran_out)?;
    let secret = (!method.is_public()).then(|| ClientSecret::from_entropy(for_secret));
    Ok((id, secret))
}

/// A secret alone, for a client that has an id.
pub(super) fn secret(random: &dyn SecureRandom) -> Result<ClientSecret, RandomError> {
    let mut entropy = Zeroizing::new([0; ClientSecret::ENTROPY]);
    random.fill(&mut *entropy)?;
    Ok(ClientSecret::from_entropy(&entropy))
}

/// So many bytes in a row that no character is made of come from a broken source only.
fn ran_out() -> RandomError {
    RandomError::new("the source of randomness repeats itself")
}
