//! Creates ids and secrets from random bytes. A registration reads random bytes only once.

use zeroize::Zeroizing;

use crate::{
    system::{RandomError, SecureRandom},
    types::{ClientId, ClientSecret, SecurityMode, TokenEndpointAuthMethod},
};

/// Creates an id and, for a confidential client, a secret. Both come from a single read of `random`.
pub(super) fn credentials(
    random: &dyn SecureRandom,
    mode: SecurityMode,
    method: TokenEndpointAuthMethod,
) -> Result<(ClientId, Option<ClientSecret>), RandomError> {
    let mut entropy = Zeroizing::new([0; ClientSecret::ENTROPY + ClientId::ENTROPY]);
    random.fill(&mut *entropy)?;
    let (for_secret, for_id) = entropy.split_first_chunk().ok_or_else(broken_source)?;
    let id = ClientId::from_entropy(mode, for_id).ok_or_else(broken_source)?;
    let secret = (!method.is_public()).then(|| ClientSecret::from_entropy(for_secret));
    Ok((id, secret))
}

/// Creates a secret for a client that already has an id.
pub(super) fn secret(random: &dyn SecureRandom) -> Result<ClientSecret, RandomError> {
    let mut entropy = Zeroizing::new([0; ClientSecret::ENTROPY]);
    random.fill(&mut *entropy)?;
    Ok(ClientSecret::from_entropy(&entropy))
}

/// The error for random bytes that do not contain enough usable values for an id. Only a broken source returns them.
fn broken_source() -> RandomError {
    RandomError::new("the source of randomness repeats itself")
}
