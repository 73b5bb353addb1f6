//! The rules for an authorization request, in the order in which they are asked.

use crate::{
    access::AccessRequest,
    authorization::{
        AuthorizationDecision, AuthorizationError as Error, AuthorizationRefusal,
        AuthorizationRequest, AuthorizationResponse, ResponseMode, decision::Content,
    },
    client::Client,
    parameters::{Parameter, ParameterFault, Parameters},
    settings::{SubjectType, TenantSettings, UnknownParameters},
    values::{CodeChallenge, GrantType, RedirectUri, ResponseType, SecurityMode},
};

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

impl TenantSettings {
    /// Checks `request` for `client`, which is what the host found under
    /// [`AuthorizationRequest::client_id`] in this tenant: `None` if there is none.
    ///
    /// ```
    /// use oauth_dcr::{AuthorizationRequest, Client, Delivery, TenantSettings};
    ///
    /// fn answer(tenant: &TenantSettings, client: Option<&Client>, query: &str) -> String {
    ///     let request = AuthorizationRequest::from_query(query);
    ///     match tenant.authorize(request, client) {
    ///         Ok(decision) => format!("sign in with one of {:?}", decision.connections()),
    ///         Err(refusal) => match refusal.response().map(|it| it.delivery()) {
    ///             Some(Delivery::Redirect(location)) => format!("303, Location: {location}"),
    ///             Some(Delivery::Form) => "200, a page with a form".to_owned(),
    ///             None => format!("400, a page that says: {refusal}"),
    ///         },
    ///     }
    /// }
    /// # let page = answer(&TenantSettings::new(), None, "client_id=tpc_1");
    /// # assert_eq!(page, "400, a page that says: there is no such client; it may have to register again");
    /// ```
    ///
    /// # Errors
    /// [`AuthorizationRefusal`] says what is wrong, and whether the client is told by a redirect or
    /// the user by a page.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "checking consumes the request: nothing unchecked is left to use"
    )]
    pub fn authorize(
        &self,
        request: AuthorizationRequest<'_>,
        client: Option<&Client>,
    ) -> Result<AuthorizationDecision, AuthorizationRefusal> {
        let parameters = &request.0;
        let client = self.known_client(parameters, client)?;
        let redirect_uri = self
            .redirect_uri(parameters, client)
            .map_err(AuthorizationRefusal::page)?;
        self.decide(parameters, client, &redirect_uri)
            .map_err(|error| self.refusal(error, parameters, client, &redirect_uri))
    }

    fn known_client<'c>(
        &self,
        parameters: &Parameters<'_>,
        client: Option<&'c Client>,
    ) -> Result<&'c Client, AuthorizationRefusal> {
        // What was collected is not the whole: nothing in it can be relied on.
        if let Some(fault @ (ParameterFault::TooLarge | ParameterFault::Unreadable)) =
            parameters.fault()
        {
            return Err(AuthorizationRefusal::page(fault.into()));
        }
        once(parameters, Parameter::ClientId).map_err(AuthorizationRefusal::page)?;
        let id = parameters
            .get(Parameter::ClientId)
            .ok_or(AuthorizationRefusal::page(Error::ClientIdRequired))?;
        // One of another tenant is none.
        let client = client.filter(|it| it.tenant() == &self.id && it.id().as_str() == id);
        let Some(client) = client else {
            return Err(AuthorizationRefusal {
                registration_endpoint: self.registration_endpoint(),
                ..AuthorizationRefusal::page(Error::UnknownClient)
            });
        };
        if client.is_blocked() {
            return Err(AuthorizationRefusal::page(Error::Blocked));
        }
        Ok(client)
    }

    /// RFC 6749 section 3.1.2.3, RFC 9700 section 4.1.3.
    fn redirect_uri(
        &self,
        parameters: &Parameters<'_>,
        client: &Client,
    ) -> Result<RedirectUri, Error> {
        once(parameters, Parameter::RedirectUri)?;
        let registered = client.metadata().redirect_uris();
        let Some(requested) = parameters.get(Parameter::RedirectUri) else {
            return match registered {
                [only] => Ok(only.clone()),
                _ => Err(Error::RedirectUriRequired),
            };
        };
        let policy = &self.registration.redirect_uris;
        registered
            .iter()
            .find(|uri| uri.matches(requested, policy))
            .map(|uri| uri.as_requested(requested))
            .ok_or(Error::RedirectUriNotRegistered)
    }

    /// Everything after the redirect URI is known.
    fn decide(
        &self,
        parameters: &Parameters<'_>,
        client: &Client,
        redirect_uri: &RedirectUri,
    ) -> Result<AuthorizationDecision, Error> {
        self.check_names(parameters, client)?;
        let response_type = response_type(parameters, client)?;
        let response_mode = response_mode(parameters, response_type)?;
        let challenge = challenge(parameters, client)?;
        check_prompt(parameters)?;
        let state = kept_value(parameters, Parameter::State)?;
        let nonce = kept_value(parameters, Parameter::Nonce)?;
        if response_type.has_id_token() && nonce.is_none() {
            return Err(Error::NonceRequired);
        }
        let connections = self.offered_connections(parameters)?;
        let wanted = AccessRequest {
            audience: parameters.get(Parameter::Audience),
            resource: parameters.get(Parameter::Resource),
            scope: parameters.get(Parameter::Scope),
            subject_type: SubjectType::User,
        };
        Ok(AuthorizationDecision::new(Content {
            tenant: client.tenant().clone(),
            client_id: client.id().clone(),
            redirect_uri: redirect_uri.clone(),
            redirect_uri_was_given: parameters.get(Parameter::RedirectUri).is_some(),
            response_type,
            response_mode,
            redirection_policy: client.redirection_policy(),
            challenge,
            access: self.access(client, wanted)?,
            connections,
            state,
            nonce,
            left_to_host: left_to_host(parameters),
            issuer: self.issuer.clone(),
        }))
    }

    /// No parameter twice, none that is not supported, and no unknown one where the tenant refuses
    /// those.
    fn check_names(&self, parameters: &Parameters<'_>, client: &Client) -> Result<(), Error> {
        if let Some(fault) = parameters.fault() {
            return Err(fault.into());
        }
        let refused: &[&str] = match client.security_mode() {
            SecurityMode::Strict => &NOT_FOR_STRICT,
            SecurityMode::Permissive => &NOT_FOR_PERMISSIVE,
        };
        let refuses_unknown = self.unknown_authorize_parameters == UnknownParameters::Reject;
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

    /// The one that is named, or all that there are.
    fn offered_connections(&self, parameters: &Parameters<'_>) -> Result<Box<[Box<str>]>, Error> {
        let named = parameters.get(Parameter::Connection);
        let offered = self.domain_connections();
        let offered: Box<[Box<str>]> = offered
            .filter(|name| named.is_none_or(|named| named == *name))
            .map(Into::into)
            .collect();
        match (offered.is_empty(), named) {
            (false, _) => Ok(offered),
            (true, Some(_)) => Err(Error::ConnectionNotAvailable),
            (true, None) => Err(Error::NoConnection),
        }
    }

    fn refusal(
        &self,
        error: Error,
        parameters: &Parameters<'_>,
        client: &Client,
        redirect_uri: &RedirectUri,
    ) -> AuthorizationRefusal {
        AuthorizationRefusal::told_by(client.redirection_policy(), error, || {
            // A state that is there twice, or that could not be kept, is nobody's.
            let state = once(parameters, Parameter::State)
                .and_then(|()| kept_value(parameters, Parameter::State));
            AuthorizationResponse::of_error(
                error,
                redirect_uri.as_str(),
                mode_of_errors(parameters),
                state.ok().flatten().as_deref(),
                self.issuer.as_ref(),
            )
        })
    }
}

/// What the host may act on, by name: it is kept with the decision. With a permissive client that is
/// more.
fn is_left_to_host(name: &str) -> bool {
    LEFT_TO_HOST.contains(&name) || NOT_FOR_STRICT.contains(&name) || name.starts_with("ext-")
}

fn left_to_host(parameters: &Parameters<'_>) -> Box<[(Box<str>, Box<str>)]> {
    let prompt = parameters.get(Parameter::Prompt);
    let prompt = prompt.map(|value| (Parameter::Prompt.as_str(), value));
    let others = parameters
        .others()
        .filter(|(name, _)| is_left_to_host(name));
    prompt
        .into_iter()
        .chain(others)
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// A value that goes into the host's store and comes back to the client: text that both can hold.
fn kept_value(
    parameters: &Parameters<'_>,
    parameter: Parameter,
) -> Result<Option<Box<str>>, Error> {
    let Some(value) = parameters.get(parameter) else {
        return Ok(None);
    };
    if value.len() > MAX_KEPT_BYTES || value.contains(char::is_control) {
        let parameter = parameter.as_str();
        return Err(Error::MalformedValue { parameter });
    }
    Ok(Some(value.into()))
}

fn once(parameters: &Parameters<'_>, parameter: Parameter) -> Result<(), Error> {
    if parameters.is_repeated(parameter) {
        return Err(ParameterFault::Repeated(parameter).into());
    }
    Ok(())
}

fn response_type(parameters: &Parameters<'_>, client: &Client) -> Result<ResponseType, Error> {
    let name = parameters
        .get(Parameter::ResponseType)
        .ok_or(Error::ResponseTypeRequired)?;
    let possible = ResponseType::allowed_in(client.security_mode());
    let response_type = *possible
        .iter()
        .find(|it| it.is_spelled(name))
        .ok_or(Error::UnsupportedResponseType)?;
    let metadata = client.metadata();
    // RFC 7591 section 2.1: the grants that a response type goes with.
    let has_grants = (!response_type.has_code()
        || metadata
            .grant_types()
            .contains(GrantType::AuthorizationCode))
        && (!response_type.is_implicit() || metadata.grant_types().contains(GrantType::Implicit));
    if metadata.response_types().contains(response_type) && has_grants {
        Ok(response_type)
    } else {
        Err(Error::ResponseTypeNotRegistered)
    }
}

/// A token never goes into a query, which ends up in logs and in `Referer` (OAuth 2.0 Multiple
/// Response Type Encoding Practices section 3.0).
fn response_mode(
    parameters: &Parameters<'_>,
    response_type: ResponseType,
) -> Result<ResponseMode, Error> {
    let default = default_mode(response_type);
    let Some(name) = parameters.get(Parameter::ResponseMode) else {
        return Ok(default);
    };
    match (ResponseMode::from_name(name), default) {
        (None, _) | (Some(ResponseMode::Query), ResponseMode::Fragment) => {
            Err(Error::UnsupportedResponseMode)
        }
        (Some(mode), _) => Ok(mode),
    }
}

const fn default_mode(response_type: ResponseType) -> ResponseMode {
    if response_type.is_implicit() {
        ResponseMode::Fragment
    } else {
        ResponseMode::Query
    }
}

/// The mode that was asked for, or the default where what was asked for makes no sense.
fn mode_of_errors(parameters: &Parameters<'_>) -> ResponseMode {
    let name = parameters.get(Parameter::ResponseType).unwrap_or_default();
    let response_type = ResponseType::allowed_in(SecurityMode::Permissive)
        .iter()
        .find(|it| it.is_spelled(name))
        .copied()
        .unwrap_or(ResponseType::Code);
    once(parameters, Parameter::ResponseMode)
        .and_then(|()| response_mode(parameters, response_type))
        .unwrap_or(default_mode(response_type))
}

/// RFC 7636 section 4.3, without `plain` (RFC 9700 section 2.1.1).
fn challenge(parameters: &Parameters<'_>, client: &Client) -> Result<Option<CodeChallenge>, Error> {
    let challenge = parameters.get(Parameter::CodeChallenge);
    let method = parameters.get(Parameter::CodeChallengeMethod);
    let is_optional = client.security_mode() == SecurityMode::Permissive;
    match (challenge, method) {
        (None, None) if is_optional => Ok(None),
        (None, _) => Err(Error::ChallengeRequired),
        (Some(text), Some("S256")) => CodeChallenge::parse(text)
            .map(Some)
            .map_err(|_| Error::MalformedChallenge),
        (Some(_), _) => Err(Error::UnsupportedChallengeMethod),
    }
}

fn check_prompt(parameters: &Parameters<'_>) -> Result<(), Error> {
    let prompt = parameters.get(Parameter::Prompt).unwrap_or_default();
    if prompt.split(' ').any(|it| it == "none") {
        return Err(Error::ConsentRequired);
    }
    Ok(())
}
