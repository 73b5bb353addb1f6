use super::parameter::Parameter;

/// Why the pairs of a request can't be taken as the parameters that an endpoint reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterFault {
    /// There are more than are looked at; what was collected is not the whole.
    TooLarge,
    /// A name or value is not UTF-8, so that it can't be told from others that are not.
    Unreadable,
    /// This parameter occurs more than once; `resource`, with different values.
    Repeated(Parameter),
}
