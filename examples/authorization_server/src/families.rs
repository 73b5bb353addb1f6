//! Refresh tokens. A token can be used once, and again within the tenant's leeway.

use std::sync::Arc;

use oauth_dcr::{
    system::{Clock as _, RandomError},
    token::{
        RefreshBinding, RefreshExchange, RefreshFamily, RefreshTokenAction, TokenDecision,
        TokenRefusal,
    },
};

use crate::{
    grants::Grant,
    secrets::Digest,
    tokens::{Issued, Minted, Tokens},
};

/// A refresh token. It is stored even after it was replaced, so that a replay is noticed.
#[derive(Clone)]
pub(crate) struct RefreshToken {
    pub(crate) binding: RefreshBinding,
    pub(crate) grant: Arc<Grant>,
}

impl Tokens {
    /// The stored record of `refresh_token`.
    pub(crate) fn find_refresh_token(&self, refresh_token: &str) -> Option<RefreshToken> {
        let mut tables = self.tables();
        let key = Digest::of(refresh_token);
        tables.refresh_tokens.get(key, self.clock.now()).cloned()
    }

    /// Uses the refresh token of `exchange`, whose record is `token`. The family is locked from the decision
    /// until the change. A replay ends the family (RFC 9700 section 4.14.2).
    pub(crate) fn refresh(
        &self,
        exchange: &RefreshExchange<'_>,
        token: &RefreshToken,
    ) -> Result<Result<Issued, TokenRefusal>, RandomError> {
        let minted = Minted::draw()?;
        let mut family = token.grant.family();
        let decision = match decide(exchange, token, &mut family) {
            Ok(decision) => decision,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Some(next) = decision.refresh_family() {
            *family = next;
        }
        drop(family);
        let now = self.clock.now();
        let replacement = match decision.refresh_token() {
            RefreshTokenAction::Issue => {
                // The family ends when its first token would have ended.
                let left = token.binding.expires_at().saturating_since(now);
                decision.refresh_binding(now, left)
            }
            RefreshTokenAction::Keep | RefreshTokenAction::None => None,
        };
        let grant = Arc::clone(&token.grant);
        let mut tables = self.tables();
        Ok(Ok(self.issue(
            &mut tables,
            minted,
            &decision,
            grant,
            replacement,
        )))
    }
}

impl RefreshToken {
    /// The decision on the request as of now. Only a replay changes anything.
    pub(crate) fn preview(
        &self,
        exchange: &RefreshExchange<'_>,
    ) -> Result<TokenDecision, TokenRefusal> {
        decide(exchange, self, &mut self.grant.family())
    }
}

fn decide(
    exchange: &RefreshExchange<'_>,
    token: &RefreshToken,
    family: &mut RefreshFamily,
) -> Result<TokenDecision, TokenRefusal> {
    let found = Some((&token.binding, *family));
    exchange.check(found).inspect_err(|refusal| {
        if refusal.is_replay() {
            *family = family.ended();
        }
    })
}
