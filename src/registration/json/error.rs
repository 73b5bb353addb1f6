use std::fmt;

use crate::registration::{Field, MetadataError};

/// A body is not a registration request.
///
/// Its `Display` is safe to send and to log, because it never contains text from the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There is no body, or it has only white space.
    #[error("the body is empty; send the client's metadata as a JSON object")]
    Empty,
    /// The bytes begin with a byte order mark of UTF-8 or UTF-16.
    #[error("the body begins with a byte order mark; send UTF-8 without it")]
    ByteOrderMark,
    /// The bytes are not UTF-8.
    #[error("the body is not UTF-8; send the JSON in UTF-8")]
    NotUtf8,
    /// The text is a form (`name=value`), although JSON is declared.
    #[error("the body is a form; send the client's metadata as a JSON object")]
    Form,
    /// The text is not JSON.
    #[error("the body is not JSON: there is a syntax error at {at}")]
    NotJson {
        /// Where reading stopped.
        at: BodyPosition,
    },
    /// A string has an escape that does not represent a character, such as half of a surrogate pair.
    #[error(
        "the body is not JSON: there is an invalid escape at {at}; write the character itself, or a \
         valid escape"
    )]
    InvalidEscape {
        /// Where the escape ends.
        at: BodyPosition,
    },
    /// A number is out of the range of a double.
    #[error("the JSON has a number that is out of range, at {at}; send a smaller number or none")]
    NumberOutOfRange {
        /// Where the number ends.
        at: BodyPosition,
    },
    /// The JSON is not an object.
    #[error("the body is not a JSON object; send the client's metadata as one object")]
    NotAnObject,
    /// The body has more text after the object.
    #[error(
        "the body continues after the JSON object, at {at}; send one object and nothing after it"
    )]
    TextAfterObject {
        /// Where the text after the object begins.
        at: BodyPosition,
    },
    /// A member is a duplicate. Two parsers could use different members.
    #[error(
        "the JSON object has {} twice, the second time at {at}; send it once",
        Member(*field)
    )]
    DuplicateMember {
        /// The field of the member, if this crate reads it.
        field: Option<Field>,
        /// Where the second name ends.
        at: BodyPosition,
    },
    /// The JSON nests deeper than 32 levels.
    #[error("the JSON nests too deeply at {at}; send at most 32 levels")]
    TooDeep {
        /// Where the first level that is too deep begins.
        at: BodyPosition,
    },
    /// The body is an object, but a member has the wrong type, or contains a private key.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

impl DecodeError {
    /// The field at fault, if this crate reads it.
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

    /// The stable name of the rule that refused the body, for programs.
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
    /// The syntax errors of serde_json differ only in their messages. If a release changes a message, the client
    /// still gets a syntax error with its position.
    pub(super) fn of_syntax(text: &str, error: &serde_json::Error) -> Self {
        let at = BodyPosition::of(text, error);
        let message = error.to_string();
        let begins = |starts: &[&str]| starts.iter().any(|start| message.starts_with(start));
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

/// Whether `text` begins like a form: a name, and one `=`. Some encoders do not escape brackets and spaces in a
/// name. JSON never begins like a form, and base64 has `=` only at its end.
fn is_form(text: &str) -> bool {
    let is_legal = |byte: u8| byte == b' ' || byte.is_ascii_graphic() && !b"\"{}:,".contains(&byte);
    let pair = text.trim_start_matches('&').split_once('=');
    pair.is_some_and(|(name, value)| {
        let is_name = !name.is_empty() && !name.starts_with('[') && name.bytes().all(is_legal);
        is_name && !value.starts_with('=')
    })
}

/// A position in the text of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyPosition {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl BodyPosition {
    /// The position at which serde_json found `error` in `text`. serde_json counts the bytes of a line, but
    /// people count characters.
    pub(super) fn of(text: &str, error: &serde_json::Error) -> Self {
        let line = error.line().max(1);
        let line_of = |number: usize| text.split('\n').nth(number.saturating_sub(1));
        // If a line feed inside a string is the fault, serde_json reports the next line instead of the line
        // that it ends.
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

/// Prints the name of a member only if it is a known field, so that text from the client is never printed.
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
    fn other_texts_are_not_forms() {
        for text in ["eyJh==", "=a", "nonsense", "[a=b]", "{a=b}", "a: b=c"] {
            assert_ne!(fault(text), DecodeError::Form, "{text}");
        }
    }

    #[test]
    fn line_feed_in_a_string_is_reported_in_its_line() {
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
