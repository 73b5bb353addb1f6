//! The rules of the profile, with one function for each field.

mod known;
mod length;
mod localized;
mod redirect_uris;

use known::Known;
use length::{BYTES, CHARACTERS, too_long};
use redirect_uris::{check_use, redirect_uris};

use crate::{
    redirect_uri::RedirectUri,
    registration::{ClientMetadata, Field, MetadataError, MetadataFault, RegistrationRequest},
    settings::{MetadataLimits, RegistrationSettings},
    types::{
        ApplicationType, GrantType, GrantTypes, ResponseType, ResponseTypes, Scope, SecurityMode,
        TokenEndpointAuthMethod, check_text, scope_tokens,
    },
};

impl RegistrationRequest {
    /// Validates the request, and reduces it to the metadata that `settings` allow.
    ///
    /// The settings decide whether unsupported grant types, unsupported response types and refused redirect
    /// URIs are dropped or refuse the request. Any other value that breaks a rule refuses the request. No
    /// value is repaired.
    ///
    /// # Errors
    /// [`MetadataError`] names the first field at fault, the position of the value, and the rule.
    pub fn apply(self, settings: &RegistrationSettings) -> Result<ClientMetadata, MetadataError> {
        let limits = &settings.metadata_limits;
        let application_type = self.application_type.as_deref();
        let application_type = application_type.map(known_application_type).transpose()?;
        // The check of redirect URIs needs the grant types, but faults of redirect URIs are reported first.
        let grant_types = grant_types(self.grant_types, settings);
        let keeps_implicit = grant_types
            .as_ref()
            .is_ok_and(|grants| grants.contains(GrantType::Implicit));
        let policy = &settings.redirect_uris;
        let suits = |uri: &RedirectUri| check_use(uri, application_type, keeps_implicit, policy);
        let redirect_uris = redirect_uris(self.redirect_uris, suits, settings)?;
        let texts = localized::bounded(self.texts, limits)?
            .into_iter()
            .filter_map(|text| localized::text(text, limits).transpose());
        let method = auth_method(self.token_endpoint_auth_method, settings)?;
        let grant_types = grant_types?;
        if method.is_public() && grant_types.contains(GrantType::ClientCredentials) {
            let fault = MetadataFault::ConfidentialOnly;
            return Err(MetadataError::new(Field::GrantTypes, fault));
        }
        Ok(ClientMetadata {
            redirect_uris,
            token_endpoint_auth_method: method,
            grant_types,
            response_types: response_types(self.response_types, settings)?,
            application_type,
            texts: texts.collect::<Result<_, _>>()?,
            contacts: contacts(self.contacts.unwrap_or_default(), limits)?,
            scope: scope(self.scope.unwrap_or_default(), limits)?,
            software_id: software(Field::SoftwareId, self.software_id, limits)?,
            software_version: software(Field::SoftwareVersion, self.software_version, limits)?,
        })
    }
}

fn known_application_type(name: &str) -> Result<ApplicationType, MetadataError> {
    ApplicationType::from_name(name).ok_or_else(|| {
        let known = [ApplicationType::Web, ApplicationType::Native];
        let supported = known.map(ApplicationType::as_str).into();
        let fault = MetadataFault::Unsupported { supported };
        MetadataError::new(Field::ApplicationType, fault)
    })
}

/// The authentication method. The default is `client_secret_post`, or if it is not supported, the first
/// supported method.
fn auth_method(
    name: Option<String>,
    settings: &RegistrationSettings,
) -> Result<TokenEndpointAuthMethod, MetadataError> {
    let supported = settings.token_endpoint_auth_methods;
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

/// The grant types. The default is `authorization_code`, which every strict client must have.
fn grant_types(
    names: Option<Vec<String>>,
    settings: &RegistrationSettings,
) -> Result<GrantTypes, MetadataError> {
    let Some(names) = names else {
        return Ok([GrantType::AuthorizationCode].into_iter().collect());
    };
    let allowed = GrantType::allowed_in(settings.security_mode);
    let known = Known {
        supported: allowed,
        as_str: GrantType::as_str,
        is_spelled: |grant, name| grant.as_str() == name,
    };
    let grants: GrantTypes =
        known.among(Field::GrantTypes, &names, settings.unsupported_grant_types)?;
    let is_strict = settings.security_mode == SecurityMode::Strict;
    if is_strict && !grants.contains(GrantType::AuthorizationCode) {
        let fault = MetadataFault::AuthorizationCodeRequired;
        return Err(MetadataError::new(Field::GrantTypes, fault));
    }
    Ok(grants)
}

/// The response types. The default is `code`.
fn response_types(
    names: Option<Vec<String>>,
    settings: &RegistrationSettings,
) -> Result<ResponseTypes, MetadataError> {
    let Some(names) = names else {
        return Ok([ResponseType::Code].into_iter().collect());
    };
    let allowed = ResponseType::allowed_in(settings.security_mode);
    let known = Known {
        supported: allowed,
        as_str: ResponseType::as_str,
        is_spelled: |response, name| response.is_spelled(name),
    };
    known.among(
        Field::ResponseTypes,
        &names,
        settings.unsupported_response_types,
    )
}

fn contacts(
    contacts: Vec<String>,
    limits: &MetadataLimits,
) -> Result<Box<[Box<str>]>, MetadataError> {
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

/// The scope (RFC 6749 section 3.3). Several clients send `""` if they want no scope. The limit applies to
/// the text as it was sent.
fn scope(scope: String, limits: &MetadataLimits) -> Result<Option<Scope>, MetadataError> {
    let refuse = |fault| MetadataError::new(Field::Scope, fault);
    let max = limits.scope_bytes;
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
    field: Field,
    text: Option<String>,
    limits: &MetadataLimits,
) -> Result<Option<Box<str>>, MetadataError> {
    let check = |text| plain_text(text, limits.software_chars);
    text.map(check)
        .transpose()
        .map_err(|fault| MetadataError::new(field, fault))
}

/// Checks a text that people read and that is stored as it was sent: it is not too long, and has no
/// misleading characters.
fn plain_text(text: String, max_chars: usize) -> Result<Box<str>, MetadataFault> {
    if text.chars().nth(max_chars).is_some() {
        return Err(too_long(max_chars, CHARACTERS));
    }
    check_text(&text)?;
    Ok(text.into_boxed_str())
}
