//! The rules for an authorization request, in the order in which they are asked.

use crate::{
    access::{AccessError, AccessRequest},
    authorization::{
        AuthorizationDecision, AuthorizationError as Error, AuthorizationRefusal,
        AuthorizationRequest, AuthorizationResponse, ResponseMode, decision::Content,
    },
    client::Client,
    parameters::{Parameter, ParameterFault, Parameters},
    settings::{SubjectType, TenantSettings, UnknownParameters},
    values::{
        CodeChallenge, GrantType, RedirectUri, RedirectionPolicy, ResponseType, SecurityMode,
    },
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

/// Registered parameters that are left to the host (OpenID Connect Core section 3.1.2.1, RFC 9396,
/// RFC 9449). Those whose names begin with `ext-` are, too.
const LEFT_TO_HOST: [&str; 8] = [
    "acr_values",
    "authorization_details",
    "claims_locales",
    "display",
    "dpop_jkt",
    "login_hint",
    "max_age",
    "ui_locales",
];

impl TenantSettings {
    /// Checks `request` for `client`, which is what the host found under
    /// [`AuthorizationRequest::client_id`] in this tenant: `None` if there is none.
    ///
    /// ```
    /// use oauth_dcr::{AuthorizationRequest, Client, TenantSettings};
    ///
    /// fn answer(tenant: &TenantSettings, client: Option<&Client>, query: &str) -> String {
    ///     let request = AuthorizationRequest::from_query(query);
    ///     match tenant.authorize(request, client) {
    ///         Ok(decision) => format!("sign in with one of {:?}", decision.connections()),
    ///         Err(refusal) => match refusal.response().and_then(|it| it.location()) {
    ///             Some(location) => format!("303, Location: {location}"),
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
        if parameters.fault() == Some(ParameterFault::TooLarge) {
            return Err(AuthorizationRefusal::page(Error::TooLarge));
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
            state: parameters.get(Parameter::State).map(Into::into),
            nonce: parameters.get(Parameter::Nonce).map(Into::into),
            issuer: self.issuer.clone(),
        }))
    }

    /// No parameter twice, none that is not supported, and no unknown one where the tenant refuses
    /// those.
    fn check_names(&self, parameters: &Parameters<'_>, client: &Client) -> Result<(), Error> {
        match parameters.fault() {
            None => {}
            Some(ParameterFault::TooLarge) => return Err(Error::TooLarge),
            Some(ParameterFault::SeveralResources) => {
                return Err(AccessError::SeveralResources.into());
            }
            Some(ParameterFault::Repeated(parameter)) => return Err(repeated(parameter)),
            Some(ParameterFault::OtherRepeated) => {
                let parameter = "a parameter";
                return Err(Error::Repeated { parameter });
            }
        }
        let refused: &[&str] = match client.security_mode() {
            SecurityMode::Strict => &NOT_FOR_STRICT,
            SecurityMode::Permissive => &NOT_FOR_PERMISSIVE,
        };
        for name in parameters.others() {
            if let Some(parameter) = refused.iter().find(|it| **it == name) {
                return Err(Error::NotSupported { parameter });
            }
            let is_known = LEFT_TO_HOST.contains(&name)
                || NOT_FOR_STRICT.contains(&name)
                || name.starts_with("ext-");
            if !is_known && self.unknown_authorize_parameters == UnknownParameters::Reject {
                return Err(Error::UnknownParameter);
            }
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

    /// Anyone may have registered the client, so by default a refusal goes nowhere
    /// (RFC 9700 section 4.11.2).
    fn refusal(
        &self,
        error: Error,
        parameters: &Parameters<'_>,
        client: &Client,
        redirect_uri: &RedirectUri,
    ) -> AuthorizationRefusal {
        if client.redirection_policy() == RedirectionPolicy::OpenRedirectProtection {
            return AuthorizationRefusal::page(error);
        }
        // A state that is there twice is nobody's.
        let state = once(parameters, Parameter::State)
            .ok()
            .and_then(|()| parameters.get(Parameter::State));
        AuthorizationRefusal {
            response: Some(AuthorizationResponse::of_error(
                error,
                redirect_uri.as_str(),
                mode_of_errors(parameters),
                state,
                self.issuer.as_ref(),
            )),
            ..AuthorizationRefusal::page(error)
        }
    }
}

fn once(parameters: &Parameters<'_>, parameter: Parameter) -> Result<(), Error> {
    if parameters.is_repeated(parameter) {
        return Err(repeated(parameter));
    }
    Ok(())
}

const fn repeated(parameter: Parameter) -> Error {
    let parameter = parameter.as_str();
    Error::Repeated { parameter }
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
        && (!response_type.has_token() || metadata.grant_types().contains(GrantType::Implicit));
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
    if response_type.has_token() {
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
    response_mode(parameters, response_type).unwrap_or(default_mode(response_type))
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
