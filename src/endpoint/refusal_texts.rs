//! Writes the texts of all refusals to `refusals.txt` beside this file, for a reviewer to read.
//!
//! `UPDATE_REFUSALS=1` rewrites the file. This does not compile until each variant of an error is listed here.

use std::{
    fmt::{self, Write as _},
    path::Path,
};

use crate::{
    access::AccessError,
    authorization::AuthorizationError,
    endpoint::table::{WireError, token_status},
    error::one_of_each,
    redirect_uri::RedirectUriError,
    registration::{BodyPosition, DecodeError, Field, MetadataError, MetadataFault},
    settings::TenantSettings,
    token::{ClientAuthenticationError, DeviceFault, GrantFault, TokenError, TokenRefusal},
    types::{ClientNameError, WebUriError},
};

/// A list of values of an enum. It does not compile unless each variant has at least one value.
macro_rules! values {
    ($type:ident: $($variant:ident $(($($item:tt)*))? $({ $($member:tt)* })?),+ $(,)?) => {{
        #[allow(unreachable_patterns, reason = "a variant may have several values")]
        const fn is_complete(value: &$type) {
            match value { $($type::$variant { .. })|+ => {} }
        }
        let values = vec![$($type::$variant $(($($item)*))? $({ $($member)* })?),+];
        values.iter().for_each(is_complete);
        values
    }};
}

fn access_errors() -> Vec<AccessError> {
    values!(AccessError:
        ApiRequired, NothingOpen, UnknownApi, ApisDiffer, SeveralResources, Closed, NoGrant,
        NotForClient, MalformedScope, NothingLeft, NotGiven, OtherApi,
    )
}

fn authorization_errors() -> Vec<AuthorizationError> {
    let parameter = "state";
    let mut errors = values!(AuthorizationError:
        TooLarge, Unreadable, ClientIdRequired, UnknownClient, Blocked, RedirectUriRequired,
        RedirectUriNotRegistered, LocalhostPort, LoopbackPort, Repeated { parameter },
        Repeated { parameter: "an ext- parameter" }, MalformedValue { parameter },
        MalformedValue { parameter: "an ext- parameter" }, NotSupported { parameter: "request" },
        UnknownParameter, ResponseTypeRequired, UnsupportedResponseType,
        ResponseTypeNotRegistered, UnsupportedResponseMode, NonceRequired, ChallengeRequired,
        MalformedChallenge, UnsupportedChallengeMethod, ConsentRequired, ConnectionNotAvailable,
        NoConnection, Denied, LoginRequired, ServerError, TemporarilyUnavailable,
        Access(AccessError::ApiRequired),
    );
    errors.pop();
    errors.extend(access_errors().into_iter().map(AuthorizationError::Access));
    errors
}

fn token_errors() -> Vec<TokenError> {
    let parameter = "code";
    let errors = values!(TokenError:
        TooLarge, Unreadable, Repeated { parameter }, Missing { parameter },
        InvalidClient(ClientAuthenticationError::NoClient), UnsupportedGrantType,
        GrantNotRegistered, InvalidGrant(GrantFault::Unknown),
        Device(DeviceFault::AuthorizationPending), Access(AccessError::ApiRequired),
    );
    let grants = values!(GrantFault:
        Unknown, OtherClient, Expired, Ended, Replayed, RedirectUri, Verifier, NoChallenge,
        Withdrawn,
    );
    let devices = values!(DeviceFault:
        AuthorizationPending, SlowDown, AccessDenied, ExpiredToken,
    );
    let clients = values!(ClientAuthenticationError:
        NoClient, UnknownClient, Blocked, WrongMethod, WrongSecret, UnusableHeader,
    );
    let all = errors.into_iter().flat_map(|error| match error {
        TokenError::InvalidClient(_) => clients
            .iter()
            .copied()
            .map(TokenError::InvalidClient)
            .collect(),
        TokenError::InvalidGrant(_) => grants
            .iter()
            .copied()
            .map(TokenError::InvalidGrant)
            .collect(),
        TokenError::Device(_) => devices.iter().copied().map(TokenError::Device).collect(),
        TokenError::Access(_) => access_errors()
            .into_iter()
            .map(TokenError::Access)
            .collect(),
        error => vec![error],
    });
    all.collect()
}

fn decode_errors() -> Vec<DecodeError> {
    let at = BodyPosition {
        line: 2,
        column: 17,
    };
    let field = Some(Field::Scope);
    values!(DecodeError:
        Empty, ByteOrderMark, NotUtf8, Form, NotJson { at }, InvalidEscape { at },
        NumberOutOfRange { at }, NotAnObject, TextAfterObject { at },
        DuplicateMember { field, at }, DuplicateMember { field: None, at }, TooDeep { at },
        Metadata(MetadataError::new(Field::Scope, MetadataFault::Required)),
    )
}

fn metadata_faults() -> Vec<MetadataFault> {
    let supported = || Box::from(["authorization_code", "refresh_token"]);
    values!(MetadataFault:
        Required, WrongType { expected: "a string" }, WrongType { expected: "a list of strings" },
        TooMany { max: 32 }, TooLong { max: 2048, unit: "bytes" },
        TooLong { max: 128, unit: "characters" }, ControlCharacter, InvisibleCharacter,
        UnassignedCharacter, Unsupported { supported: supported() },
        NothingSupported { supported: supported() }, AuthorizationCodeRequired, ConfidentialOnly,
        NotForWebApplication, NotForImplicitGrant,
        RedirectUri(RedirectUriError::Host), ClientName(ClientNameError::AngleBracket),
        WebUri(WebUriError::NotHttps), InvalidScope, InvalidLanguageTag, PrivateKey,
    )
}

/// The text of the file.
#[derive(Default)]
struct Texts(String);

impl Texts {
    fn section(&mut self, title: &str) {
        writeln!(self.0, "# {title}\n").unwrap();
    }

    /// Adds a refusal: the name of the variant, the codes that programs read, and the texts that people read.
    fn add(&mut self, error: &dyn fmt::Debug, codes: &[&str], texts: &[&dyn fmt::Display]) {
        let name = format!("{error:?}");
        writeln!(self.0, "{name}\n  {}", codes.join(" ")).unwrap();
        for text in texts.iter().map(ToString::to_string) {
            // RFC 6749 section 5.2.
            let is_legal = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
            assert!(text.bytes().all(is_legal), "{name}: {text}");
            let is_tidy = !text.is_empty() && text.trim() == text && !text.contains("  ");
            assert!(is_tidy, "{name}: {text}");
            writeln!(self.0, "  {text}").unwrap();
        }
        self.0.push('\n');
    }
}

fn all_texts() -> String {
    let mut texts = Texts::default();
    texts.section("Registration: status, error, rule and challenge if any");
    for error in one_of_each() {
        let sent = WireError::of(&error);
        let codes = [
            sent.status.as_str(),
            sent.code,
            error.rule().unwrap_or_default(),
            WireError::challenge(&error).unwrap_or_default(),
        ];
        let codes: Vec<_> = codes.into_iter().filter(|code| !code.is_empty()).collect();
        texts.add(&format_args!("{}", error.kind()), &codes, &[&error]);
    }
    texts.section("Registration, a body that can't be read: rule");
    for error in decode_errors() {
        texts.add(&error, &[error.rule()], &[&error]);
    }
    texts.section("Registration, a field, whose name comes first: rule");
    for fault in metadata_faults() {
        texts.add(&fault, &[fault.rule()], &[&fault]);
    }
    texts.section("Registration, a redirect URI: rule");
    for error in values!(RedirectUriError:
        TooLong, Character, PercentEncoding, NotAbsolute, Fragment, Userinfo, Wildcard, DotSegment,
        Host, SingleLabelHost, Port, HttpNotLoopback, SchemeNotAllowed, Ambiguous,
    ) {
        texts.add(&error, &[error.rule()], &[&error]);
    }
    texts.section("Registration, a name: rule");
    for error in values!(ClientNameError:
        TooLong, ControlCharacter, InvisibleCharacter, UnassignedCharacter, AngleBracket,
        CombiningMarks, NothingVisible, BlankCharacter, MarkWithoutBase,
    ) {
        texts.add(&error, &[error.rule()], &[&error]);
    }
    texts.section("Registration, an https address: rule");
    for error in values!(WebUriError: Character, NotHttps, Host, Userinfo) {
        texts.add(&error, &[error.rule()], &[&error]);
    }
    texts.section("Authorization: error, description for developers, advice for users");
    for error in authorization_errors() {
        texts.add(&error, &[error.code()], &[&error, &error.advice()]);
    }
    texts.section("Tokens and revocation: status, error");
    for error in token_errors() {
        let status = token_status(error);
        let codes = [status.as_str(), error.code()];
        match error {
            TokenError::InvalidClient(_) => {
                let refusal = TokenRefusal::unknown_client(&TenantSettings::default(), None);
                texts.add(&error, &codes, &[&refusal]);
            }
            error => texts.add(&error, &codes, &[&error]),
        }
    }
    texts.0
}

#[test]
fn all_refusals_have_reviewed_texts() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/endpoint/refusals.txt");
    let texts = all_texts();
    if std::env::var_os("UPDATE_REFUSALS").is_some() {
        std::fs::write(&file, &texts).unwrap();
    }
    let reviewed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(texts == reviewed, "the texts are now:\n{texts}");
}
