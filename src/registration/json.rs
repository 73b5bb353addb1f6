//! Reading a request from JSON: one object, no duplicate member, bounded in depth, nothing after it.

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
    /// Work is linear in the length of `body`; bound that before. Members that this crate does not
    /// know are passed over, though the JSON in them has to be well-formed, and its numbers within
    /// the range of a double (RFC 8259 section 6).
    ///
    /// # Errors
    /// [`DecodeError`]: anything but one JSON object without duplicate members, or a known member
    /// of the wrong JSON type.
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

/// The text of a body.
fn utf8(body: &[u8]) -> Result<&str, DecodeError> {
    // RFC 8259 section 8.1.
    let is_marked = |mark: &&[u8]| body.starts_with(mark);
    let marks: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe"];
    if marks.iter().any(is_marked) {
        return Err(DecodeError::ByteOrderMark);
    }
    // ASCII in UTF-16 or UTF-32 has a zero beside it.
    if matches!(body, [0, ..] | [_, 0, ..]) {
        return Err(DecodeError::NotUtf8);
    }
    let text = std::str::from_utf8(body).map_err(|_| DecodeError::NotUtf8)?;
    if text.trim_matches([' ', '\t', '\n', '\r']).is_empty() {
        return Err(DecodeError::Empty);
    }
    Ok(text)
}

/// Reads the members of the one object into a request.
#[derive(Default)]
pub(super) struct ObjectReader {
    request: RegistrationRequest,
    stopped: Option<Stopped>,
    /// The first known member that does not fit. It counts once the JSON is read to its end.
    misfit: Option<MetadataError>,
    /// The fields that came, a bit each.
    fields: u32,
    /// The other members that came.
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
                return Err(A::Error::custom("a member is duplicate"));
            }
            let reader = ValueReader::of_member(name.shape(), &mut self.stopped);
            let value = members.next_value_seed(reader)?;
            if let Err(misfit) = self.request.keep(name, value) {
                self.misfit.get_or_insert(misfit);
            }
        }
        Ok(())
    }
}

impl ObjectReader {
    /// The request that was read to its end, or the first member that does not fit.
    pub(super) fn finish(self) -> Result<RegistrationRequest, MetadataError> {
        match self.misfit {
            Some(misfit) => Err(misfit),
            None => Ok(self.request),
        }
    }

    /// Notes that `name` came; `false` if it had come before.
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
    fn keep(&mut self, name: Name, value: Value) -> Result<(), MetadataError> {
        let (field, language) = match name {
            Name::Field(field) => (field, None),
            Name::Tagged(field, tag) => (field, Some(tag)),
            Name::Other(_) => return Ok(()),
        };
        match (value, shape_of(field)) {
            (Value::PrivateKey, _) => Err(MetadataError::new(field, MetadataFault::PrivateKey)),
            (Value::Null, _) | (_, Shape::KeySet) => Ok(()),
            (Value::Text(value), Shape::Text) => {
                self.keep_text(field, language, value);
                Ok(())
            }
            (Value::Texts(Ok(texts)), Shape::Texts) => {
                self.keep_texts(field, texts);
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

    fn keep_text(&mut self, field: Field, language: Option<String>, value: String) {
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

    fn keep_texts(&mut self, field: Field, values: Vec<String>) {
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
