//! The parameters of an authorization, token or revocation request (RFC 6749 sections 3.1 and 3.2).
//!
//! A parameter without a value counts as absent. A parameter that the endpoint knows may occur only once.
//! Other parameters are ignored, and may occur any number of times.

mod fault;
mod form;
mod parameter;

use std::{borrow::Cow, fmt};

use zeroize::Zeroize as _;

pub(crate) use fault::ParameterFault;
pub(crate) use form::decoded;
pub(crate) use parameter::Parameter;

/// The largest size of all names and values together, in bytes. A larger form or query is refused.
pub(crate) const MAX_BYTES: usize = 32 * 1024;

/// The largest number of pairs. A form or query with more pairs is refused.
const MAX_PAIRS: usize = 100;

/// The parameters of one request. When they are dropped, the owned values of secret parameters are overwritten.
pub(crate) struct Parameters<'a> {
    values: [Option<Cow<'a, str>>; Parameter::ALL.len()],
    /// The parameters that are not a [`Parameter`], in their order and with their duplicates.
    others: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The parameters that occur more than once, as one bit each.
    repeated: u32,
    /// The fault of the request as a whole, which makes all its parameters unreliable.
    fault: Option<ParameterFault>,
}

impl<'a> Parameters<'a> {
    /// The parameters of a query or a form in `application/x-www-form-urlencoded`.
    pub(crate) fn from_encoded(text: &'a str) -> Self {
        let mut parameters = Self::none();
        if text.len() > MAX_BYTES {
            parameters.fault = Some(ParameterFault::TooLarge);
        } else {
            parameters.collect(form::pairs(text));
        }
        parameters
    }

    /// The parameters of pairs that are already decoded, in the order in which they were sent.
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
            values: [const { None }; Parameter::ALL.len()],
            others: Vec::new(),
            repeated: 0,
            fault: None,
        }
    }

    fn collect(&mut self, pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>) {
        let mut bytes = 0_usize;
        for (at, (name, mut value)) in pairs.enumerate() {
            bytes = bytes.saturating_add(name.len()).saturating_add(value.len());
            if at == MAX_PAIRS || bytes > MAX_BYTES {
                wipe(&mut value);
                self.fault = Some(ParameterFault::TooLarge);
                return;
            }
            // A decoder writes the replacement character for bytes that are not UTF-8.
            if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
                wipe(&mut value);
                self.fault = Some(ParameterFault::Unreadable);
                return;
            }
            // RFC 6749 section 3.1: a parameter without a value counts as absent.
            if value.is_empty() {
                continue;
            }
            match Parameter::from_name(&name) {
                Some(parameter) => self.put(parameter, value),
                None => self.others.push((name, value)),
            }
        }
    }

    fn put(&mut self, parameter: Parameter, mut value: Cow<'a, str>) {
        let Some(slot) = self.values.get_mut(parameter as usize) else {
            return;
        };
        match slot {
            None => *slot = Some(value),
            // RFC 8707 section 2 allows several resources. Here, all of them must be the same.
            Some(first) if parameter == Parameter::Resource && *first == value => {}
            Some(_) => {
                wipe(&mut value);
                self.repeated |= 1 << parameter as u32;
            }
        }
    }

    /// The value of `parameter`, which is never empty.
    pub(crate) fn get(&self, parameter: Parameter) -> Option<&str> {
        self.values.get(parameter as usize)?.as_deref()
    }

    /// The names and values of parameters that this crate does not read, with their duplicates.
    pub(crate) fn others(&self) -> impl Iterator<Item = (&str, &str)> {
        self.others.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The parameters that this crate reads and that the request has.
    pub(crate) fn present(&self) -> impl Iterator<Item = Parameter> {
        let all = Parameter::ALL.iter().zip(&self.values);
        all.filter(|(_, value)| value.is_some())
            .map(|((parameter, _), _)| *parameter)
    }

    /// Checks that the values of the parameters in `read` are reliable: the request as a whole has no fault,
    /// and each of these parameters occurs at most once.
    ///
    /// # Errors
    /// [`ParameterFault`]. If several parameters are repeated, it names the first of them in `read`.
    pub(crate) fn check(&self, read: &[Parameter]) -> Result<(), ParameterFault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let mut read = read.iter().copied();
        match read.find(|parameter| self.repeated & (1 << *parameter as u32) != 0) {
            Some(repeated) => Err(ParameterFault::Repeated(repeated)),
            None => Ok(()),
        }
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

/// Overwrites the text if it is owned. The owner of a borrowed text must overwrite it.
fn wipe(value: &mut Cow<'_, str>) {
    if let Cow::Owned(text) = value {
        text.zeroize();
    }
}

/// Shows the fault of the parameters, but never a value.
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

    fn check(encoded: &str) -> Result<(), ParameterFault> {
        let read = Parameter::ALL.map(|(parameter, _)| parameter);
        Parameters::from_encoded(encoded).check(&read)
    }

    #[test]
    fn a_parameter_that_is_read_may_occur_once() {
        let repeated = |parameter| Err(ParameterFault::Repeated(parameter));
        assert_eq!(check("state=a&scope=b&foo=c"), Ok(()));
        assert_eq!(check("state=a&state=a"), repeated(Parameter::State));
        assert_eq!(check("state=a&st%61te=b"), repeated(Parameter::State));
        assert_eq!(check("foo=a&foo=b"), Ok(()));
        assert_eq!(check("resource=a&resource=a"), Ok(()));
        assert_eq!(
            check("resource=a&resource=b"),
            repeated(Parameter::Resource)
        );
    }

    #[test]
    fn only_parameters_that_are_read_are_checked() {
        let parameters = Parameters::from_encoded("state=a&state=b&redirect_uri=a&redirect_uri=b");
        let repeated = |parameter| Err(ParameterFault::Repeated(parameter));
        for parameter in [Parameter::RedirectUri, Parameter::State] {
            assert_eq!(parameters.check(&[parameter]), repeated(parameter));
        }
        assert_eq!(
            parameters.check(&[Parameter::ClientId, Parameter::Scope]),
            Ok(())
        );
        let both = [Parameter::State, Parameter::RedirectUri];
        assert_eq!(parameters.check(&both), repeated(Parameter::State));
    }

    #[test]
    fn a_fault_of_the_whole_request_is_reported_first() {
        let fault = check("state=a&state=a&scope=%FF");
        assert_eq!(fault, Err(ParameterFault::Unreadable));
        let parameters = Parameters::from_encoded("scope=%FF");
        assert_eq!(parameters.check(&[]), Err(ParameterFault::Unreadable));
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        let parameters = Parameters::from_encoded("scope=&state=%20&foo=&bar=1&client_id");
        assert_eq!(parameters.get(Parameter::Scope), None);
        assert_eq!(parameters.get(Parameter::State), Some(" "));
        assert_eq!(parameters.get(Parameter::Audience), None);
        assert!(parameters.others().eq([("bar", "1")]));
        assert!(parameters.present().eq([Parameter::State]));
        for encoded in ["state=&state=a", "state=a&state=&state", "state=&state="] {
            assert_eq!(check(encoded), Ok(()), "{encoded}");
        }
        let parameters = Parameters::from_encoded("resource=&resource=a&resource=");
        assert_eq!(parameters.get(Parameter::Resource), Some("a"));
    }

    #[test]
    fn pairs_and_bytes_have_limits() {
        let pairs = |count: usize| (0..count).map(|at| (at.to_string(), ""));
        let too_large = Err(ParameterFault::TooLarge);
        assert_eq!(Parameters::from_pairs(pairs(MAX_PAIRS)).check(&[]), Ok(()));
        assert_eq!(
            Parameters::from_pairs(pairs(MAX_PAIRS + 1)).check(&[]),
            too_large
        );
        let long = "a".repeat(MAX_BYTES - 5);
        assert_eq!(
            Parameters::from_pairs([("state", &*long)]).check(&[]),
            Ok(())
        );
        let longer = format!("{long}a");
        assert_eq!(
            Parameters::from_pairs([("state", &*longer)]).check(&[]),
            too_large
        );
        assert_eq!(check(&format!("state={long}")), too_large);
    }

    #[test]
    fn values_that_are_not_utf_8_are_unreadable() {
        let unreadable = Err(ParameterFault::Unreadable);
        assert_eq!(check("state=%FF"), unreadable);
        assert_eq!(check("%C3=a"), unreadable);
        assert_eq!(check("state=%C3%A9"), Ok(()));
    }

    #[test]
    fn debug_shows_no_value() {
        let parameters = Parameters::from_encoded("client_secret=hunter2&code=hunter2");
        assert!(!format!("{parameters:?}").contains("hunter2"));
    }
}
