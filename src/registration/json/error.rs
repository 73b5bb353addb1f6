use std::fmt;

use crate::registration::{Field, MetadataError};

/// A body is not a registration request.
///
/// Its `Display` is safe to send and to log: it never holds the client's own text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There is no body, or only white space in it.
    #[error("the body is empty; send the client's metadata as a JSON object")]
    Empty,
    /// The bytes begin with a byte order mark of UTF-8 or UTF-16.
    #[error("the body begins with a byte order mark; send UTF-8 without it")]
    ByteOrderMark,
    /// The bytes are not UTF-8.
    #[error("the body is not UTF-8; send the JSON in UTF-8")]
    NotUtf8,
    /// The text is a form, `name=value`, where JSON is declared.
    #[error("the body is a form; send the client's metadata as a JSON object")]
    Form,
    /// The text is not JSON.
    #[error("the body is not JSON: there is a syntax error at {at}")]
    NotJson {
        /// Where reading stopped.
        at: BodyPosition,
    },
    /// A string has an escape that stands for no character, such as half of a surrogate pair.
    #[error(
        "the body is not JSON: there is an invalid escape at {at}; write the character itself, or a \
         valid escape"
    )]
    InvalidEscape {
        /// Where the escape ends.
        at: BodyPosition,
    },
    /// A number is beyond the range of a double.
    #[error("the JSON has a number that is out of range, at {at}; send a smaller number or none")]
    NumberOutOfRange {
        /// Where the number ends.
        at: BodyPosition,
    },
    /// The JSON is something else than an object.
    #[error("the body is not a JSON object; send the client's metadata as one object")]
    NotAnObject,
    /// Something follows the object.
    #[error(
        "the body goes on after the JSON object, at {at}; send one object and nothing after it"
    )]
    TextAfterObject {
        /// Where it begins.
        at: BodyPosition,
    },
    /// A member is a duplicate; two readers could pick different ones.
    #[error(
        "the JSON object has {} twice, the second time at {at}; send it once",
        Member(*field)
    )]
    DuplicateMember {
        /// Which one, if it is one that this crate reads.
        field: Option<Field>,
        /// Where the second name ends.
        at: BodyPosition,
    },
    /// The JSON nests deeper than 32 levels.
    #[error("the JSON nests too deeply at {at}; send at most 32 levels")]
    TooDeep {
        /// Where the first level too many begins.
        at: BodyPosition,
    },
    /// It is an object, but a member has the wrong type, or leaks a key.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

impl DecodeError {
    /// The field at fault, if it is one that this crate reads.
    pub const fn field(&self) -> Option<Field> {
        match self {
            Self::Empty
            | Self::ByteOrderMark
            | Self::NotUtf8
            | Self::Form
            | Self::NotJson { .. }
            | Self::InvalidEscape { .. }
            | Self::NumberOutOfRange { .. }
            | Self::NotAnObject
            | Self::TextAfterObject { .. }
            | Self::TooDeep { .. } => None,
            Self::DuplicateMember { field, .. } => *field,
            Self::Metadata(error) => Some(error.field()),
        }
    }

    /// The stable name of the rule that refused, for programs.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Empty => "empty_body",
            Self::ByteOrderMark => "byte_order_mark",
            Self::NotUtf8 => "not_utf8",
            Self::Form => "form_body",
            Self::NotJson { .. } => "not_json",
            Self::InvalidEscape { .. } => "invalid_escape",
            Self::NumberOutOfRange { .. } => "number_out_of_range",
            Self::NotAnObject => "not_an_object",
            Self::TextAfterObject { .. } => "text_after_object",
            Self::DuplicateMember { .. } => "duplicate_member",
            Self::TooDeep { .. } => "nested_too_deeply",
            Self::Metadata(error) => error.fault().rule(),
        }
    }

    /// The fault of a text that serde_json refuses as JSON.
    ///
    /// serde_json tells its syntax errors apart in words only. Where a release words one differently, the
    /// client is still told of a syntax error and its position.
    pub(super) fn of_syntax(text: &str, error: &serde_json::Error) -> Self {
        let at = BodyPosition::of(text, error);
        let words = error.to_string();
        let begins = |starts: &[&str]| starts.iter().any(|start| words.starts_with(start));
        if is_form(text) {
            Self::Form
        } else if error.is_data() {
            Self::NotAnObject
        } else if begins(&["number out of range"]) {
            Self::NumberOutOfRange { at }
        } else if begins(&[
            "invalid escape",
            "lone leading surrogate",
            "unexpected end of hex",
        ]) {
            Self::InvalidEscape { at }
        } else {
            Self::NotJson { at }
        }
    }
}

/// Whether `text` begins as a form does: a name, then one `=`. Some encoders leave brackets and spaces of a
/// name as they are. No JSON begins like that, and base64 ends with `=`.
fn is_form(text: &str) -> bool {
    let is_of_name =
        |byte: u8| byte == b' ' || byte.is_ascii_graphic() && !b"\"{}:,".contains(&byte);
    let pair = text.trim_start_matches('&').split_once('=');
    pair.is_some_and(|(name, value)| {
        let reads_as_name =
            !name.is_empty() && !name.starts_with('[') && name.bytes().all(is_of_name);
        reads_as_name && !value.starts_with('=')
    })
}

/// A place in the text of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyPosition {
    /// The line, from 1.
    pub line: usize,
    /// The character of the line, from 1.
    pub column: usize,
}

impl BodyPosition {
    /// Where serde_json found `error` in `text`. It counts the bytes of a line, people count characters.
    pub(super) fn of(text: &str, error: &serde_json::Error) -> Self {
        let line = error.line().max(1);
        let line_of = |number: usize| text.split('\n').nth(number.saturating_sub(1));
        // A line feed inside a string is the fault itself, but serde_json counts it to the next line.
        if line > 1 && error.column() == 0 && !error.is_eof() {
            let line = line.saturating_sub(1);
            let before = line_of(line).unwrap_or_default().chars().count();
            let column = before.saturating_add(1);
            return Self { line, column };
        }
        let starts = line_of(line).unwrap_or_default().char_indices();
        let column = starts.take_while(|(at, _)| *at < error.column()).count();
        Self {
            line,
            column: column.max(1),
        }
    }
}

impl fmt::Display for BodyPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A member by its name, if that is one of ours: the client's own text is never repeated.
struct Member(Option<Field>);

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(field) => write!(f, "the member {field}"),
            None => f.write_str("a member"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::RegistrationRequest;

    fn fault(body: &str) -> DecodeError {
        RegistrationRequest::from_json(body.as_bytes()).unwrap_err()
    }

    #[test]
    fn forms_of_all_encoders_are_recognized() {
        for form in [
            "client_name=x&redirect_uris=https%3A%2F%2Fa.example",
            "redirect_uris[]=https://a.example",
            "redirect_uris[0]=https://a.example",
            "client_name#en=x",
            "a b=c",
            "&a=b",
            "a=",
        ] {
            assert_eq!(fault(form), DecodeError::Form, "{form}");
        }
    }

    #[test]
    fn other_texts_are_no_form() {
        for text in ["eyJh==", "=a", "nonsense", "[a=b]", "{a=b}", "a: b=c"] {
            assert_ne!(fault(text), DecodeError::Form, "{text}");
        }
    }

    #[test]
    fn a_line_feed_in_a_string_is_found_in_its_line() {
        for (body, line, column) in [
            ("{\"client_name\":\"a\nb\"}", 1, 18),
            (
                "{\n  \"client_name\": \"My app,\n  \"redirect_uris\": []\n}",
                2,
                26,
            ),
            ("{\"client_name\":\"\u{e9}\nb\"}", 1, 18),
        ] {
            let at = BodyPosition { line, column };
            assert_eq!(fault(body), DecodeError::NotJson { at }, "{body}");
        }
    }
}
