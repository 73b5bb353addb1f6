//! The gate of the host: an initial access token (RFC 7591 section 3), where it asks for one.

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

/// What a request shows of an initial access token.
#[derive(Clone, Copy)]
pub(crate) enum InitialAccessToken<'a> {
    /// There is nothing.
    Absent,
    /// This token, which may be good or not.
    Presented(&'a str),
    /// There is something that can't be a token.
    Unusable,
}

/// Lets a request with this token register, or says why not. Where there is no gate, everything passes.
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
