//! What becomes of each field of a request, for people who ask why it is refused.
//!
//! No rule is written here. [`RegistrationSettings::apply`] is asked: what it refuses is noted and taken
//! out of the request, until it accepts the rest. So an explanation says what registration does.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde_json::{Map, Value};

use crate::{
    registration::{
        ClientMetadata, DecodeError, Field, MetadataError, MetadataFault, RegistrationRequest,
        request::RequestedText,
    },
    settings::{RefusedRedirectUris, RegistrationSettings, Unsupported},
};

/// The most errors in an explanation. Each costs a look at the whole request.
const MOST_ERRORS: usize = 100;

/// The most names of ignored members in an explanation.
const MOST_NAMES: usize = 100;

/// The most characters of a name that are printed.
const MOST_CHARACTERS: usize = 64;

/// What every policy accepts, in the place of redirect URIs that are refused: the fields after them are
/// looked at as well.
const STAND_IN: &str = "https://client.example/";

/// What becomes of each field of a registration request. `Display` prints a line for each, and one for
/// each value that is refused or dropped.
///
/// It holds values and names of the client's own: show it to the tenant's owner, or to the developer of the
/// client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetadataExplanation {
    /// The fields that the request has, and those that have a default. Refused ones come first, in the order
    /// in which registration would refuse them.
    pub fields: Vec<FieldExplanation>,
    /// The names of members that are ignored: not stored, not returned. 100 at the most.
    pub ignored: Vec<String>,
    /// Whether everything is said: there are at most 100 errors and 100 names of ignored members.
    pub is_complete: bool,
}

/// What becomes of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldExplanation {
    /// The field.
    pub field: Field,
    /// The language tag after the `#`, as the client wrote it.
    pub language: Option<String>,
    /// What becomes of it.
    pub outcome: FieldOutcome,
}

/// What becomes of a field of a registration request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldOutcome {
    /// The request is refused, for each of these reasons.
    Refused(Vec<MetadataError>),
    /// The field is registered as it was sent.
    Accepted,
    /// The field is registered with another value.
    AcceptedAs {
        /// The value, as JSON.
        value: String,
        /// The values of a list that are dropped.
        dropped: Vec<DroppedValue>,
    },
    /// The request does not have the field, which gets a default.
    Default {
        /// The value, as JSON.
        value: String,
    },
    /// The value is empty or `null`, and counts as left out.
    LeftOut,
}

/// A value of a list that is not registered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DroppedValue {
    /// Its position in the list, from 0.
    pub index: usize,
    /// What is wrong with it; `None` if an earlier value is the same.
    pub fault: Option<MetadataFault>,
}

impl MetadataExplanation {
    /// What registration answers; `None` if it accepts the request.
    pub fn error(&self) -> Option<&MetadataError> {
        match &self.fields.first()?.outcome {
            FieldOutcome::Refused(errors) => errors.first(),
            _ => None,
        }
    }
}

impl RegistrationSettings {
    /// Says what [`apply`](Self::apply) does with each field of `request`, and finds all that is wrong with
    /// it instead of the first fault.
    ///
    /// ```
    /// use oauth_dcr::{RegistrationRequest, RegistrationSettings};
    ///
    /// let request = RegistrationRequest::new(["http://app.example.com/cb", "file:///etc/passwd"])
    ///     .grant_types(["authorization_code", "password"]);
    /// let explanation = RegistrationSettings::default().explain(&request);
    /// assert_eq!(explanation.error().unwrap().index(), Some(0));
    /// let text = explanation.to_string();
    /// assert!(text.contains("redirect_uris: refused: scheme_not_allowed at 1"), "{text}");
    /// assert!(text.contains(r#"grant_types: accepted as ["authorization_code"]"#), "{text}");
    /// ```
    pub fn explain(&self, request: &RegistrationRequest) -> MetadataExplanation {
        Peeling::new(request.clone()).explain(self)
    }

    /// The same for the JSON of a request. Unlike [`explain`](Self::explain) it names the members that are
    /// ignored, and finds every member of the wrong type. The length of `body` is not checked.
    ///
    /// # Errors
    /// [`DecodeError`] if `body` is not one JSON object without duplicate members.
    pub fn explain_json(&self, body: &[u8]) -> Result<MetadataExplanation, DecodeError> {
        let (peeling, members) = Peeling::of_json(body)?;
        let mut explanation = peeling.explain(self);
        for (name, value) in &members {
            let is_ignored = RegistrationRequest::from_json(&alone(name, value))
                == Ok(RegistrationRequest::default());
            match field_named(name) {
                Some(place) if is_ignored && value.is_null() => explanation.left_out(place),
                _ if !is_ignored => {}
                _ if explanation.ignored.len() < MOST_NAMES => {
                    explanation.ignored.push(name.clone());
                }
                _ => explanation.is_complete = false,
            }
        }
        Ok(explanation)
    }
}

/// A field, and the language tag of its member.
type Place = (Field, Option<String>);

/// The body with this member alone.
fn alone(name: &str, value: &Value) -> Vec<u8> {
    let member = Map::from_iter([(name.to_owned(), value.clone())]);
    serde_json::to_vec(&member).unwrap_or_default()
}

/// The field that a member of this name would be.
fn field_named(name: &str) -> Option<Place> {
    let (base, language) = match name.split_once('#') {
        Some((base, language)) => (base, Some(language.to_owned())),
        None => (name, None),
    };
    let field = Field::from_name(base)?;
    let is_field = language.is_none() || field.is_human_readable();
    is_field.then_some((field, language))
}

/// A request from which everything is taken out that is refused.
struct Peeling {
    rest: RegistrationRequest,
    errors: Vec<(Place, MetadataError)>,
    /// The positions of the values that were taken out of each list, in ascending order.
    removed: BTreeMap<Field, Vec<usize>>,
    is_complete: bool,
}

impl Peeling {
    fn new(request: RegistrationRequest) -> Self {
        Self {
            rest: request,
            errors: Vec::new(),
            removed: BTreeMap::new(),
            is_complete: true,
        }
    }

    /// Takes members and values of the wrong type out of `body`. Also gives its members.
    fn of_json(body: &[u8]) -> Result<(Self, Map<String, Value>), DecodeError> {
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
            let error = match settings.apply(self.rest.clone()) {
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
                    settings.apply(request).is_err()
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

    fn explain(mut self, settings: &RegistrationSettings) -> MetadataExplanation {
        let given = self.rest.clone();
        let strict = RegistrationSettings {
            unsupported_grant_types: Unsupported::Reject,
            unsupported_response_types: Unsupported::Reject,
            refused_redirect_uris: RefusedRedirectUris::Refuse,
            ..settings.clone()
        };
        let mut unsupported = Self::new(given.clone());
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
            for (place, given) in given.values() {
                let registered = metadata.registered(&place);
                let dropped = unsupported.errors.iter().map(|(_, error)| error);
                explanation.judged(place, given.as_ref(), registered, dropped);
            }
        }
        explanation
    }
}

impl MetadataExplanation {
    fn position(&self, place: &Place) -> Option<usize> {
        let is_it = |it: &FieldExplanation| (it.field, &it.language) == (place.0, &place.1);
        self.fields.iter().position(is_it)
    }

    fn push(&mut self, (field, language): Place, outcome: FieldOutcome) {
        self.fields.push(FieldExplanation {
            field,
            language,
            outcome,
        });
    }

    fn refused(&mut self, place: Place, error: MetadataError) {
        let at = self.position(&place);
        let outcome = at.and_then(|at| self.fields.get_mut(at));
        match outcome.map(|it| &mut it.outcome) {
            Some(FieldOutcome::Refused(errors)) => errors.push(error),
            _ => self.push(place, FieldOutcome::Refused(vec![error])),
        }
    }

    fn left_out(&mut self, place: Place) {
        if self.position(&place).is_none() {
            self.push(place, FieldOutcome::LeftOut);
        }
    }

    /// Says how a field that is not refused is registered.
    fn judged<'a>(
        &mut self,
        place: Place,
        given: Option<&Given>,
        registered: Option<Given>,
        errors: impl Iterator<Item = &'a MetadataError>,
    ) {
        if self.position(&place).is_some() {
            return;
        }
        let outcome = match (given, registered) {
            (None, None) => return,
            (Some(_), None) => FieldOutcome::LeftOut,
            (None, Some(value)) => FieldOutcome::Default {
                value: value.to_json(),
            },
            (Some(given), Some(value)) if *given == value => FieldOutcome::Accepted,
            (Some(given), Some(value)) => FieldOutcome::AcceptedAs {
                value: value.to_json(),
                dropped: given.dropped(place.0, errors),
            },
        };
        self.push(place, outcome);
    }
}

/// A value, as a request has it or as it is registered.
#[derive(PartialEq, Eq)]
enum Given {
    Text(String),
    List(Vec<String>),
}

impl Given {
    fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        Self::List(values.into_iter().map(str::to_owned).collect())
    }

    fn to_json(&self) -> String {
        let json = match self {
            Self::Text(text) => serde_json::to_string(text),
            Self::List(list) => serde_json::to_string(list),
        };
        json.unwrap_or_default()
    }

    /// The values of the list that are at fault by `errors`, or the same as an earlier one.
    fn dropped<'a>(
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
        for (index, value) in list.iter().enumerate() {
            if list.iter().take(index).any(|earlier| earlier == value) {
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
    fn list_mut(&mut self, field: Field) -> Option<&mut Option<Vec<String>>> {
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

    /// Leaves out a field that has no languages.
    fn remove(&mut self, field: Field) {
        if let Some(list) = self.list_mut(field) {
            *list = None;
        } else if let Some(text) = self.text_mut(field) {
            *text = None;
        }
    }

    /// Each field, in the order of RFC 7591 section 2, with its value if the request has one.
    fn values(mut self) -> Vec<(Place, Option<Given>)> {
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
                    (place, Some(Given::Text(text.value)))
                }));
            } else if let Some(list) = self.list_mut(field) {
                values.push(((field, None), list.take().map(Given::List)));
            } else if let Some(text) = self.text_mut(field) {
                values.push(((field, None), text.take().map(Given::Text)));
            }
        }
        values
    }
}

impl ClientMetadata {
    /// The value that is registered for a field, if there is one.
    fn registered(&self, (field, language): &Place) -> Option<Given> {
        let text = |text: &str| Given::Text(text.to_owned());
        let words = |words: &mut dyn Iterator<Item = &'static str>| Given::list(words);
        match field {
            Field::RedirectUris => Some(Given::list(
                self.redirect_uris().iter().map(|uri| uri.as_str()),
            )),
            Field::TokenEndpointAuthMethod => {
                Some(text(self.token_endpoint_auth_method().as_str()))
            }
            Field::GrantTypes => Some(words(&mut self.grant_types().iter().map(|it| it.as_str()))),
            Field::ResponseTypes => Some(words(
                &mut self.response_types().iter().map(|it| it.as_str()),
            )),
            Field::ApplicationType => self.application_type().map(|it| text(it.as_str())),
            Field::Contacts => {
                Some(Given::list(self.contacts())).filter(|_| !self.contacts.is_empty())
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
                let found = texts.find(|it| {
                    let own = it.language().map(|tag| tag.as_str());
                    it.field() == *field && tag(own) == tag(language.as_deref())
                });
                found.map(|it| text(it.value()))
            }
        }
    }
}

impl fmt::Display for MetadataExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields.iter().try_for_each(|field| field.fmt(f))?;
        for name in &self.ignored {
            writeln!(f, "  {}: ignored, not stored", Printed(name))?;
        }
        if !self.is_complete {
            writeln!(f, "  and more")?;
        }
        Ok(())
    }
}

impl fmt::Display for FieldExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = self.field.to_string();
        if let Some(language) = &self.language {
            name = format!("{name}#{}", Printed(language));
        }
        match &self.outcome {
            FieldOutcome::Refused(errors) => errors.iter().try_for_each(|error| {
                let (rule, fault) = (error.fault().rule(), error.fault());
                match error.index() {
                    Some(index) => writeln!(f, "  {name}: refused: {rule} at {index}: {fault}"),
                    None => writeln!(f, "  {name}: refused: {rule}: {fault}"),
                }
            }),
            FieldOutcome::Accepted => writeln!(f, "  {name}: accepted"),
            FieldOutcome::AcceptedAs { value, dropped } => {
                writeln!(f, "  {name}: accepted as {value}")?;
                dropped.iter().try_for_each(|it| match &it.fault {
                    Some(fault) => {
                        writeln!(f, "    {} is dropped: {}: {fault}", it.index, fault.rule())
                    }
                    None => writeln!(
                        f,
                        "    {} is dropped: an earlier value is the same",
                        it.index
                    ),
                })
            }
            FieldOutcome::Default { value } => {
                writeln!(f, "  {name}: not given, by default {value}")
            }
            FieldOutcome::LeftOut => writeln!(f, "  {name}: empty, counts as left out"),
        }
    }
}

/// A name that the client chose: shortened, and without characters that a terminal would obey.
struct Printed<'a>(&'a str);

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(MOST_CHARACTERS) {
            write!(f, "{}", character.escape_debug())?;
        }
        f.write_str(if characters.next().is_some() {
            "…"
        } else {
            ""
        })
    }
}
