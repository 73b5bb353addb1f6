//! Finding all that is wrong with a request: what is refused is taken out until the rest is accepted.

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

/// The most errors in an explanation. Each costs a look at the whole request.
const MOST_ERRORS: usize = 100;

/// What every policy accepts, in the place of redirect URIs that are refused: the fields after them are
/// looked at as well.
const STAND_IN: &str = "https://client.example/";

/// The body with this member alone.
pub(super) fn alone(name: &str, value: &Value) -> Vec<u8> {
    let member = Map::from_iter([(name.to_owned(), value.clone())]);
    serde_json::to_vec(&member).unwrap_or_default()
}

/// A request from which everything is taken out that is refused.
pub(super) struct Peeling {
    rest: RegistrationRequest,
    errors: Vec<(Place, MetadataError)>,
    /// The positions of the values that were taken out of each list, in ascending order.
    removed: BTreeMap<Field, Vec<usize>>,
    is_complete: bool,
}

impl Peeling {
    pub(super) fn new(request: RegistrationRequest) -> Self {
        Self {
            rest: request,
            errors: Vec::new(),
            removed: BTreeMap::new(),
            is_complete: true,
        }
    }

    /// Takes members and values of the wrong type out of `body`. Also gives its members.
    pub(super) fn of_json(body: &[u8]) -> Result<(Self, Map<String, Value>), DecodeError> {
        let mut peeling = Self::new(RegistrationRequest::default());
        let mut rest = Cow::Borrowed(body);
        let mut members = None;
        loop {
            match RegistrationRequest::from_json(&rest) {
                Ok(request) => {
                    peeling.rest = request;
                    let members = serde_json::from_slice(body).unwrap_or_default();
                    return Ok((peeling, members));
                }
                Err(DecodeError::Metadata(error)) if peeling.has_room() => {
                    let members: &mut Map<_, _> = members
                        .get_or_insert_with(|| serde_json::from_slice(body).unwrap_or_default());
                    peeling.take_out_member(members, error);
                    rest = Cow::Owned(serde_json::to_vec(members).unwrap_or_default());
                }
                // There are too many errors, and `peeling` says so.
                Err(DecodeError::Metadata(_)) => return Ok((peeling, Map::new())),
                Err(error) => return Err(error),
            }
        }
    }

    /// Notes `error`, and takes the member or the value at fault out of `members`.
    fn take_out_member(&mut self, members: &mut Map<String, Value>, error: MetadataError) {
        let field = error.field();
        let list = members
            .get_mut(field.as_str())
            .and_then(Value::as_array_mut);
        if let (Some(index), Some(list)) = (error.index(), list) {
            return self.take_out_value(list, index, || STAND_IN.into(), &error);
        }
        let is_at_fault = |(name, value): &(&String, &Value)| {
            let is_it = field_named(name).is_some_and(|(it, _)| it == field);
            is_it && RegistrationRequest::from_json(&alone(name, value)).is_err()
        };
        let found = members.iter().find(is_at_fault);
        let found = found.map(|(name, _)| name.clone());
        let place = found.as_deref().and_then(field_named);
        match found {
            Some(name) if field == Field::RedirectUris => {
                members.insert(name, vec![STAND_IN].into());
            }
            Some(name) => {
                members.remove(&name);
            }
            None => self.is_complete = false,
        }
        self.errors.push((place.unwrap_or((field, None)), error));
    }

    /// Notes `error`, and takes the value at `index` out of a list, which is never left empty if it has to
    /// have a value.
    fn take_out_value<T>(
        &mut self,
        list: &mut Vec<T>,
        index: usize,
        stand_in: impl Fn() -> T,
        error: &MetadataError,
    ) {
        if index < list.len() {
            list.remove(index);
        } else {
            self.is_complete = false;
        }
        if list.is_empty() && error.field() == Field::RedirectUris {
            list.push(stand_in());
        }
        let removed = self.removed.entry(error.field()).or_default();
        let mut position = index;
        for gone in removed.iter() {
            if *gone <= position {
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
        self.is_complete &= self.errors.len() < MOST_ERRORS;
        self.is_complete
    }

    /// Takes out all that `settings` refuse, and registers the rest. `None` if there are too many errors.
    fn peel(&mut self, settings: &RegistrationSettings) -> Option<ClientMetadata> {
        while self.has_room() {
            let error = match self.rest.clone().apply(settings) {
                Ok(metadata) => return Some(metadata),
                Err(error) => error,
            };
            let before = self.rest.clone();
            self.take_out(settings, error);
            // What can't be taken out would be found again and again.
            self.is_complete &= self.rest != before;
        }
        None
    }

    /// Notes `error`, and takes what is at fault out of the rest.
    fn take_out(&mut self, settings: &RegistrationSettings, error: MetadataError) {
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
                self.take_out_value(&mut list, index, || STAND_IN.to_owned(), &error);
                if let Some(place) = self.rest.list_mut(field) {
                    *place = Some(list);
                }
                return;
            }
            (_, None) if field == Field::RedirectUris => {
                self.rest.redirect_uris = Some(vec![STAND_IN.to_owned()]);
            }
            (_, None) if field.is_human_readable() => {
                let is_refused = |text: &RequestedText| {
                    let mut request = RegistrationRequest::new([STAND_IN]);
                    request.texts.push(text.clone());
                    request.apply(settings).is_err()
                };
                let texts = &mut self.rest.texts;
                let at = texts
                    .iter()
                    .position(|it| it.field == field && is_refused(it));
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
        unsupported.peel(&strict);
        let metadata = self.peel(settings);

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
                explanation.judged(place, value.as_ref(), registered, dropped);
            }
        }
        explanation
    }
}
