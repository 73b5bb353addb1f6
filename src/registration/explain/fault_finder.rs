//! Finds all faults of a request: it removes refused values until the rest is accepted.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value};

use crate::{
    registration::{
        ClientMetadata, DecodeError, Field, MetadataError, MetadataExplanation, MetadataFault,
        RegistrationRequest,
        explain::place::{Place, field_named},
        request::RequestedText,
    },
    settings::{RefusedRedirectUris, RegistrationSettings, Unsupported},
};

/// The largest number of errors in an explanation. For each error, the whole request is checked again.
const MAX_ERRORS: usize = 100;

/// A redirect URI that every policy accepts. It replaces refused redirect URIs, so that the fields after them
/// are checked too.
const PLACEHOLDER_URI: &str = "https://client.example/";

/// A body with only this member.
pub(super) fn single_member(name: &str, value: &Value) -> Vec<u8> {
    let member = Map::from_iter([(name.to_owned(), value.clone())]);
    serde_json::to_vec(&member).unwrap_or_default()
}

/// A request from which refused values are removed, with the errors that were found.
pub(super) struct FaultFinder {
    rest: RegistrationRequest,
    errors: Vec<(Place, MetadataError)>,
    /// The original positions of the values that were removed from each list, in ascending order.
    removed: BTreeMap<Field, Vec<usize>>,
    is_complete: bool,
}

impl FaultFinder {
    pub(super) fn new(request: RegistrationRequest) -> Self {
        Self {
            rest: request,
            errors: Vec::new(),
            removed: BTreeMap::new(),
            is_complete: true,
        }
    }

    /// Removes members and values of the wrong type from `body`. Also returns the members of `body`.
    pub(super) fn of_json(body: &[u8]) -> Result<(Self, Map<String, Value>), DecodeError> {
        let mut finder = Self::new(RegistrationRequest::default());
        let mut rest = Cow::Borrowed(body);
        let mut members = None;
        loop {
            match RegistrationRequest::from_json(&rest) {
                Ok(request) => {
                    finder.rest = request;
                    let members = serde_json::from_slice(body).unwrap_or_default();
                    return Ok((finder, members));
                }
                Err(DecodeError::Metadata(error)) if finder.has_room() => {
                    let members: &mut Map<_, _> = members
                        .get_or_insert_with(|| serde_json::from_slice(body).unwrap_or_default());
                    finder.remove_member(members, error);
                    rest = Cow::Owned(serde_json::to_vec(members).unwrap_or_default());
                }
                // There are too many errors, so `finder` is not complete.
                Err(DecodeError::Metadata(_)) => return Ok((finder, Map::new())),
                Err(error) => return Err(error),
            }
        }
    }

    /// Notes `error`, and removes the member or the value at fault from `members`.
    fn remove_member(&mut self, members: &mut Map<String, Value>, error: MetadataError) {
        let field = error.field();
        let list = members
            .get_mut(field.as_str())
            .and_then(Value::as_array_mut);
        if let (Some(index), Some(list)) = (error.index(), list) {
            return self.remove_value(list, index, || PLACEHOLDER_URI.into(), &error);
        }
        let is_at_fault = |(name, value): &(&String, &Value)| {
            let has_field = field_named(name).is_some_and(|(named, _)| named == field);
            has_field && RegistrationRequest::from_json(&single_member(name, value)).is_err()
        };
        let found = members.iter().find(is_at_fault);
        let found = found.map(|(name, _)| name.clone());
        let place = found.as_deref().and_then(field_named);
        match found {
            Some(name) if field == Field::RedirectUris => {
                members.insert(name, vec![PLACEHOLDER_URI].into());
            }
            Some(name) => {
                members.remove(&name);
            }
            None => self.is_complete = false,
        }
        self.errors.push((place.unwrap_or((field, None)), error));
    }

    /// Notes `error`, and removes the value at `index` from a list. If the list becomes empty but requires a
    /// value, `placeholder` is added.
    fn remove_value<T>(
        &mut self,
        list: &mut Vec<T>,
        index: usize,
        placeholder: impl Fn() -> T,
        error: &MetadataError,
    ) {
        if index < list.len() {
            list.remove(index);
        } else {
            self.is_complete = false;
        }
        if list.is_empty() && error.field() == Field::RedirectUris {
            list.push(placeholder());
        }
        let removed = self.removed.entry(error.field()).or_default();
        let mut position = index;
        for earlier in removed.iter() {
            if *earlier <= position {
                position = position.saturating_add(1);
            }
        }
        removed.push(position);
        removed.sort_unstable();
        let error = MetadataError::at(error.field(), position, error.fault().clone());
        self.errors.push(((error.field(), None), error));
    }

    /// Whether to look for more errors.
    fn has_room(&mut self) -> bool {
        self.is_complete &= self.errors.len() < MAX_ERRORS;
        self.is_complete
    }

    /// Removes all values that `settings` refuse, and returns the metadata of the rest. The result is `None`
    /// if there are too many errors.
    fn remove_faults(&mut self, settings: &RegistrationSettings) -> Option<ClientMetadata> {
        while self.has_room() {
            let error = match self.rest.clone().apply(settings) {
                Ok(metadata) => return Some(metadata),
                Err(error) => error,
            };
            let before = self.rest.clone();
            self.remove_fault(settings, error);
            // A fault that can't be removed would be found again and again.
            self.is_complete &= self.rest != before;
        }
        None
    }

    /// Notes `error`, and removes the value at fault from the rest.
    fn remove_fault(&mut self, settings: &RegistrationSettings, error: MetadataError) {
        let field = error.field();
        let mut language = None;
        match (error.fault(), error.index()) {
            (MetadataFault::TooMany { max }, _) if field.is_human_readable() => {
                self.rest.texts.truncate(*max);
            }
            (MetadataFault::TooMany { max }, _) => {
                if let Some(Some(list)) = self.rest.list_mut(field) {
                    list.truncate(*max);
                }
            }
            (_, Some(index)) => {
                let list = self.rest.list_mut(field).and_then(Option::take);
                let mut list = list.unwrap_or_default();
                self.remove_value(&mut list, index, || PLACEHOLDER_URI.to_owned(), &error);
                if let Some(place) = self.rest.list_mut(field) {
                    *place = Some(list);
                }
                return;
            }
            (_, None) if field == Field::RedirectUris => {
                self.rest.redirect_uris = Some(vec![PLACEHOLDER_URI.to_owned()]);
            }
            (_, None) if field.is_human_readable() => {
                let is_refused = |text: &RequestedText| {
                    let mut request = RegistrationRequest::new([PLACEHOLDER_URI]);
                    request.texts.push(text.clone());
                    request.apply(settings).is_err()
                };
                let texts = &mut self.rest.texts;
                let at = texts
                    .iter()
                    .position(|text| text.field == field && is_refused(text));
                language = at.and_then(|at| texts.remove(at).language);
            }
            (_, None) => self.rest.remove(field),
        }
        self.errors.push(((field, language), error));
    }

    pub(super) fn explain(mut self, settings: &RegistrationSettings) -> MetadataExplanation {
        let requested = self.rest.clone();
        let strict = RegistrationSettings {
            unsupported_grant_types: Unsupported::Reject,
            unsupported_response_types: Unsupported::Reject,
            refused_redirect_uris: RefusedRedirectUris::Reject,
            ..settings.clone()
        };
        let mut unsupported = Self::new(requested.clone());
        unsupported.remove_faults(&strict);
        let metadata = self.remove_faults(settings);

        let mut explanation = MetadataExplanation {
            fields: Vec::new(),
            ignored: Vec::new(),
            is_complete: self.is_complete && unsupported.is_complete,
        };
        for (place, error) in self.errors {
            explanation.refused(place, error);
        }
        if let Some(metadata) = metadata {
            for (place, value) in requested.values() {
                let registered = metadata.registered(&place);
                let dropped = unsupported.errors.iter().map(|(_, error)| error);
                explanation.registered(place, value.as_ref(), registered, dropped);
            }
        }
        explanation
    }
}
