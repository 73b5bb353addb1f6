use std::fmt;

use crate::{
    redirect_uri::RedirectUriError,
    registration::Field,
    types::{ClientNameError, TextFault, WebUriError},
};

/// A registration request breaks a rule of the profile, with the field, the value and the fault.
///
/// Its `Display` is safe to send and to log, because it never contains text from the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataError {
    field: Field,
    index: Option<usize>,
    fault: MetadataFault,
}

impl MetadataError {
    pub(crate) fn new(field: Field, fault: impl Into<MetadataFault>) -> Self {
        Self {
            field,
            index: None,
            fault: fault.into(),
        }
    }

    pub(crate) fn at(field: Field, index: usize, fault: impl Into<MetadataFault>) -> Self {
        Self {
            field,
            index: Some(index),
            fault: fault.into(),
        }
    }

    /// The field at fault.
    pub const fn field(&self) -> Field {
        self.field
    }

    /// The position of the first value at fault, from 0, if the field is a list.
    pub const fn index(&self) -> Option<usize> {
        self.index
    }

    /// The fault of the field or the value.
    pub const fn fault(&self) -> &MetadataFault {
        &self.fault
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "{}[{index}]: {}", self.field, self.fault),
            None => write!(f, "{}: {}", self.field, self.fault),
        }
    }
}

impl std::error::Error for MetadataError {}

/// The fault of a field.
///
/// Its `Display` says what to do. It continues a sentence that begins with the name of the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataFault {
    /// The field is required, but was absent, `null` or empty.
    #[error("is required; send at least one value")]
    Required,
    /// The value has the wrong JSON type.
    #[error("has the wrong JSON type; send {expected}")]
    WrongType {
        /// The type that the field has.
        expected: &'static str,
    },
    /// The list has more values than allowed.
    #[error("has more than {max} values; send at most {max}")]
    TooMany {
        /// The largest number of values.
        max: usize,
    },
    /// The value is longer than allowed.
    #[error("is longer than {max} {unit}; send at most {max}")]
    TooLong {
        /// The largest length.
        max: usize,
        /// The unit of the length: `bytes` or `characters`.
        unit: &'static str,
    },
    /// The value has a control character, a line end, or a character that changes the direction of text.
    #[error(
        "contains a control character, or a character that changes the direction of text; remove it"
    )]
    ControlCharacter,
    /// The value has an invisible character in a place where no emoji and no script needs it.
    #[error("contains an invisible character; remove it")]
    InvisibleCharacter,
    /// The value has a code point that Unicode has not assigned.
    #[error("contains a code point that Unicode has not assigned; remove it")]
    UnassignedCharacter,
    /// This server does not support the value.
    #[error("is not supported{}", Supported(supported))]
    Unsupported {
        /// The supported values.
        supported: Box<[&'static str]>,
    },
    /// This server supports no value of the list.
    #[error("contains no supported value{}", Supported(supported))]
    NothingSupported {
        /// The supported values.
        supported: Box<[&'static str]>,
    },
    /// The list does not have `authorization_code`, without which a strict client could do nothing.
    #[error("has to include authorization_code; add it, or leave out the field")]
    AuthorizationCodeRequired,
    /// A client without a secret can't act on its own behalf (RFC 6749 section 4.4).
    #[error(
        "client_credentials needs a client with a secret; leave it out, or send a \
         token_endpoint_auth_method other than none"
    )]
    ConfidentialOnly,
    /// A web application can't use a private-use scheme, unless the policy lists the scheme
    /// (OpenID Connect Registration section 2).
    #[error(
        "has a private-use scheme, which a client with application_type web can't have; use https, or \
         send native as application_type"
    )]
    NotForWebApplication,
    /// A client with the grant `implicit` must have https redirect URIs without loopback hosts, whatever
    /// its `application_type` (OpenID Connect Registration section 2).
    #[error(
        "must use https and must not have a loopback host, because the client registers the grant implicit; change \
         the URI, or leave out implicit"
    )]
    NotForImplicitGrant,
    /// A redirect URI is refused.
    #[error(transparent)]
    RedirectUri(#[from] RedirectUriError),
    /// A name is refused.
    #[error(transparent)]
    ClientName(#[from] ClientNameError),
    /// An https address is refused.
    #[error(transparent)]
    WebUri(#[from] WebUriError),
    /// The value is not a list of scope tokens (RFC 6749 section 3.3).
    #[error(
        "is not a list of scopes; separate scopes by spaces, and use visible ASCII without quotation \
         marks and backslashes"
    )]
    InvalidScope,
    /// The language tag after the `#` is not well-formed (BCP 47).
    #[error("has a language tag that is not well-formed; use a tag such as en or pt-BR")]
    InvalidLanguageTag,
    /// The key set has a private or symmetric key, which others than its owner now know.
    #[error(
        "contains a private or symmetric key, which has now leaked; replace the key, and send only public keys"
    )]
    PrivateKey,
}

impl MetadataFault {
    /// The stable name of the rule that refused the field, for programs.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::WrongType { .. } => "wrong_type",
            Self::TooMany { .. } => "too_many",
            Self::TooLong { .. } => "too_long",
            Self::ControlCharacter => "control_character",
            Self::InvisibleCharacter => "invisible_character",
            Self::UnassignedCharacter => "unassigned_character",
            Self::Unsupported { .. } => "not_supported",
            Self::NothingSupported { .. } => "nothing_supported",
            Self::AuthorizationCodeRequired => "authorization_code_required",
            Self::ConfidentialOnly => "confidential_only",
            Self::NotForWebApplication => "not_for_web_application",
            Self::NotForImplicitGrant => "not_for_implicit_grant",
            Self::RedirectUri(error) => error.rule(),
            Self::ClientName(error) => error.rule(),
            Self::WebUri(error) => error.rule(),
            Self::InvalidScope => "invalid_scope",
            Self::InvalidLanguageTag => "invalid_language_tag",
            Self::PrivateKey => "private_key",
        }
    }
}

impl From<TextFault> for MetadataFault {
    fn from(fault: TextFault) -> Self {
        match fault {
            TextFault::Control => Self::ControlCharacter,
            TextFault::Invisible => Self::InvisibleCharacter,
            TextFault::Unassigned => Self::UnassignedCharacter,
        }
    }
}

/// The end of a sentence, which lists the supported values if they are known.
struct Supported<'a>(&'a [&'static str]);

impl fmt::Display for Supported<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, "; supported values: {}", self.0.join(", "))
    }
}
