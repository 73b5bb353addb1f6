//! The parameters of an authorization, token or revocation request (RFC 6749 sections 3.1 and 3.2).
//!
//! A parameter without a value counts as left out. A parameter that the endpoint knows may occur
//! once; other parameters are ignored, however often they occur.

mod fault;
mod form;
mod parameter;

use std::{borrow::Cow, fmt};

use zeroize::Zeroize as _;

pub(crate) use fault::ParameterFault;
pub(crate) use form::decoded;
pub(crate) use parameter::Parameter;

/// Bytes of all names and values together that are looked at. A form or query beyond is refused.
pub(crate) const MAX_BYTES: usize = 32 * 1024;

/// Pairs that are looked at.
const MAX_PAIRS: usize = 100;

/// The parameters of one request. Values of secret ones are overwritten when it is dropped, as far
/// as they are its own.
pub(crate) struct Parameters<'a> {
    values: [Option<Cow<'a, str>>; Parameter::ALL.len()],
    /// Those that no [`Parameter`] stands for, in order, each as often as it occurs.
    others: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// A bit for each parameter that occurs more than once.
    repeated: u32,
    /// What is wrong with the request as a whole, so that nothing in it can be relied on.
    fault: Option<ParameterFault>,
}

impl<'a> Parameters<'a> {
    /// Those of a query or a form, as `application/x-www-form-urlencoded` has them.
    pub(crate) fn from_encoded(text: &'a str) -> Self {
        let mut parameters = Self::none();
        if text.len() > MAX_BYTES {
            parameters.fault = Some(ParameterFault::TooLarge);
        } else {
            parameters.collect(form::pairs(text));
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
            // A decoder puts the replacement character in the place of what is not UTF-8.
            if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
                wipe(&mut value);
                self.fault = Some(ParameterFault::Unreadable);
                return;
            }
            // RFC 6749 section 3.1: a parameter without a value counts as left out.
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
            // RFC 8707 section 2 lets it occur more than once; here, all have to be the same.
            Some(first) if parameter == Parameter::Resource && *first == value => {}
            Some(_) => {
                wipe(&mut value);
                self.repeated |= 1 << parameter as u32;
            }
        }
    }

    /// The value of `parameter`, never an empty one.
    pub(crate) fn get(&self, parameter: Parameter) -> Option<&str> {
        self.values.get(parameter as usize)?.as_deref()
    }

    /// The names and values of parameters that this crate does not read, as often as they occur.
    pub(crate) fn others(&self) -> impl Iterator<Item = (&str, &str)> {
        self.others.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Those that the request has, of the ones that this crate reads.
    pub(crate) fn present(&self) -> impl Iterator<Item = Parameter> {
        let all = Parameter::ALL.iter().zip(&self.values);
        all.filter(|(_, value)| value.is_some())
            .map(|((parameter, _), _)| *parameter)
    }

    /// Checks that the values of those that are `read` can be relied on: the request was taken as a
    /// whole, and each of them occurs once at most.
    ///
    /// # Errors
    /// [`ParameterFault`]; of several repeated parameters it names the first in `read`.
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
    fn a_fault_of_the_whole_request_is_found_first() {
        let fault = check("state=a&state=a&scope=%FF");
        assert_eq!(fault, Err(ParameterFault::Unreadable));
        let parameters = Parameters::from_encoded("scope=%FF");
        assert_eq!(parameters.check(&[]), Err(ParameterFault::Unreadable));
    }

    #[test]
    fn an_empty_value_counts_as_left_out() {
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
    fn there_is_a_bound_on_pairs_and_on_bytes() {
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
    fn what_is_not_utf_8_is_not_guessed_at() {
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
