//! Reads a request from JSON: one object without duplicate members, limited in depth, and nothing after it.

mod error;
mod stopped;
mod value;

use std::{collections::BTreeSet, fmt};

pub use error::{BodyPosition, DecodeError};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use stopped::Stopped;
use value::{Shape, Value, ValueReader};

use crate::registration::{
    Field, MetadataError, MetadataFault, RegistrationRequest, request::RequestedText,
};

impl RegistrationRequest {
    /// Reads a request from the JSON in `body`.
    ///
    /// The work is linear in the length of `body`, so check the length before. Unknown members are ignored,
    /// but their JSON must be well-formed, and their numbers must be in the range of a double
    /// (RFC 8259 section 6).
    ///
    /// # Errors
    /// [`DecodeError`] if `body` is not one JSON object without duplicate members, or if a known member has
    /// the wrong JSON type.
    ///
    /// ```
    /// use oauth_dcr::{registration::DecodeError, RegistrationRequest};
    ///
    /// let body = br#"{"redirect_uris": ["https://app.example.com/cb"]}"#;
    /// assert!(RegistrationRequest::from_json(body).is_ok());
    ///
    /// let array = RegistrationRequest::from_json(b"[[\"https://evil.test/cb\"]]");
    /// assert_eq!(array, Err(DecodeError::NotAnObject));
    /// ```
    pub fn from_json(body: &[u8]) -> Result<Self, DecodeError> {
        let text = utf8(body)?;
        let mut reader = ObjectReader::default();
        let mut json = serde_json::Deserializer::from_str(text);
        if let Err(error) = json.deserialize_any(&mut reader) {
            return Err(match reader.stopped {
                Some(stopped) => stopped.at(BodyPosition::of(text, &error)),
                None => DecodeError::of_syntax(text, &error),
            });
        }
        json.end().map_err(|error| DecodeError::TextAfterObject {
            at: BodyPosition::of(text, &error),
        })?;
        reader.finish().map_err(DecodeError::Metadata)
    }
}

/// Reads the body as text.
fn utf8(body: &[u8]) -> Result<&str, DecodeError> {
    // RFC 8259 section 8.1.
    let is_marked = |mark: &&[u8]| body.starts_with(mark);
    let marks: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe"];
    if marks.iter().any(is_marked) {
        return Err(DecodeError::ByteOrderMark);
    }
    // In UTF-16 and UTF-32, the first two bytes of ASCII text have a zero.
    if matches!(body, [0, ..] | [_, 0, ..]) {
        return Err(DecodeError::NotUtf8);
    }
    let text = std::str::from_utf8(body).map_err(|_| DecodeError::NotUtf8)?;
    if text.trim_matches([' ', '\t', '\n', '\r']).is_empty() {
        return Err(DecodeError::Empty);
    }
    Ok(text)
}

/// Reads the members of the object into a request.
#[derive(Default)]
pub(super) struct ObjectReader {
    request: RegistrationRequest,
    stopped: Option<Stopped>,
    /// The error of the first known member with a wrong type. It is returned only after the whole JSON is
    /// read, because an error of the JSON itself comes first.
    first_error: Option<MetadataError>,
    /// The fields that were read, as one bit each.
    fields: u32,
    /// The names of the other members that were read.
    others: BTreeSet<String>,
}

impl<'de> Visitor<'de> for &mut ObjectReader {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key_seed(NameReader)? {
            if !self.is_new(&name) {
                self.stopped = Some(Stopped::Duplicate(name.field()));
                return Err(A::Error::custom("a duplicate member"));
            }
            let reader = ValueReader::of_member(name.shape(), &mut self.stopped);
            let value = members.next_value_seed(reader)?;
            if let Err(error) = self.request.set_member(name, value) {
                self.first_error.get_or_insert(error);
            }
        }
        Ok(())
    }
}

impl ObjectReader {
    /// The request, or the error of the first member with a wrong type.
    pub(super) fn finish(self) -> Result<RegistrationRequest, MetadataError> {
        match self.first_error {
            Some(error) => Err(error),
            None => Ok(self.request),
        }
    }

    /// Notes that `name` was read. Returns `false` if it is a duplicate.
    fn is_new(&mut self, name: &Name) -> bool {
        match name {
            Name::Field(field) => {
                let bit = 1 << *field as u32;
                let new = self.fields & bit == 0;
                self.fields |= bit;
                new
            }
            // Letter case carries no meaning in a language tag.
            Name::Tagged(field, tag) => self
                .others
                .insert(format!("{field}#{}", tag.to_ascii_lowercase())),
            Name::Other(name) => self.others.insert(name.clone()),
        }
    }
}

impl RegistrationRequest {
    fn set_member(&mut self, name: Name, value: Value) -> Result<(), MetadataError> {
        let (field, language) = match name {
            Name::Field(field) => (field, None),
            Name::Tagged(field, tag) => (field, Some(tag)),
            Name::Other(_) => return Ok(()),
        };
        match (value, shape_of(field)) {
            (Value::PrivateKey, _) => Err(MetadataError::new(field, MetadataFault::PrivateKey)),
            (Value::Null, _) | (_, Shape::KeySet) => Ok(()),
            (Value::Text(value), Shape::Text) => {
                self.set_text(field, language, value);
                Ok(())
            }
            (Value::Texts(Ok(texts)), Shape::Texts) => {
                self.set_list(field, texts);
                Ok(())
            }
            (Value::Texts(Err(index)), Shape::Texts) => {
                let expected = "a string";
                let fault = MetadataFault::WrongType { expected };
                Err(MetadataError::at(field, index, fault))
            }
            (_, shape) => {
                let expected = if shape == Shape::Texts {
                    "a list of strings"
                } else {
                    "a string"
                };
                let fault = MetadataFault::WrongType { expected };
                Err(MetadataError::new(field, fault))
            }
        }
    }

    fn set_text(&mut self, field: Field, language: Option<String>, value: String) {
        let slot = match field {
            Field::TokenEndpointAuthMethod => &mut self.token_endpoint_auth_method,
            Field::ApplicationType => &mut self.application_type,
            Field::Scope => &mut self.scope,
            Field::SoftwareId => &mut self.software_id,
            Field::SoftwareVersion => &mut self.software_version,
            _ => {
                return self.texts.push(RequestedText {
                    field,
                    language,
                    value,
                });
            }
        };
        *slot = Some(value);
    }

    fn set_list(&mut self, field: Field, values: Vec<String>) {
        let slot = match field {
            Field::GrantTypes => &mut self.grant_types,
            Field::ResponseTypes => &mut self.response_types,
            Field::Contacts => &mut self.contacts,
            _ => &mut self.redirect_uris,
        };
        *slot = Some(values);
    }
}

/// The name of a member.
enum Name {
    Field(Field),
    /// A human-readable field with a language tag, which is not checked yet.
    Tagged(Field, String),
    Other(String),
}

impl Name {
    fn read(name: &str) -> Self {
        if let Some(field) = Field::from_name(name) {
            return Self::Field(field);
        }
        match name
            .split_once('#')
            .map(|(name, tag)| (Field::from_name(name), tag))
        {
            Some((Some(field), tag)) if field.is_human_readable() => {
                Self::Tagged(field, tag.to_owned())
            }
            _ => Self::Other(name.to_owned()),
        }
    }

    fn field(&self) -> Option<Field> {
        match self {
            Self::Field(field) | Self::Tagged(field, _) => Some(*field),
            Self::Other(_) => None,
        }
    }

    fn shape(&self) -> Shape {
        self.field().map_or(Shape::Anything, shape_of)
    }
}

struct NameReader;

impl<'de> DeserializeSeed<'de> for NameReader {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameReader {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(Name::read(name))
    }
}

fn shape_of(field: Field) -> Shape {
    match field {
        Field::RedirectUris | Field::GrantTypes | Field::ResponseTypes | Field::Contacts => {
            Shape::Texts
        }
        Field::Jwks => Shape::KeySet,
        _ => Shape::Text,
    }
}
