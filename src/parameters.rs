//! The parameters of an authorization, token or revocation request: ordered pairs of which none may
//! be there twice (RFC 6749 sections 3.1 and 3.2).

use std::{borrow::Cow, fmt};

use url::form_urlencoded;
use zeroize::Zeroize as _;

/// Bytes of all names and values together that are looked at. A form or query beyond is refused.
pub(crate) const MAX_BYTES: usize = 32 * 1024;

/// Pairs that are looked at.
const MAX_PAIRS: usize = 100;

/// A parameter whose value this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    Audience,
    ClientId,
    ClientAssertion,
    ClientAssertionType,
    ClientSecret,
    Code,
    CodeChallenge,
    CodeChallengeMethod,
    CodeVerifier,
    Connection,
    DeviceCode,
    GrantType,
    Nonce,
    Prompt,
    RedirectUri,
    RefreshToken,
    Resource,
    ResponseMode,
    ResponseType,
    Scope,
    State,
    Token,
}

impl Parameter {
    const COUNT: usize = Self::Token as usize + 1;

    /// Those whose values are secret.
    const SECRET: [Self; 7] = [
        Self::ClientAssertion,
        Self::ClientSecret,
        Self::Code,
        Self::CodeVerifier,
        Self::DeviceCode,
        Self::RefreshToken,
        Self::Token,
    ];

    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "audience" => Self::Audience,
            "client_id" => Self::ClientId,
            "client_assertion" => Self::ClientAssertion,
            "client_assertion_type" => Self::ClientAssertionType,
            "client_secret" => Self::ClientSecret,
            "code" => Self::Code,
            "code_challenge" => Self::CodeChallenge,
            "code_challenge_method" => Self::CodeChallengeMethod,
            "code_verifier" => Self::CodeVerifier,
            "connection" => Self::Connection,
            "device_code" => Self::DeviceCode,
            "grant_type" => Self::GrantType,
            "nonce" => Self::Nonce,
            "prompt" => Self::Prompt,
            "redirect_uri" => Self::RedirectUri,
            "refresh_token" => Self::RefreshToken,
            "resource" => Self::Resource,
            "response_mode" => Self::ResponseMode,
            "response_type" => Self::ResponseType,
            "scope" => Self::Scope,
            "state" => Self::State,
            "token" => Self::Token,
            _ => return None,
        })
    }

    /// The registered name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Audience => "audience",
            Self::ClientId => "client_id",
            Self::ClientAssertion => "client_assertion",
            Self::ClientAssertionType => "client_assertion_type",
            Self::ClientSecret => "client_secret",
            Self::Code => "code",
            Self::CodeChallenge => "code_challenge",
            Self::CodeChallengeMethod => "code_challenge_method",
            Self::CodeVerifier => "code_verifier",
            Self::Connection => "connection",
            Self::DeviceCode => "device_code",
            Self::GrantType => "grant_type",
            Self::Nonce => "nonce",
            Self::Prompt => "prompt",
            Self::RedirectUri => "redirect_uri",
            Self::RefreshToken => "refresh_token",
            Self::Resource => "resource",
            Self::ResponseMode => "response_mode",
            Self::ResponseType => "response_type",
            Self::Scope => "scope",
            Self::State => "state",
            Self::Token => "token",
        }
    }
}

/// Why the pairs of a request can't be taken as its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterFault {
    /// There are more than are looked at; what was collected is not the whole.
    TooLarge,
    /// This parameter is there twice; the first value is kept.
    Repeated(Parameter),
    /// One that this crate does not read is there twice.
    OtherRepeated,
    /// `resource` is there with different values.
    SeveralResources,
}

/// The parameters of one request. Values of secret ones are overwritten when it is dropped, as far
/// as they are its own.
pub(crate) struct Parameters<'a> {
    values: [Option<Cow<'a, str>>; Parameter::COUNT],
    others: Vec<Cow<'a, str>>,
    /// A bit for each parameter that is there more than once.
    repeated: u32,
    fault: Option<ParameterFault>,
}

impl<'a> Parameters<'a> {
    /// Those of a query or a form, as `application/x-www-form-urlencoded` has them.
    pub(crate) fn from_encoded(text: &'a str) -> Self {
        let mut parameters = Self::none();
        if text.len() > MAX_BYTES {
            parameters.fault = Some(ParameterFault::TooLarge);
        } else {
            parameters.collect(form_urlencoded::parse(text.as_bytes()));
        }
        parameters
    }

    /// Those that are decoded already, in the order in which they came.
    pub(crate) fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<Cow<'a, str>>,
        V: Into<Cow<'a, str>>,
    {
        let mut parameters = Self::none();
        parameters.collect(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        parameters
    }

    const fn none() -> Self {
        Self {
            values: [const { None }; Parameter::COUNT],
            others: Vec::new(),
            repeated: 0,
            fault: None,
        }
    }

    fn collect(&mut self, pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>) {
        let mut bytes = 0;
        for (at, (name, value)) in pairs.enumerate() {
            bytes += name.len() + value.len();
            if at == MAX_PAIRS || bytes > MAX_BYTES {
                self.fault = Some(ParameterFault::TooLarge);
                return;
            }
            match Parameter::from_name(&name) {
                Some(parameter) => self.put(parameter, value),
                None if self.others.contains(&name) => {
                    self.fault.get_or_insert(ParameterFault::OtherRepeated);
                }
                None => self.others.push(name),
            }
        }
    }

    fn put(&mut self, parameter: Parameter, mut value: Cow<'a, str>) {
        let Some(slot) = self.values.get_mut(parameter as usize) else {
            return;
        };
        match slot {
            None => *slot = Some(value),
            // RFC 8707 section 2 lets it be there more than once.
            Some(first) if parameter == Parameter::Resource => {
                if *first != value {
                    self.fault.get_or_insert(ParameterFault::SeveralResources);
                }
            }
            Some(_) => {
                wipe(&mut value);
                self.repeated |= 1 << parameter as u32;
                self.fault
                    .get_or_insert(ParameterFault::Repeated(parameter));
            }
        }
    }

    /// The value of `parameter`. One without a value counts as left out (RFC 6749 section 3.1).
    pub(crate) fn get(&self, parameter: Parameter) -> Option<&str> {
        let value = self.values.get(parameter as usize)?.as_deref()?;
        (!value.is_empty()).then_some(value)
    }

    /// The names of parameters that this crate does not read, each once.
    pub(crate) fn others(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(|name| &**name)
    }

    /// What is wrong with the pairs, first thing first.
    pub(crate) const fn fault(&self) -> Option<ParameterFault> {
        self.fault
    }

    /// Whether `parameter` is there more than once, so that its value is anyone's guess.
    pub(crate) const fn is_repeated(&self, parameter: Parameter) -> bool {
        self.repeated & (1 << parameter as u32) != 0
    }
}

impl Drop for Parameters<'_> {
    fn drop(&mut self) {
        for secret in Parameter::SECRET {
            if let Some(Some(value)) = self.values.get_mut(secret as usize) {
                wipe(value);
            }
        }
    }
}

/// Overwrites the text, unless it is borrowed: then it is its owner's to overwrite.
fn wipe(value: &mut Cow<'_, str>) {
    if let Cow::Owned(text) = value {
        text.zeroize();
    }
}

/// What is wrong with them; never a value.
impl fmt::Debug for Parameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameters")
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(encoded: &str) -> Option<ParameterFault> {
        Parameters::from_encoded(encoded).fault()
    }

    #[test]
    fn a_name_that_is_there_twice_is_a_fault_whatever_it_is() {
        assert_eq!(fault("state=a&scope=b&foo=c"), None);
        let repeated = ParameterFault::Repeated(Parameter::State);
        assert_eq!(fault("state=a&state=a"), Some(repeated));
        assert_eq!(fault("state=a&st%61te="), Some(repeated));
        assert_eq!(fault("foo=a&foo=b"), Some(ParameterFault::OtherRepeated));
        assert_eq!(fault("resource=a&resource=a"), None);
        let several = ParameterFault::SeveralResources;
        assert_eq!(fault("resource=a&resource=b"), Some(several));
    }

    #[test]
    fn the_first_fault_does_not_hide_that_another_parameter_is_repeated() {
        let parameters = Parameters::from_encoded("state=&state=&redirect_uri=a&redirect_uri=b");
        assert!(parameters.is_repeated(Parameter::RedirectUri));
        assert!(!parameters.is_repeated(Parameter::ClientId));
    }

    #[test]
    fn an_empty_value_counts_as_left_out() {
        let parameters = Parameters::from_encoded("scope=&state=%20");
        assert_eq!(parameters.get(Parameter::Scope), None);
        assert_eq!(parameters.get(Parameter::State), Some(" "));
        assert_eq!(parameters.get(Parameter::Audience), None);
    }

    #[test]
    fn there_is_a_bound_on_pairs_and_on_bytes() {
        let pairs = |count: usize| (0..count).map(|at| (at.to_string(), ""));
        assert_eq!(Parameters::from_pairs(pairs(MAX_PAIRS)).fault(), None);
        let too_large = Some(ParameterFault::TooLarge);
        assert_eq!(
            Parameters::from_pairs(pairs(MAX_PAIRS + 1)).fault(),
            too_large
        );
        let long = "a".repeat(MAX_BYTES - 5);
        assert_eq!(Parameters::from_pairs([("state", &*long)]).fault(), None);
        let longer = format!("{long}a");
        assert_eq!(
            Parameters::from_pairs([("state", &*longer)]).fault(),
            too_large
        );
        assert_eq!(fault(&format!("state={long}")), too_large);
    }

    #[test]
    fn every_parameter_is_found_by_its_name() {
        let names = [
            "audience",
            "client_id",
            "code_verifier",
            "resource",
            "state",
        ];
        for name in names {
            assert_eq!(
                Parameter::from_name(name).map(Parameter::as_str),
                Some(name)
            );
        }
        assert_eq!(Parameter::from_name("State"), None);
    }

    #[test]
    fn debug_shows_no_value() {
        let parameters = Parameters::from_encoded("client_secret=hunter2&code=hunter2");
        assert!(!format!("{parameters:?}").contains("hunter2"));
    }
}
