use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    redirect_uri::{RedirectUri, RedirectUriPolicy},
    registration::Field,
    types::{
        ApplicationType, GrantTypes, LanguageTag, ResponseTypes, Scope, TokenEndpointAuthMethod,
    },
};

/// The metadata with which a client is registered. It is valid by the profile, and includes the defaults.
///
/// [`RegistrationRequest::apply`] is the only way to make it. In JSON it has the members of RFC 7591 section 2.
///
/// [`RegistrationRequest::apply`]: crate::RegistrationRequest::apply
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientMetadata {
    pub(super) redirect_uris: Box<[RedirectUri]>,
    pub(super) token_endpoint_auth_method: TokenEndpointAuthMethod,
    pub(super) grant_types: GrantTypes,
    pub(super) response_types: ResponseTypes,
    pub(super) application_type: Option<ApplicationType>,
    pub(super) texts: Box<[LocalizedText]>,
    pub(super) contacts: Box<[Box<str>]>,
    pub(super) scope: Option<Scope>,
    pub(super) software_id: Option<Box<str>>,
    pub(super) software_version: Option<Box<str>>,
}

/// A value of a field for people, in one language or without a language (RFC 7591 section 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalizedText {
    pub(super) field: Field,
    pub(super) language: Option<LanguageTag>,
    pub(super) value: Box<str>,
}

impl LocalizedText {
    /// The field: `client_name` or one of the four addresses.
    pub const fn field(&self) -> Field {
        self.field
    }

    /// The language, or `None` for the value without a language tag.
    pub const fn language(&self) -> Option<&LanguageTag> {
        self.language.as_ref()
    }

    /// The value.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl ClientMetadata {
    /// `redirect_uris`: at least one, without duplicates, in the order in which they were sent.
    pub fn redirect_uris(&self) -> &[RedirectUri] {
        &self.redirect_uris
    }

    /// `token_endpoint_auth_method`.
    pub const fn token_endpoint_auth_method(&self) -> TokenEndpointAuthMethod {
        self.token_endpoint_auth_method
    }

    /// `grant_types`, after the filter.
    pub const fn grant_types(&self) -> &GrantTypes {
        &self.grant_types
    }

    /// `response_types`, after the filter.
    pub const fn response_types(&self) -> &ResponseTypes {
        &self.response_types
    }

    /// `application_type`, if the client sent it.
    pub const fn application_type(&self) -> Option<ApplicationType> {
        self.application_type
    }

    /// `client_name` without a language tag. It is unverified text, so escape it before you show it.
    pub fn client_name(&self) -> Option<&str> {
        self.untagged(Field::ClientName)
    }

    /// `client_uri` without a language tag.
    pub fn client_uri(&self) -> Option<&str> {
        self.untagged(Field::ClientUri)
    }

    /// `logo_uri` without a language tag. This crate never fetches it.
    pub fn logo_uri(&self) -> Option<&str> {
        self.untagged(Field::LogoUri)
    }

    /// `policy_uri` without a language tag.
    pub fn policy_uri(&self) -> Option<&str> {
        self.untagged(Field::PolicyUri)
    }

    /// `tos_uri` without a language tag.
    pub fn tos_uri(&self) -> Option<&str> {
        self.untagged(Field::TosUri)
    }

    /// Every value for people, with and without a language tag, in the order in which they were sent.
    pub fn texts(&self) -> &[LocalizedText] {
        &self.texts
    }

    /// `contacts`.
    pub fn contacts(&self) -> impl Iterator<Item = &str> {
        self.contacts.iter().map(|contact| &**contact)
    }

    /// `scope`, which grants nothing by itself.
    pub const fn scope(&self) -> Option<&Scope> {
        self.scope.as_ref()
    }

    /// `software_id`.
    pub fn software_id(&self) -> Option<&str> {
        self.software_id.as_deref()
    }

    /// `software_version`.
    pub fn software_version(&self) -> Option<&str> {
        self.software_version.as_deref()
    }

    /// The canonical form, which is the same for all duplicates. It does not have the ports that may differ by
    /// `policy`, and its texts are sorted, because the order of members in a JSON object carries no meaning.
    pub(crate) fn to_canonical(&self, policy: &RedirectUriPolicy) -> serde_json::Result<Vec<u8>> {
        let mut canonical = self.clone();
        for uri in &mut canonical.redirect_uris {
            *uri = uri.as_requested(&uri.without_variable_port(policy));
        }
        let place = |text: &LocalizedText| {
            let language = text.language().map(|tag| tag.as_str().to_owned());
            (text.field, language)
        };
        canonical.texts.sort_by_key(place);
        serde_json::to_vec(&canonical)
    }

    fn untagged(&self, field: Field) -> Option<&str> {
        let is_untagged = |text: &&LocalizedText| text.field == field && text.language.is_none();
        self.texts
            .iter()
            .find(is_untagged)
            .map(LocalizedText::value)
    }

    /// Writes every present member into `map`.
    pub(crate) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for text in &self.texts {
            match &text.language {
                None => map.serialize_entry(text.field.as_str(), &*text.value)?,
                Some(language) => {
                    let name = format!("{}#{}", text.field, language.as_str());
                    map.serialize_entry(&name, &*text.value)?;
                }
            }
        }
        map.serialize_entry("redirect_uris", &self.redirect_uris)?;
        map.serialize_entry(
            "token_endpoint_auth_method",
            &self.token_endpoint_auth_method,
        )?;
        map.serialize_entry("grant_types", &self.grant_types)?;
        map.serialize_entry("response_types", &self.response_types)?;
        if !self.contacts.is_empty() {
            map.serialize_entry("contacts", &self.contacts)?;
        }
        entry(map, "application_type", self.application_type.as_ref())?;
        entry(map, "scope", self.scope.as_ref())?;
        entry(map, "software_id", self.software_id.as_ref())?;
        entry(map, "software_version", self.software_version.as_ref())
    }
}

fn entry<M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    value: Option<&impl Serialize>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

impl Serialize for ClientMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_into(&mut map)?;
        map.end()
    }
}
