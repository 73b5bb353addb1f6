use crate::acl::UnknownSignal;

/// A truth value of three-valued logic: whether a condition holds for the signals of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    No,
    Yes,
    /// The result depends on this signal, which is unknown.
    Unknown(UnknownSignal),
}

impl Truth {
    /// Whether all of `parts` hold. The result is `No` if any part is `No`. Otherwise it is the first
    /// `Unknown`, if there is one.
    pub(super) fn all(parts: impl Iterator<Item = Self>) -> Self {
        let mut all = Self::Yes;
        for part in parts {
            match part {
                Self::No => return Self::No,
                Self::Unknown(_) if all == Self::Yes => all = part,
                Self::Yes | Self::Unknown(_) => {}
            }
        }
        all
    }
}
