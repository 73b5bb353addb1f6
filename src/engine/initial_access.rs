//! Checks the initial access token (RFC 7591 section 3), if the host has a gate that asks for one.

use crate::{
    engine::{
        ports::Ports,
        trace::{Trace, Wait},
    },
    error::RegistrationError,
    registration::InitialAccessOutcome,
    settings::TenantSettings,
    types::SourceNetwork,
};

/// The initial access token of a request.
#[derive(Clone, Copy)]
pub(crate) enum InitialAccessToken<'a> {
    /// The request has no token.
    Absent,
    /// The request has this token, which is not verified yet.
    Presented(&'a str),
    /// The request has an `Authorization` header that contains no usable token.
    Unusable,
}

/// Checks whether a request with this token may register. Every request may if there is no gate.
pub(super) async fn check(
    ports: &Ports,
    tenant: &TenantSettings,
    source: SourceNetwork,
    token: InitialAccessToken<'_>,
) -> Result<(), RegistrationError> {
    let Some(gate) = &ports.initial_access else {
        return Ok(());
    };
    let begin = || {
        let attempts = &ports.token_attempts;
        attempts.begin(&tenant.id, source, &*ports.clock)
    };
    let (token, attempt) = match token {
        InitialAccessToken::Absent => (None, None),
        InitialAccessToken::Presented(token) => (Some(token), Some(begin().await?)),
        InitialAccessToken::Unusable => {
            begin().await?.failed();
            return Err(RegistrationError::InvalidInitialAccessToken);
        }
    };
    let verified = gate.verify(&tenant.id, token);
    let outcome = Trace::wait(Wait::VerifyToken, verified).await?;
    match (outcome, attempt) {
        (InitialAccessOutcome::Granted, _) => Ok(()),
        (InitialAccessOutcome::Refused, None) => Err(RegistrationError::InitialAccessTokenRequired),
        (InitialAccessOutcome::Refused, Some(attempt)) => {
            attempt.failed();
            Err(RegistrationError::InvalidInitialAccessToken)
        }
    }
}
