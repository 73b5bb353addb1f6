//! The rules for an authorization request, in the order in which they are checked.

use crate::{
    access::AccessRequest,
    authorization::{
        AuthorizationDecision, AuthorizationError as Error, AuthorizationRefusal,
        AuthorizationRequest, AuthorizationResponse, ResponseMode,
        decision_content::DecisionContent,
        names::{self, storable_value},
        response::State,
    },
    client::Client,
    parameters::{Parameter, Parameters},
    pkce::CodeChallenge,
    redirect_uri::{RedirectUri, RedirectUriPolicy},
    settings::{SubjectType, TenantSettings},
    types::{ErrorRedirectPolicy, ResponseType, SecurityMode},
};

impl AuthorizationRequest<'_> {
    /// Checks the request. `client` is the client that the host found in `tenant` for
    /// [`client_id`](Self::client_id), or `None` if it found none.
    ///
    /// ```
    /// use oauth_dcr::{
    ///     authorization::{AuthorizationRequest, Delivery, LinkTarget},
    ///     Client, TenantSettings,
    /// };
    ///
    /// fn answer(tenant: &TenantSettings, client: Option<&Client>, query: &str) -> String {
    ///     let request = AuthorizationRequest::from_query(query);
    ///     let refusal = match request.authorize(tenant, client) {
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
    /// [`AuthorizationRefusal`] says what is wrong, and whether to tell the client by a redirect or the user by a
    /// page.
    pub fn authorize(
        self,
        tenant: &TenantSettings,
        client: Option<&Client>,
    ) -> Result<AuthorizationDecision, AuthorizationRefusal> {
        let parameters = &self.0;
        let request = ClientRequest {
            parameters,
            tenant,
            client: known_client(parameters, tenant, client)?,
        };
        let redirect_uri = request.redirect_uri().map_err(AuthorizationRefusal::page)?;
        request
            .decide(&redirect_uri)
            .map_err(|error| request.refusal(error, &redirect_uri))
    }
}

fn known_client<'c>(
    parameters: &Parameters<'_>,
    tenant: &TenantSettings,
    client: Option<&'c Client>,
) -> Result<&'c Client, AuthorizationRefusal> {
    parameters
        .check(&[Parameter::ClientId])
        .map_err(|fault| AuthorizationRefusal::page(fault.into()))?;
    let id = parameters
        .get(Parameter::ClientId)
        .ok_or(AuthorizationRefusal::page(Error::ClientIdRequired))?;
    // A client of another tenant is unknown here.
    let client =
        client.filter(|client| client.tenant() == &tenant.id && client.id().as_str() == id);
    let Some(client) = client else {
        return Err(AuthorizationRefusal::unknown_client(tenant));
    };
    if client.is_blocked() {
        return Err(AuthorizationRefusal::page(Error::Blocked));
    }
    Ok(client)
}

/// The request of a known client.
struct ClientRequest<'a> {
    parameters: &'a Parameters<'a>,
    tenant: &'a TenantSettings,
    client: &'a Client,
}

impl ClientRequest<'_> {
    /// RFC 6749 section 3.1.2.3, RFC 9700 section 4.1.3.
    fn redirect_uri(&self) -> Result<RedirectUri, Error> {
        let Self {
            parameters,
            tenant,
            client,
        } = *self;
        parameters.check(&[Parameter::RedirectUri])?;
        let registered = client.metadata().redirect_uris();
        let Some(requested) = parameters.get(Parameter::RedirectUri) else {
            return match registered {
                [only] => Ok(only.clone()),
                _ => Err(Error::RedirectUriRequired),
            };
        };
        let policy = &tenant.registration.redirect_uris;
        registered
            .iter()
            .find(|uri| uri.matches(requested, policy))
            .map(|uri| uri.as_requested(requested))
            .ok_or_else(|| mismatch(requested, registered, policy))
    }

    /// Checks everything that is checked once the redirect URI is known.
    fn decide(&self, redirect_uri: &RedirectUri) -> Result<AuthorizationDecision, Error> {
        let Self {
            parameters,
            tenant,
            client,
        } = *self;
        names::check(
            parameters,
            client.security_mode(),
            tenant.unknown_authorize_parameters,
        )?;
        let response_type = response_type(parameters, client)?;
        let response_mode = response_mode(parameters, response_type)?;
        let challenge = challenge(parameters, client)?;
        check_prompt(parameters)?;
        let state = storable_value(parameters, Parameter::State)?;
        let nonce = storable_value(parameters, Parameter::Nonce)?;
        if response_type.has_id_token() && nonce.is_none() {
            return Err(Error::NonceRequired);
        }
        let connections = available_connections(parameters, tenant)?;
        let wanted = AccessRequest {
            audience: parameters.get(Parameter::Audience),
            resource: parameters.get(Parameter::Resource),
            scope: parameters.get(Parameter::Scope),
            subject_type: SubjectType::User,
        };
        // Without a code there is no token request that could return a refresh token
        // (OpenID Connect Core section 11).
        let access = wanted.check(tenant, client)?;
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
            issuer: tenant.issuer.clone(),
        }))
    }

    fn refusal(&self, error: Error, redirect_uri: &RedirectUri) -> AuthorizationRefusal {
        let Self {
            parameters,
            tenant,
            client,
        } = *self;
        // A `state` that occurs more than once, or that could not be stored, is not sent back.
        let state = parameters.check(&[Parameter::State]);
        let state = state
            .map_err(Error::from)
            .and_then(|()| storable_value(parameters, Parameter::State));
        let state = match &state {
            Ok(state) => state.as_deref().into(),
            Err(_) => State::Unusable,
        };
        let response = AuthorizationResponse::of_error(
            error,
            redirect_uri.as_str(),
            mode_of_errors(parameters),
            state,
            tenant.issuer.as_ref(),
        );
        // Anyone may have registered the client, so by default nothing is sent to it
        // (RFC 9700 section 4.11.2).
        let is_sent = client.error_redirect_policy() == ErrorRedirectPolicy::AllowAlways;
        AuthorizationRefusal::to_client(error, is_sent, response, redirect_uri)
    }
}

/// The reason why `requested` is not one of the `registered` URIs.
fn mismatch(requested: &str, registered: &[RedirectUri], policy: &RedirectUriPolicy) -> Error {
    let mut registered = registered.iter();
    let but_for_port =
        registered.find_map(|uri| Some((uri, uri.host_if_only_port_differs(requested)?)));
    match but_for_port {
        None => Error::RedirectUriNotRegistered,
        Some((uri, "localhost")) if policy.loopback_any_port && !uri.is_https() => {
            Error::LocalhostPort
        }
        Some(_) => Error::LoopbackPort,
    }
}

/// The connection that the request names, or else all connections that third-party clients may use: the
/// connections that are promoted to the domain level.
fn available_connections(
    parameters: &Parameters<'_>,
    tenant: &TenantSettings,
) -> Result<Box<[Box<str>]>, Error> {
    let named = parameters.get(Parameter::Connection);
    let connections = tenant.connections.iter();
    let available: Box<[Box<str>]> = connections
        .filter(|connection| {
            connection.is_domain_connection && named.is_none_or(|named| named == connection.name)
        })
        .map(|connection| connection.name.as_str().into())
        .collect();
    match (available.is_empty(), named) {
        (false, _) => Ok(available),
        (true, Some(_)) => Err(Error::ConnectionNotAvailable),
        (true, None) => Err(Error::NoConnection),
    }
}

fn response_type(parameters: &Parameters<'_>, client: &Client) -> Result<ResponseType, Error> {
    let name = parameters
        .get(Parameter::ResponseType)
        .ok_or(Error::ResponseTypeRequired)?;
    let possible = ResponseType::allowed_in(client.security_mode());
    let response_type = *possible
        .iter()
        .find(|known| known.is_spelled(name))
        .ok_or(Error::UnsupportedResponseType)?;
    let metadata = client.metadata();
    let has_grants = response_type.has_its_grants(*metadata.grant_types());
    if metadata.response_types().contains(response_type) && has_grants {
        Ok(response_type)
    } else {
        Err(Error::ResponseTypeNotRegistered)
    }
}

/// Never puts a token into a query, because a query ends up in logs and in `Referer` (OAuth 2.0 Multiple
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

/// The requested mode, or the default mode if the requested mode can't be used.
fn mode_of_errors(parameters: &Parameters<'_>) -> ResponseMode {
    let name = parameters.get(Parameter::ResponseType).unwrap_or_default();
    let response_type = ResponseType::allowed_in(SecurityMode::Permissive)
        .iter()
        .find(|known| known.is_spelled(name))
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
    if prompt.split(' ').any(|value| value == "none") {
        return Err(Error::ConsentRequired);
    }
    Ok(())
}
