//! The rules of the profile, one function a field.

use crate::{
    redirect_uri::{Destination, RedirectUri, RedirectUriError},
    registration::{
        ClientMetadata, Field, LocalizedText, MetadataError, MetadataFault, RegistrationRequest,
        request::RequestedText,
    },
    settings::{RefusedRedirectUris, RegistrationSettings, Unsupported},
    types::{
        ApplicationType, ClientName, ClientNameError, GrantType, GrantTypes, LanguageTag,
        ResponseType, ResponseTypes, Scope, SecurityMode, TokenEndpointAuthMethod, WebUri,
        check_text, scope_tokens,
    },
};

impl RegistrationSettings {
    /// Validates `request` and reduces it to what these settings allow.
    ///
    /// Unsupported grant and response types are filtered out or refused, refused redirect URIs
    /// refuse the request or are dropped, as the settings say. Everything else that breaks a rule
    /// is an error, and nothing is repaired.
    ///
    /// # Errors
    /// [`MetadataError`] names the first field at fault, the position of the value in it, and the
    /// rule.
    pub fn apply(&self, request: RegistrationRequest) -> Result<ClientMetadata, MetadataError> {
        let application_type = request
            .application_type
            .as_deref()
            .map(application_type)
            .transpose()?;
        // The grants decide which redirect URIs suit, but the first fault is that of the URIs.
        let grant_types = self.grant_types(request.grant_types);
        let keeps_implicit = grant_types
            .as_ref()
            .is_ok_and(|grants| grants.contains(GrantType::Implicit));
        let suits = |uri: &RedirectUri| self.check_use(uri, application_type, keeps_implicit);
        let redirect_uris = self.redirect_uris(request.redirect_uris, suits)?;
        let texts = self
            .bounded(request.texts)?
            .into_iter()
            .filter_map(|text| self.text(text).transpose());
        let method = self.auth_method(request.token_endpoint_auth_method)?;
        let grant_types = grant_types?;
        if method.is_public() && grant_types.contains(GrantType::ClientCredentials) {
            let fault = MetadataFault::ConfidentialOnly;
            return Err(MetadataError::new(Field::GrantTypes, fault));
        }
        Ok(ClientMetadata {
            redirect_uris,
            token_endpoint_auth_method: method,
            grant_types,
            response_types: self.response_types(request.response_types)?,
            application_type,
            texts: texts.collect::<Result<_, _>>()?,
            contacts: self.contacts(request.contacts.unwrap_or_default())?,
            scope: self.scope(request.scope.unwrap_or_default())?,
            software_id: self.software(Field::SoftwareId, request.software_id)?,
            software_version: self.software(Field::SoftwareVersion, request.software_version)?,
        })
    }

    /// RFC 7591 section 2, RFC 8252 section 7; see [`RedirectUri::parse`] for one of them.
    fn redirect_uris(
        &self,
        texts: Option<Vec<String>>,
        suits: impl Fn(&RedirectUri) -> Result<(), MetadataFault>,
    ) -> Result<Box<[RedirectUri]>, MetadataError> {
        let texts = texts.unwrap_or_default();
        let max = self.redirect_uris.max;
        if texts.len() > max {
            return Err(MetadataError::new(
                Field::RedirectUris,
                MetadataFault::TooMany { max },
            ));
        }
        let mut accepted: Vec<RedirectUri> = Vec::with_capacity(texts.len());
        let mut first_refusal = None;
        for (index, text) in texts.into_iter().enumerate() {
            match self.redirect_uri(text, &suits) {
                Ok(uri) if accepted.contains(&uri) => {}
                Ok(uri) => accepted.push(uri),
                Err(fault) => {
                    let refusal = MetadataError::at(Field::RedirectUris, index, fault);
                    if self.refused_redirect_uris == RefusedRedirectUris::Reject {
                        return Err(refusal);
                    }
                    first_refusal.get_or_insert(refusal);
                }
            }
        }
        match (accepted.is_empty(), first_refusal) {
            (false, _) => Ok(accepted.into_boxed_slice()),
            (true, Some(refusal)) => Err(refusal),
            (true, None) => Err(MetadataError::new(
                Field::RedirectUris,
                MetadataFault::Required,
            )),
        }
    }

    fn redirect_uri(
        &self,
        text: String,
        suits: impl Fn(&RedirectUri) -> Result<(), MetadataFault>,
    ) -> Result<RedirectUri, MetadataFault> {
        let policy = &self.redirect_uris;
        let uri = RedirectUri::parse(text, policy).map_err(|error| match error {
            RedirectUriError::TooLong => too_long(policy.max_bytes, BYTES),
            error => error.into(),
        })?;
        suits(&uri)?;
        Ok(uri)
    }

    /// OpenID Connect Registration section 2, `application_type`. Development tools register as `web`
    /// with loopback redirect URIs, and only the implicit grant rules those out. It rules out
    /// private-use schemes too, whatever the `application_type` is.
    fn check_use(
        &self,
        uri: &RedirectUri,
        application_type: Option<ApplicationType>,
        keeps_implicit: bool,
    ) -> Result<(), MetadataFault> {
        let is_web = application_type == Some(ApplicationType::Web);
        if is_web
            && let Destination::App(scheme) = uri.destination()
            && !self.redirect_uris.lists(scheme)
        {
            return Err(MetadataFault::NotForWebApplication);
        }
        if keeps_implicit && !uri.suits_implicit_grant() {
            return Err(MetadataFault::NotForImplicitGrant);
        }
        Ok(())
    }

    /// Absent means `client_secret_post`, or the first method that is supported where that is not.
    fn auth_method(&self, name: Option<String>) -> Result<TokenEndpointAuthMethod, MetadataError> {
        let supported = self.token_endpoint_auth_methods;
        let default = TokenEndpointAuthMethod::ClientSecretPost;
        let chosen = match name {
            Some(name) => TokenEndpointAuthMethod::from_name(&name),
            None if supported.contains(default) => Some(default),
            None => supported.iter().next(),
        };
        chosen
            .filter(|method| supported.contains(*method))
            .ok_or_else(|| {
                let supported = supported.iter().map(TokenEndpointAuthMethod::as_str);
                let fault = MetadataFault::Unsupported {
                    supported: supported.collect(),
                };
                MetadataError::new(Field::TokenEndpointAuthMethod, fault)
            })
    }

    /// Absent means `authorization_code`; a strict client can't be without it.
    fn grant_types(&self, names: Option<Vec<String>>) -> Result<GrantTypes, MetadataError> {
        let Some(names) = names else {
            return Ok([GrantType::AuthorizationCode].into_iter().collect());
        };
        let allowed = GrantType::allowed_in(self.security_mode);
        let known = Known {
            words: allowed,
            as_str: GrantType::as_str,
            is_spelled: |grant, name| grant.as_str() == name,
        };
        let grants: GrantTypes =
            known.among(Field::GrantTypes, &names, self.unsupported_grant_types)?;
        let is_strict = self.security_mode == SecurityMode::Strict;
        if is_strict && !grants.contains(GrantType::AuthorizationCode) {
            let fault = MetadataFault::AuthorizationCodeRequired;
            return Err(MetadataError::new(Field::GrantTypes, fault));
        }
        Ok(grants)
    }

    /// Absent means `code`.
    fn response_types(&self, names: Option<Vec<String>>) -> Result<ResponseTypes, MetadataError> {
        let Some(names) = names else {
            return Ok([ResponseType::Code].into_iter().collect());
        };
        let allowed = ResponseType::allowed_in(self.security_mode);
        let known = Known {
            words: allowed,
            as_str: ResponseType::as_str,
            is_spelled: |it, name| it.is_spelled(name),
        };
        known.among(
            Field::ResponseTypes,
            &names,
            self.unsupported_response_types,
        )
    }

    /// Each language has its own name and addresses, and nothing else would bound how many.
    fn bounded(&self, texts: Vec<RequestedText>) -> Result<Vec<RequestedText>, MetadataError> {
        let max = self.metadata_limits.localized;
        match texts.get(max) {
            Some(excess) => Err(MetadataError::new(
                excess.field,
                MetadataFault::TooMany { max },
            )),
            None => Ok(texts),
        }
    }

    /// A name or an address for people. One that is empty counts as absent.
    fn text(&self, text: RequestedText) -> Result<Option<LocalizedText>, MetadataError> {
        let RequestedText {
            field,
            language,
            value,
        } = text;
        let refuse = |fault: MetadataFault| MetadataError::new(field, fault);
        let language = language.map(LanguageTag::parse).transpose();
        let language = language.map_err(|_| refuse(MetadataFault::InvalidLanguageTag))?;
        let value = if field == Field::ClientName {
            let max = self.metadata_limits.client_name_chars;
            ClientName::parse(&value, max)
                .map_err(|error| match error {
                    ClientNameError::TooLong => refuse(too_long(max, CHARACTERS)),
                    error => refuse(error.into()),
                })?
                .map(|name| name.as_str().into())
        } else {
            let max = self.metadata_limits.uri_bytes;
            if value.len() > max {
                return Err(refuse(too_long(max, BYTES)));
            }
            let parse = |value| WebUri::parse(value).map_err(|error| refuse(error.into()));
            Some(value)
                .filter(|value| !value.is_empty())
                .map(parse)
                .transpose()?
                .map(|uri| uri.as_str().into())
        };
        Ok(value.map(|value| LocalizedText {
            field,
            language,
            value,
        }))
    }

    fn contacts(&self, contacts: Vec<String>) -> Result<Box<[Box<str>]>, MetadataError> {
        let limits = &self.metadata_limits;
        if contacts.len() > limits.contacts {
            let fault = MetadataFault::TooMany {
                max: limits.contacts,
            };
            return Err(MetadataError::new(Field::Contacts, fault));
        }
        let check = |(index, contact)| {
            plain_text(contact, limits.contact_chars)
                .map_err(|fault| MetadataError::at(Field::Contacts, index, fault))
        };
        contacts.into_iter().enumerate().map(check).collect()
    }

    /// RFC 6749 section 3.3. Several clients send `""` when they want none. The limit counts the text as
    /// it was sent.
    fn scope(&self, scope: String) -> Result<Option<Scope>, MetadataError> {
        let refuse = |fault| MetadataError::new(Field::Scope, fault);
        let max = self.metadata_limits.scope_bytes;
        if scope.len() > max {
            return Err(refuse(too_long(max, BYTES)));
        }
        if scope_tokens(&scope).next().is_none() {
            return Ok(None);
        }
        Scope::parse(scope)
            .map(Some)
            .map_err(|_| refuse(MetadataFault::InvalidScope))
    }

    fn software(
        &self,
        field: Field,
        text: Option<String>,
    ) -> Result<Option<Box<str>>, MetadataError> {
        let check = |text| plain_text(text, self.metadata_limits.software_chars);
        text.map(check)
            .transpose()
            .map_err(|fault| MetadataError::new(field, fault))
    }
}

fn application_type(name: &str) -> Result<ApplicationType, MetadataError> {
    ApplicationType::from_name(name).ok_or_else(|| {
        let known = [ApplicationType::Web, ApplicationType::Native];
        let supported = known.map(ApplicationType::as_str).into();
        let fault = MetadataFault::Unsupported { supported };
        MetadataError::new(Field::ApplicationType, fault)
    })
}

/// What lengths are counted in.
const BYTES: &str = "bytes";
const CHARACTERS: &str = "characters";

const fn too_long(max: usize, unit: &'static str) -> MetadataFault {
    MetadataFault::TooLong { max, unit }
}

/// The words of a list that this server supports, and how they are spelled.
struct Known<'a, T> {
    words: &'a [T],
    as_str: fn(T) -> &'static str,
    is_spelled: fn(T, &str) -> bool,
}

impl<T: Copy> Known<'_, T> {
    /// The known words among `names`, in their order. An unknown one is dropped or, where the settings
    /// say so, refused; and something has to be left.
    fn among<S: FromIterator<T>>(
        &self,
        field: Field,
        names: &[String],
        unsupported: Unsupported,
    ) -> Result<S, MetadataError> {
        let supported = || self.words.iter().map(|&it| (self.as_str)(it)).collect();
        let known = |(index, name): (usize, &String)| {
            let mut words = self.words.iter().copied();
            match words.find(|&it| (self.is_spelled)(it, name)) {
                Some(word) => Some(Ok(word)),
                None if unsupported == Unsupported::Filter => None,
                None => {
                    let supported = supported();
                    let fault = MetadataFault::Unsupported { supported };
                    Some(Err(MetadataError::at(field, index, fault)))
                }
            }
        };
        let mut kept = names.iter().enumerate().filter_map(known).peekable();
        if kept.peek().is_none() {
            let supported = supported();
            let fault = MetadataFault::NothingSupported { supported };
            return Err(MetadataError::new(field, fault));
        }
        kept.collect()
    }
}

/// Text that people read and that is kept as it was sent: bounded, and with no character that
/// misleads them.
fn plain_text(text: String, max_chars: usize) -> Result<Box<str>, MetadataFault> {
    if text.chars().nth(max_chars).is_some() {
        return Err(too_long(max_chars, CHARACTERS));
    }
    check_text(&text)?;
    Ok(text.into_boxed_str())
}
