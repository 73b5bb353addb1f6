//! Which parameters an authorization request may have, by name, and which of them the host handles.

use crate::{
    authorization::AuthorizationError as Error,
    parameters::{Parameter, Parameters},
    settings::UnknownParameters,
    types::SecurityMode,
};

/// Names and values that the host stores with a decision.
pub(super) type LeftToHost = Box<[(Box<str>, Box<str>)]>;

/// Parameters that strict clients can't use: they would speak for the user, carry other parameters past these
/// checks, or control the sign-in page.
const NOT_FOR_STRICT: [&str; 7] = [
    "claims",
    "id_token_hint",
    "invitation",
    "login_ticket",
    "request",
    "request_uri",
    "screen_hint",
];

/// Parameters that no client can use: other parameters inside them would not be checked.
const NOT_FOR_PERMISSIVE: [&str; 2] = ["request", "request_uri"];

/// Parameters that the host handles: those of the profile, and those that IANA registers for authorization
/// requests (OpenID Connect Core section 3.1.2.1, RFC 8485, RFC 9396, RFC 9449, OpenID for Verifiable Credential
/// Issuance section 5.1). The list contains neither claims of request objects nor parameters of requests to
/// wallets.
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

/// The value is JSON (RFC 9396 section 2), which may contain tabs and line ends.
const AUTHORIZATION_DETAILS: &str = "authorization_details";

/// The name that descriptions use for a parameter that begins with `ext-`. The rest of the real name is the client's
/// own text.
const EXTENSION: &str = "an ext- parameter";

/// The parameters that an authorization request is read for. The other known parameters have no meaning here.
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

/// The most bytes of a value that the host has to store and to send back.
const MAX_STORED_BYTES: usize = 4096;

/// Refuses duplicates of known parameters, unsupported parameters and, if the tenant says so, unknown parameters.
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
            Some(parameter)
                if parameters
                    .others()
                    .take(at)
                    .any(|(earlier, _)| earlier == name) =>
            {
                return Err(Error::Repeated { parameter });
            }
            None if refuses_unknown => return Err(Error::UnknownParameter),
            _ => {}
        }
    }
    if refuses_unknown
        && !parameters
            .present()
            .all(|parameter| READ.contains(&parameter))
    {
        return Err(Error::UnknownParameter);
    }
    Ok(())
}

/// The names of the parameters that no client of `mode` can use.
pub(crate) const fn refused_parameters(mode: SecurityMode) -> &'static [&'static str] {
    match mode {
        SecurityMode::Strict => &NOT_FOR_STRICT,
        SecurityMode::Permissive => &NOT_FOR_PERMISSIVE,
    }
}

/// The name that descriptions use for this parameter, if it is refused by name or handled by the host.
fn known(name: &str) -> Option<&'static str> {
    if name.starts_with("ext-") {
        return Some(EXTENSION);
    }
    let mut names = LEFT_TO_HOST.iter().chain(&NOT_FOR_STRICT);
    names.find(|known| **known == name).copied()
}

/// The parameters that the host handles, to store with the decision. After [`check`], these are all known
/// parameters.
pub(super) fn left_to_host(parameters: &Parameters<'_>) -> Result<LeftToHost, Error> {
    let prompt = parameters.get(Parameter::Prompt).map(|value| {
        let name = Parameter::Prompt.as_str();
        (name, name, value)
    });
    let others = parameters
        .others()
        .filter_map(|(name, value)| Some((known(name)?, name, value)));
    let parameters = prompt.into_iter().chain(others);
    parameters
        .map(|(parameter, name, value)| {
            check_storable(parameter, name)?;
            check_storable(parameter, value)?;
            Ok((name.into(), value.into()))
        })
        .collect()
}

/// The value of `parameter`, checked because the host stores it and may send it back to the client.
pub(super) fn storable_value(
    parameters: &Parameters<'_>,
    parameter: Parameter,
) -> Result<Option<Box<str>>, Error> {
    let Some(value) = parameters.get(parameter) else {
        return Ok(None);
    };
    check_storable(parameter.as_str(), value)?;
    Ok(Some(value.into()))
}

fn check_storable(parameter: &'static str, text: &str) -> Result<(), Error> {
    let is_json = parameter == AUTHORIZATION_DETAILS;
    let is_json_space = |character: char| is_json && matches!(character, '\t' | '\n' | '\r');
    let is_harmful = |character: char| character.is_control() && !is_json_space(character);
    if text.len() > MAX_STORED_BYTES || text.contains(is_harmful) {
        return Err(Error::MalformedValue { parameter });
    }
    Ok(())
}
