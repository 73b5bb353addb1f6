//! Which parameters an authorization request may have, by name, and which of them are the host's.

use crate::{
    authorization::AuthorizationError as Error,
    parameters::{Parameter, Parameters},
    settings::UnknownParameters,
    types::SecurityMode,
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

/// Parameters that are left to the host: those of the profile, and those that IANA registers for
/// authorization requests (OpenID Connect Core section 3.1.2.1, RFC 8485, RFC 9396, RFC 9449, OpenID
/// for Verifiable Credential Issuance section 5.1). Claims of request objects are not among them, nor
/// what is asked of a wallet.
const LEFT_TO_HOST: [&str; 14] = [
    "acr_values",
    AUTHORIZATION_DETAILS,
    "claims_locales",
    "correlation_id",
    "display",
    "dpop_jkt",
    "issuer_state",
    "login_hint",
    "max_age",
    "registration",
    "ui_locales",
    "user_hint",
    "vtr",
    "wallet_issuer",
];

/// JSON (RFC 9396 section 2), which may hold tabs and line ends.
const AUTHORIZATION_DETAILS: &str = "authorization_details";

/// What descriptions call a parameter whose name begins with `ext-`: the rest of the name is the
/// client's own text.
const EXTENSION: &str = "an ext- parameter";

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

/// Refuses duplicates of known parameters, unsupported parameters and, if the tenant says so, unknown
/// ones.
pub(super) fn check(
    parameters: &Parameters<'_>,
    mode: SecurityMode,
    unknown: UnknownParameters,
) -> Result<(), Error> {
    parameters.check(&READ)?;
    let refuses_unknown = unknown == UnknownParameters::Reject;
    for (at, (name, _)) in parameters.others().enumerate() {
        match known(name) {
            Some(parameter) if refused_parameters(mode).contains(&parameter) => {
                return Err(Error::NotSupported { parameter });
            }
            Some(parameter) if parameters.others().take(at).any(|(it, _)| it == name) => {
                return Err(Error::Repeated { parameter });
            }
            None if refuses_unknown => return Err(Error::UnknownParameter),
            _ => {}
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

/// What descriptions call the parameter of this name, if it is refused by name or left to the host.
fn known(name: &str) -> Option<&'static str> {
    if name.starts_with("ext-") {
        return Some(EXTENSION);
    }
    let mut names = LEFT_TO_HOST.iter().chain(&NOT_FOR_STRICT);
    names.find(|known| **known == name).copied()
}

/// What the host may act on, for it to keep with the decision: all that is known and, as
/// [`check`] has passed, not refused.
pub(super) fn left_to_host(parameters: &Parameters<'_>) -> Result<LeftToHost, Error> {
    let prompt = parameters.get(Parameter::Prompt).map(|value| {
        let name = Parameter::Prompt.as_str();
        (name, name, value)
    });
    let others = parameters
        .others()
        .filter_map(|(name, value)| Some((known(name)?, name, value)));
    let left = prompt.into_iter().chain(others);
    left.map(|(parameter, name, value)| {
        check_kept(parameter, name)?;
        check_kept(parameter, value)?;
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
    let is_json = parameter == AUTHORIZATION_DETAILS;
    let is_space_of_json = |it: char| is_json && matches!(it, '\t' | '\n' | '\r');
    let is_harmful = |it: char| it.is_control() && !is_space_of_json(it);
    if text.len() > MAX_KEPT_BYTES || text.contains(is_harmful) {
        return Err(Error::MalformedValue { parameter });
    }
    Ok(())
}
