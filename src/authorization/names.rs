//! Which parameters an authorization request may have, by name, and which of them are the host's.

use crate::{
    authorization::AuthorizationError as Error,
    parameters::{Parameter, Parameters, SOME_PARAMETER},
    settings::UnknownParameters,
    values::SecurityMode,
};

/// Names and values that the host keeps with a decision.
pub(super) type LeftToHost = Box<[(Box<str>, Box<str>)]>;

/// What third-party clients can't use: it would speak for the user, carry parameters past these
/// checks, or steer the sign-in page.
const NOT_FOR_STRICT: [&str; 7] = [
    "claims",
    "id_token_hint",
    "invitation",
    "login_ticket",
    "request",
    "request_uri",
    "screen_hint",
];

/// What no client can use: parameters in there would not be checked.
const NOT_FOR_PERMISSIVE: [&str; 2] = ["request", "request_uri"];

/// Registered parameters that are left to the host (OpenID Connect Core section 3.1.2.1, RFC 9449).
/// Those whose names begin with `ext-` are, too.
const LEFT_TO_HOST: [&str; 8] = [
    "acr_values",
    "claims_locales",
    "display",
    "dpop_jkt",
    "login_hint",
    "max_age",
    "registration",
    "ui_locales",
];

/// What is read of an authorization request. The others of that kind have no meaning here.
const READ: [Parameter; 13] = [
    Parameter::Audience,
    Parameter::ClientId,
    Parameter::CodeChallenge,
    Parameter::CodeChallengeMethod,
    Parameter::Connection,
    Parameter::Nonce,
    Parameter::Prompt,
    Parameter::RedirectUri,
    Parameter::Resource,
    Parameter::ResponseMode,
    Parameter::ResponseType,
    Parameter::Scope,
    Parameter::State,
];

/// Bytes of a value that the host has to keep and to send back.
const MAX_KEPT_BYTES: usize = 4096;

/// No parameter twice, none that is not supported, and no unknown one where the tenant refuses
/// those.
pub(super) fn check(
    parameters: &Parameters<'_>,
    mode: SecurityMode,
    unknown: UnknownParameters,
) -> Result<(), Error> {
    if let Some(fault) = parameters.fault() {
        return Err(fault.into());
    }
    let refused = refused_parameters(mode);
    let refuses_unknown = unknown == UnknownParameters::Reject;
    for (name, _) in parameters.others() {
        if let Some(parameter) = refused.iter().find(|it| **it == name) {
            return Err(Error::NotSupported { parameter });
        }
        if refuses_unknown && !is_left_to_host(name) {
            return Err(Error::UnknownParameter);
        }
    }
    if refuses_unknown && !parameters.present().all(|it| READ.contains(&it)) {
        return Err(Error::UnknownParameter);
    }
    Ok(())
}

/// What no client of `mode` can use, by name.
pub(crate) const fn refused_parameters(mode: SecurityMode) -> &'static [&'static str] {
    match mode {
        SecurityMode::Strict => &NOT_FOR_STRICT,
        SecurityMode::Permissive => &NOT_FOR_PERMISSIVE,
    }
}

/// What the host may act on, by name: it is kept with the decision. With a permissive client that is
/// more.
fn is_left_to_host(name: &str) -> bool {
    LEFT_TO_HOST.contains(&name) || NOT_FOR_STRICT.contains(&name) || name.starts_with("ext-")
}

/// The values of those, for the host to keep with the decision.
pub(super) fn left_to_host(parameters: &Parameters<'_>) -> Result<LeftToHost, Error> {
    let prompt = parameters.get(Parameter::Prompt);
    let prompt = prompt.map(|value| (Parameter::Prompt.as_str(), value));
    let others = parameters
        .others()
        .filter(|(name, _)| is_left_to_host(name));
    let left = prompt.into_iter().chain(others);
    left.map(|(name, value)| {
        check_kept(SOME_PARAMETER, name)?;
        check_kept(SOME_PARAMETER, value)?;
        Ok((name.into(), value.into()))
    })
    .collect()
}

/// A value that goes into the host's store and comes back to the client: text that both can hold.
pub(super) fn kept_value(
    parameters: &Parameters<'_>,
    parameter: Parameter,
) -> Result<Option<Box<str>>, Error> {
    let Some(value) = parameters.get(parameter) else {
        return Ok(None);
    };
    check_kept(parameter.as_str(), value)?;
    Ok(Some(value.into()))
}

fn check_kept(parameter: &'static str, text: &str) -> Result<(), Error> {
    if text.len() > MAX_KEPT_BYTES || text.contains(char::is_control) {
        return Err(Error::MalformedValue { parameter });
    }
    Ok(())
}
