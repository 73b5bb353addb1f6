//! Metadata as a store returns it.

use std::iter;

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    redirect_uri::RedirectUri,
    registration::{
        ClientMetadata, Field, LocalizedText, MetadataError, MetadataFault, RegistrationRequest,
        json::ObjectReader, request::RequestedText,
    },
    types::{
        ApplicationType, GrantType, LanguageTag, ResponseType, Scope, SecurityMode,
        TokenEndpointAuthMethod, WebUri,
    },
};

/// Stored metadata, before its structure is checked.
///
/// The rules of the profile were applied when the client registered. The rules may have become stricter since,
/// in this crate or in the Unicode data that it uses. This must not make a client unreadable, so only the
/// structure is checked: members have the right types, values of lists are known and allowed in the client's
/// mode, and URIs have the syntax of a URI. Names, texts, schemes and lengths are not checked again.
#[derive(Debug)]
pub(crate) struct StoredMetadata(RegistrationRequest);

impl StoredMetadata {
    /// Metadata with these members, for tests of stores.
    #[cfg(feature = "conformance")]
    pub(crate) const fn of(request: RegistrationRequest) -> Self {
        Self(request)
    }

    /// The metadata of a client that registered in `mode`.
    ///
    /// # Errors
    /// [`MetadataError`] names the member whose structure is wrong.
    pub(crate) fn restore(self, mode: SecurityMode) -> Result<ClientMetadata, MetadataError> {
        let request = self.0;
        let method = request.token_endpoint_auth_method.as_deref();
        let scope = request.scope.map(Scope::parse).transpose();
        let texts = request.texts.into_iter().map(text);
        let grant_types = list(
            Field::GrantTypes,
            request.grant_types,
            GrantType::AuthorizationCode,
            |name| known(GrantType::allowed_in(mode), |grant| grant.as_str() == name),
        )?;
        let response_types = list(
            Field::ResponseTypes,
            request.response_types,
            ResponseType::Code,
            |name| {
                known(ResponseType::allowed_in(mode), |response| {
                    response.is_spelled(name)
                })
            },
        )?;
        Ok(ClientMetadata {
            redirect_uris: redirect_uris(request.redirect_uris.unwrap_or_default())?,
            token_endpoint_auth_method: method
                .and_then(TokenEndpointAuthMethod::from_name)
                .ok_or_else(|| unsupported(Field::TokenEndpointAuthMethod))?,
            grant_types,
            response_types,
            application_type: request
                .application_type
                .map(|name| {
                    ApplicationType::from_name(&name)
                        .ok_or_else(|| unsupported(Field::ApplicationType))
                })
                .transpose()?,
            texts: texts.collect::<Result<_, _>>()?,
            contacts: boxed(request.contacts.unwrap_or_default()),
            scope: scope
                .map_err(|_| MetadataError::new(Field::Scope, MetadataFault::InvalidScope))?,
            software_id: request.software_id.map(String::into_boxed_str),
            software_version: request.software_version.map(String::into_boxed_str),
        })
    }
}

fn redirect_uris(uris: Vec<String>) -> Result<Box<[RedirectUri]>, MetadataError> {
    if uris.is_empty() {
        let fault = MetadataFault::Required;
        return Err(MetadataError::new(Field::RedirectUris, fault));
    }
    let restore = |(index, uri)| {
        RedirectUri::restore(uri)
            .map_err(|fault| MetadataError::at(Field::RedirectUris, index, fault))
    };
    uris.into_iter().enumerate().map(restore).collect()
}

/// The values of a list, in their order. An absent list means `default` (RFC 7591 section 2).
fn list<T, S: FromIterator<T>>(
    field: Field,
    names: Option<Vec<String>>,
    default: T,
    known: impl Fn(&str) -> Option<T>,
) -> Result<S, MetadataError> {
    let Some(names) = names else {
        return Ok(iter::once(default).collect());
    };
    if names.is_empty() {
        let supported = not_listed();
        let fault = MetadataFault::NothingSupported { supported };
        return Err(MetadataError::new(field, fault));
    }
    let restore = |(index, name): (usize, &String)| {
        known(name).ok_or_else(|| MetadataError::at(field, index, unknown_value()))
    };
    names.iter().enumerate().map(restore).collect()
}

fn known<T: Copy>(allowed: &[T], is_named: impl Fn(T) -> bool) -> Option<T> {
    allowed.iter().copied().find(|value| is_named(*value))
}

/// A name, which is not checked, or an address, which must be an https URL because a page may link to it.
fn text(text: RequestedText) -> Result<LocalizedText, MetadataError> {
    let field = text.field;
    if field != Field::ClientName {
        WebUri::check_structure(&text.value).map_err(|fault| MetadataError::new(field, fault))?;
    }
    Ok(LocalizedText {
        field,
        language: text.language.map(LanguageTag::restore),
        value: text.value.into_boxed_str(),
    })
}

fn boxed(texts: Vec<String>) -> Box<[Box<str>]> {
    texts.into_iter().map(String::into_boxed_str).collect()
}

fn unknown_value() -> MetadataFault {
    let supported = not_listed();
    MetadataFault::Unsupported { supported }
}

/// An empty list of supported values. The error is for the operator, who can't send another value.
fn not_listed() -> Box<[&'static str]> {
    Box::default()
}

fn unsupported(field: Field) -> MetadataError {
    MetadataError::new(field, unknown_value())
}

impl<'de> Deserialize<'de> for StoredMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut reader = ObjectReader::default();
        deserializer.deserialize_any(&mut reader)?;
        reader.finish().map(Self).map_err(D::Error::custom)
    }
}
