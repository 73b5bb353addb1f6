use std::time::Duration;

use crate::{
    parameters::Parameter,
    settings::GREATEST_LEEWAY_SECONDS,
    token::{
        GrantFault, RefreshBinding, RefreshFamily, RefreshTokenAction, TokenDecision,
        TokenError as Error, TokenRefusal, authenticated::Authenticated, refresh_family::Standing,
    },
};

/// An authenticated request to use a refresh token (RFC 6749 section 6).
///
/// 1. Look up the binding of the [`refresh_token`](Self::refresh_token) and the state of its family, and
///    [`check`](Self::check) them.
/// 2. In one transaction, store the new tokens, and replace the state of the family by the state in the decision. Do
///    this only if the stored state is still the state that was checked.
/// 3. If the stored state has changed, another request was faster: start again with the look-up. The other request
///    has replaced the token, so the leeway decides.
///
/// Whenever a [refusal is a replay](TokenRefusal::is_replay), store the [`ended`](RefreshFamily::ended) family,
/// whatever the stored state is by then.
///
/// ```
/// use std::time::Duration;
///
/// use oauth_dcr::{
///     token::{RefreshBinding, RefreshExchange, RefreshFamily, RefreshTokenAction, TokenDecision, TokenRefusal},
///     Timestamp,
/// };
///
/// /// A refresh token that the host has stored, with the state of its family.
/// struct Row {
///     binding: RefreshBinding,
///     family_id: u64,
///     family: RefreshFamily,
/// }
///
/// trait Store {
///     fn find(&self, token_digest: [u8; 32]) -> Option<Row>;
///     /// Ends a family, with its access tokens.
///     fn end(&self, family_id: u64);
///     /// One transaction: `UPDATE family SET state = $after WHERE id = $id AND generation = $checked AND
///     /// NOT ended`, and the new refresh token. `false` if that updates no row.
///     fn swap(&self, checked: &Row, after: RefreshFamily, new: Option<RefreshBinding>) -> bool;
/// }
///
/// fn refresh(
///     exchange: &RefreshExchange<'_>,
///     store: &impl Store,
///     digest: impl Fn(&str) -> [u8; 32],
///     now: Timestamp,
/// ) -> Result<Option<TokenDecision>, TokenRefusal> {
///     loop {
///         let row = store.find(digest(exchange.refresh_token()));
///         let found = row.as_ref().map(|row| (&row.binding, row.family));
///         let decision = exchange.check(found).inspect_err(|refusal| {
///             if let Some(row) = row.as_ref().filter(|_| refusal.is_replay()) {
///                 store.end(row.family_id);
///             }
///         })?;
///         let (Some(row), Some(after)) = (row, decision.refresh_family()) else {
///             return Ok(None);
///         };
///         let new = match decision.refresh_token() {
///             // The new token expires at the same time as the token that it replaces.
///             RefreshTokenAction::Issue => {
///                 let remaining = row.binding.expires_at().saturating_since(now);
///                 decision.refresh_binding(now, remaining)
///             }
///             RefreshTokenAction::Keep | RefreshTokenAction::None => None,
///         };
///         if store.swap(&row, after, new) {
///             return Ok(Some(decision));
///         }
///     }
/// }
/// # assert!(RefreshBinding::MAX_LIFETIME > Duration::ZERO);
/// ```
#[derive(Debug)]
pub struct RefreshExchange<'a>(pub(super) Authenticated<'a>);

impl RefreshExchange<'_> {
    /// The refresh token, as presented. It is secret.
    pub fn refresh_token(&self) -> &str {
        self.0.value(Parameter::RefreshToken)
    }

    /// Checks the request against the binding of its refresh token, and against the state of the token's family.
    /// Pass `None` if the host finds no such token.
    ///
    /// A client may ask for fewer scopes than it was granted. Scopes that it was not granted are left out. The
    /// refresh token itself keeps all granted scopes.
    ///
    /// # Errors
    /// [`TokenError::InvalidGrant`](Error::InvalidGrant) if the token is unknown, belongs to another client, was
    /// replaced or has expired; if its family has ended; or if the client may no longer have the access that it was
    /// granted.
    /// [`TokenError::Access`](Error::Access) if the request names scopes of the API and none of them was granted, or
    /// if the request is about another API.
    pub fn check(
        &self,
        found: Option<(&RefreshBinding, RefreshFamily)>,
    ) -> Result<TokenDecision, TokenRefusal> {
        self.decide(found).map_err(|error| self.0.refuse(error))
    }

    fn decide(
        &self,
        found: Option<(&RefreshBinding, RefreshFamily)>,
    ) -> Result<TokenDecision, Error> {
        let (binding, family) = found.ok_or(Error::InvalidGrant(GrantFault::Unknown))?;
        // The owner is checked first, so another client learns nothing about the token, and ends no family.
        self.0.check_owner(binding)?;
        let standing = family
            .standing(binding.generation(), self.0.now, self.leeway())
            .map_err(Error::InvalidGrant)?;
        self.0.check_not_expired(binding)?;
        let remaining = self.0.revalidate(binding.access())?;
        let access = match self.0.parameters.get(Parameter::Scope) {
            Some(scope) => remaining.reduced_to(scope)?,
            None => remaining,
        };
        let (refresh_token, family) = match standing {
            Standing::Current if self.0.client.is_public() => {
                (RefreshTokenAction::Issue, family.rotated(self.0.now))
            }
            Standing::Current => (RefreshTokenAction::Keep, family),
            Standing::JustReplaced => (RefreshTokenAction::Issue, family),
        };
        Ok(TokenDecision {
            tenant: binding.tenant().clone(),
            client_id: binding.client_id().clone(),
            access,
            granted: binding.access().clone(),
            refresh_token,
            family,
            began_at: binding.began_at(),
            nonce: None,
        })
    }

    fn leeway(&self) -> Duration {
        let seconds = self.0.tenant.refresh_token_leeway_seconds;
        Duration::from_secs(seconds.min(GREATEST_LEEWAY_SECONDS).into())
    }
}
