//! The rules for an authorization request, in the order in which they are asked.

use crate::{
    access::AccessRequest,
    authorization::{
        AuthorizationDecision, AuthorizationError as Error, AuthorizationRefusal,
        AuthorizationRequest, AuthorizationResponse, ResponseMode,
        decision_content::DecisionContent,
        names::{self, kept_value},
        response::State,
    },
    client::Client,
    parameters::{Parameter, Parameters},
    pkce::CodeChallenge,
    redirect_uri::RedirectUri,
    settings::{SubjectType, TenantSettings},
    types::{ErrorRedirectPolicy, ResponseType, SecurityMode},
};

impl TenantSettings {
    /// Checks `request` for `client`, which is what the host found under
    /// [`AuthorizationRequest::client_id`] in this tenant: `None` if there is none.
    ///
    /// ```
    /// use oauth_dcr::{
    ///     authorization::{AuthorizationRequest, Delivery, LinkTarget},
    ///     Client, TenantSettings,
    /// };
    ///
    /// fn answer(tenant: &TenantSettings, client: Option<&Client>, query: &str) -> String {
    ///     let request = AuthorizationRequest::from_query(query);
    ///     let refusal = match tenant.authorize(request, client) {
    ///         Ok(decision) => return format!("sign in with one of {:?}", decision.connections()),
    ///         Err(refusal) => refusal,
    ///     };
    ///     match refusal.response().map(|it| it.delivery()) {
    ///         Some(Delivery::Redirect(location)) => format!("303, Location: {location}"),
    ///         Some(Delivery::Form) => "200, a page with a form".to_owned(),
    ///         None => {
    ///             let link = match refusal.link().map(|it| it.target()) {
    ///                 Some(LinkTarget::Anchor(uri)) => format!("a link to {uri}"),
    ///                 Some(LinkTarget::Form { action, .. }) => format!("a button for {action}"),
    ///                 None => "no link".to_owned(),
    ///             };
    ///             format!("400, a page: {} ({refusal}), {link}", refusal.error().advice())
    ///         }
    ///     }
    /// }
    /// # let page = answer(&TenantSettings::new(), None, "client_id=tpc_1");
    /// # assert!(page.starts_with("400, a page: In the application, remove the connection"));
    /// # assert!(page.ends_with("no link"));
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
        parameters
            .check(&[Parameter::ClientId])
            .map_err(|fault| AuthorizationRefusal::page(fault.into()))?;
        let id = parameters
            .get(Parameter::ClientId)
            .ok_or(AuthorizationRefusal::page(Error::ClientIdRequired))?;
        // One of another tenant is none.
        let client = client.filter(|it| it.tenant() == &self.id && it.id().as_str() == id);
        let Some(client) = client else {
            return Err(AuthorizationRefusal::unknown_client(self));
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
        parameters.check(&[Parameter::RedirectUri])?;
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
            .ok_or_else(|| self.mismatch(requested, registered))
    }

    /// Why `requested` is none of those that are registered.
    fn mismatch(&self, requested: &str, registered: &[RedirectUri]) -> Error {
        let mut registered = registered.iter();
        let but_for_port =
            registered.find_map(|uri| Some((uri, uri.host_but_for_port(requested)?)));
        let literals_float = self.registration.redirect_uris.loopback_any_port;
        match but_for_port {
            None => Error::RedirectUriNotRegistered,
            Some((uri, "localhost")) if literals_float && !uri.is_https() => Error::LocalhostPort,
            Some(_) => Error::LoopbackPort,
        }
    }

    /// Everything after the redirect URI is known.
    fn decide(
        &self,
        parameters: &Parameters<'_>,
        client: &Client,
        redirect_uri: &RedirectUri,
    ) -> Result<AuthorizationDecision, Error> {
        names::check(
            parameters,
            client.security_mode(),
            self.unknown_authorize_parameters,
        )?;
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
        // Without a code there is no token request that could give a refresh token
        // (OpenID Connect Core section 11).
        let access = self.access(client, wanted)?;
        let access = access.and_offline_access(response_type.has_code());
        Ok(AuthorizationDecision::new(DecisionContent {
            tenant: client.tenant().clone(),
            client_id: client.id().clone(),
            redirect_uri: redirect_uri.clone(),
            redirect_uri_was_given: parameters.get(Parameter::RedirectUri).is_some(),
            response_type,
            response_mode,
            error_redirect_policy: client.error_redirect_policy(),
            challenge,
            access,
            connections,
            state,
            nonce,
            left_to_host: names::left_to_host(parameters)?,
            issuer: self.issuer.clone(),
        }))
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
        // A state that occurs twice, or could not be kept, is not sent back.
        let state = parameters.check(&[Parameter::State]);
        let state = state
            .map_err(Error::from)
            .and_then(|()| kept_value(parameters, Parameter::State));
        let state = match &state {
            Ok(state) => state.as_deref().into(),
            Err(_) => State::Unusable,
        };
        let response = AuthorizationResponse::of_error(
            error,
            redirect_uri.as_str(),
            mode_of_errors(parameters),
            state,
            self.issuer.as_ref(),
        );
        // Anyone may have registered the client, so by default nothing is sent to it
        // (RFC 9700 section 4.11.2).
        let is_sent = client.error_redirect_policy() == ErrorRedirectPolicy::AllowAlways;
        AuthorizationRefusal::to_client(error, is_sent, response, redirect_uri)
    }
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
    let has_grants = response_type.has_its_grants(*metadata.grant_types());
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
    let mode = parameters.check(&[Parameter::ResponseMode]);
    mode.map_err(Error::from)
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
        (Some(text), Some(CodeChallenge::METHOD)) => CodeChallenge::parse(text)
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
