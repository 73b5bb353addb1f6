use super::parameter::Parameter;

/// Why the parameters of a request can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterFault {
    /// There are too many parameters or bytes, so not all of them were collected.
    TooLarge,
    /// A name or value is not UTF-8, so it can't be distinguished from other invalid texts.
    Unreadable,
    /// This parameter occurs more than once. `resource` occurs with different values.
    Repeated(Parameter),
}
