//! The values of a request's fields, as they were sent and as they are registered.

use std::collections::{BTreeMap, HashSet};

use crate::{
    redirect_uri::RedirectUri,
    registration::{
        ClientMetadata, DroppedValue, Field, MetadataError, RegistrationRequest,
        explain::place::Place,
    },
    types::{GrantType, LanguageTag, ResponseType},
};

/// The value of a field, in a request or in registered metadata.
#[derive(PartialEq, Eq)]
pub(super) enum FieldValue {
    Text(String),
    List(Vec<String>),
}

impl FieldValue {
    fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        Self::List(values.into_iter().map(str::to_owned).collect())
    }

    pub(super) fn to_json(&self) -> String {
        let json = match self {
            Self::Text(text) => serde_json::to_string(text),
            Self::List(list) => serde_json::to_string(list),
        };
        json.unwrap_or_default()
    }

    /// The values of the list that have an error in `errors`, or are duplicates of earlier values.
    pub(super) fn dropped<'a>(
        &self,
        field: Field,
        errors: impl Iterator<Item = &'a MetadataError>,
    ) -> Vec<DroppedValue> {
        let Self::List(list) = self else {
            return Vec::new();
        };
        let errors = errors.filter(|error| error.field() == field);
        let at_fault = errors.filter_map(|error| {
            let (index, fault) = (error.index()?, Some(error.fault().clone()));
            Some((index, DroppedValue { index, fault }))
        });
        let mut dropped: BTreeMap<_, _> = at_fault.collect();
        let mut earlier: HashSet<&str> = HashSet::new();
        for (index, value) in list.iter().enumerate() {
            if !earlier.insert(value) {
                let fault = None;
                dropped
                    .entry(index)
                    .or_insert(DroppedValue { index, fault });
            }
        }
        dropped.into_values().collect()
    }
}

impl RegistrationRequest {
    pub(super) fn list_mut(&mut self, field: Field) -> Option<&mut Option<Vec<String>>> {
        match field {
            Field::RedirectUris => Some(&mut self.redirect_uris),
            Field::GrantTypes => Some(&mut self.grant_types),
            Field::ResponseTypes => Some(&mut self.response_types),
            Field::Contacts => Some(&mut self.contacts),
            _ => None,
        }
    }

    fn text_mut(&mut self, field: Field) -> Option<&mut Option<String>> {
        match field {
            Field::TokenEndpointAuthMethod => Some(&mut self.token_endpoint_auth_method),
            Field::ApplicationType => Some(&mut self.application_type),
            Field::Scope => Some(&mut self.scope),
            Field::SoftwareId => Some(&mut self.software_id),
            Field::SoftwareVersion => Some(&mut self.software_version),
            _ => None,
        }
    }

    /// Removes a field that has no languages.
    pub(super) fn remove(&mut self, field: Field) {
        if let Some(list) = self.list_mut(field) {
            *list = None;
        } else if let Some(text) = self.text_mut(field) {
            *text = None;
        }
    }

    /// Each field in the order of RFC 7591 section 2, with its value if the request has the field.
    pub(super) fn values(mut self) -> Vec<(Place, Option<FieldValue>)> {
        let mut texts = std::mem::take(&mut self.texts).into_iter();
        let mut values = Vec::new();
        for field in [
            Field::RedirectUris,
            Field::TokenEndpointAuthMethod,
            Field::GrantTypes,
            Field::ResponseTypes,
            Field::ApplicationType,
            Field::ClientName,
            Field::Contacts,
            Field::Scope,
            Field::SoftwareId,
            Field::SoftwareVersion,
        ] {
            if field.is_human_readable() {
                values.extend(texts.by_ref().map(|text| {
                    let place = (text.field, text.language);
                    (place, Some(FieldValue::Text(text.value)))
                }));
            } else if let Some(list) = self.list_mut(field) {
                values.push(((field, None), list.take().map(FieldValue::List)));
            } else if let Some(text) = self.text_mut(field) {
                values.push(((field, None), text.take().map(FieldValue::Text)));
            }
        }
        values
    }
}

impl ClientMetadata {
    /// The registered value of a field, if there is one.
    pub(super) fn registered(&self, (field, language): &Place) -> Option<FieldValue> {
        let text = |text: &str| FieldValue::Text(text.to_owned());
        match field {
            Field::RedirectUris => Some(FieldValue::list(
                self.redirect_uris().iter().map(RedirectUri::as_str),
            )),
            Field::TokenEndpointAuthMethod => {
                Some(text(self.token_endpoint_auth_method().as_str()))
            }
            Field::GrantTypes => Some(FieldValue::list(
                self.grant_types().iter().map(GrantType::as_str),
            )),
            Field::ResponseTypes => Some(FieldValue::list(
                self.response_types().iter().map(ResponseType::as_str),
            )),
            Field::ApplicationType => self.application_type().map(|kind| text(kind.as_str())),
            Field::Contacts => {
                Some(FieldValue::list(self.contacts())).filter(|_| !self.contacts.is_empty())
            }
            Field::Scope => self.scope().map(|scope| text(scope.as_str())),
            Field::SoftwareId => self.software_id().map(text),
            Field::SoftwareVersion => self.software_version().map(text),
            Field::Jwks => None,
            Field::ClientName
            | Field::ClientUri
            | Field::LogoUri
            | Field::PolicyUri
            | Field::TosUri => {
                let tag = |tag: Option<&str>| tag.map(str::to_ascii_lowercase);
                let mut texts = self.texts().iter();
                let found = texts.find(|text| {
                    let registered = text.language().map(LanguageTag::as_str);
                    text.field() == *field && tag(registered) == tag(language.as_deref())
                });
                found.map(|found| text(found.value()))
            }
        }
    }
}
