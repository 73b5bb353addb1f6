use std::fmt;

use crate::registration::Field;

/// The metadata that a client wants to register. It is untrusted, and not checked yet.
///
/// [`RegistrationRequest::from_json`] reads a request from JSON. If the metadata reaches you in another way,
/// build the request with [`RegistrationRequest::new`]. [`RegistrationRequest::apply`] turns the request into
/// [`ClientMetadata`].
///
/// ```
/// use oauth_dcr::{settings::RegistrationSettings, RegistrationRequest};
///
/// let request = RegistrationRequest::new(["https://app.example.com/callback"])
///     .client_name("My Dynamic Application")
///     .token_endpoint_auth_method("none");
/// let metadata = request.apply(&RegistrationSettings::default())?;
/// assert_eq!(metadata.client_name(), Some("My Dynamic Application"));
/// # Ok::<(), oauth_dcr::registration::MetadataError>(())
/// ```
///
/// [`ClientMetadata`]: crate::ClientMetadata
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RegistrationRequest {
    pub(super) redirect_uris: Option<Vec<String>>,
    pub(super) token_endpoint_auth_method: Option<String>,
    pub(super) grant_types: Option<Vec<String>>,
    pub(super) response_types: Option<Vec<String>>,
    pub(super) application_type: Option<String>,
    pub(super) contacts: Option<Vec<String>>,
    pub(super) scope: Option<String>,
    pub(super) software_id: Option<String>,
    pub(super) software_version: Option<String>,
    pub(super) texts: Vec<RequestedText>,
}

/// One value of a human-readable field, in one language or without a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestedText {
    pub(super) field: Field,
    pub(super) language: Option<String>,
    pub(super) value: String,
}

impl RegistrationRequest {
    /// A request with only these redirect URIs.
    pub fn new<I>(redirect_uris: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self {
            redirect_uris: Some(owned(redirect_uris)),
            ..Self::default()
        }
    }

    /// Sets `client_name`.
    #[must_use]
    pub fn client_name(self, name: impl Into<String>) -> Self {
        self.text(Field::ClientName, None, name.into())
    }

    /// Sets `token_endpoint_auth_method`.
    #[must_use]
    pub fn token_endpoint_auth_method(self, method: impl Into<String>) -> Self {
        Self {
            token_endpoint_auth_method: Some(method.into()),
            ..self
        }
    }

    /// Sets `grant_types`.
    #[must_use]
    pub fn grant_types<I>(self, grant_types: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self {
            grant_types: Some(owned(grant_types)),
            ..self
        }
    }

    /// Sets `response_types`.
    #[must_use]
    pub fn response_types<I>(self, response_types: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self {
            response_types: Some(owned(response_types)),
            ..self
        }
    }

    /// Sets `application_type`.
    #[must_use]
    pub fn application_type(self, application_type: impl Into<String>) -> Self {
        Self {
            application_type: Some(application_type.into()),
            ..self
        }
    }

    /// Sets `contacts`.
    #[must_use]
    pub fn contacts<I>(self, contacts: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self {
            contacts: Some(owned(contacts)),
            ..self
        }
    }

    /// Sets `scope`.
    #[must_use]
    pub fn scope(self, scope: impl Into<String>) -> Self {
        Self {
            scope: Some(scope.into()),
            ..self
        }
    }

    /// Sets `software_id`.
    #[must_use]
    pub fn software_id(self, software_id: impl Into<String>) -> Self {
        Self {
            software_id: Some(software_id.into()),
            ..self
        }
    }

    /// Sets `software_version`.
    #[must_use]
    pub fn software_version(self, software_version: impl Into<String>) -> Self {
        Self {
            software_version: Some(software_version.into()),
            ..self
        }
    }

    /// Sets `client_uri`.
    #[must_use]
    pub fn client_uri(self, uri: impl Into<String>) -> Self {
        self.text(Field::ClientUri, None, uri.into())
    }

    /// Sets `logo_uri`.
    #[must_use]
    pub fn logo_uri(self, uri: impl Into<String>) -> Self {
        self.text(Field::LogoUri, None, uri.into())
    }

    /// Sets `policy_uri`.
    #[must_use]
    pub fn policy_uri(self, uri: impl Into<String>) -> Self {
        self.text(Field::PolicyUri, None, uri.into())
    }

    /// Sets `tos_uri`.
    #[must_use]
    pub fn tos_uri(self, uri: impl Into<String>) -> Self {
        self.text(Field::TosUri, None, uri.into())
    }

    /// Sets a human-readable field for one language (RFC 7591 section 2.2). Any other field is unchanged,
    /// because it has no languages.
    #[must_use]
    pub fn localized(
        self,
        field: Field,
        language: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        if field.is_human_readable() {
            self.text(field, Some(language.into()), value.into())
        } else {
            self
        }
    }

    /// Sets `field` in `language`, and replaces an earlier value.
    fn text(mut self, field: Field, language: Option<String>, value: String) -> Self {
        let same_language = |other: &Option<String>| match (other, &language) {
            (Some(other), Some(language)) => other.eq_ignore_ascii_case(language),
            (other, language) => other == language,
        };
        self.texts
            .retain(|text| text.field != field || !same_language(&text.language));
        self.texts.push(RequestedText {
            field,
            language,
            value,
        });
        self
    }
}

fn owned<I>(values: I) -> Vec<String>
where
    I: IntoIterator,
    I::Item: Into<String>,
{
    values.into_iter().map(Into::into).collect()
}

/// Shows which fields are present, but not their values, because the values are not checked yet.
impl fmt::Debug for RegistrationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists = [
            (Field::RedirectUris, &self.redirect_uris),
            (Field::GrantTypes, &self.grant_types),
            (Field::ResponseTypes, &self.response_types),
            (Field::Contacts, &self.contacts),
        ];
        let texts = [
            (
                Field::TokenEndpointAuthMethod,
                &self.token_endpoint_auth_method,
            ),
            (Field::ApplicationType, &self.application_type),
            (Field::Scope, &self.scope),
            (Field::SoftwareId, &self.software_id),
            (Field::SoftwareVersion, &self.software_version),
        ];
        let lists = lists
            .into_iter()
            .filter(|(_, list)| list.is_some())
            .map(|(field, _)| field);
        let texts = texts
            .into_iter()
            .filter(|(_, text)| text.is_some())
            .map(|(field, _)| field);
        let localized = self.texts.iter().map(|text| text.field);
        f.debug_set()
            .entries(lists.chain(texts).chain(localized))
            .finish()
    }
}
