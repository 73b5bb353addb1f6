use crate::acl::UnknownSignal;

/// Whether something holds, as far as the signals of a request tell: logic with three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    No,
    Yes,
    /// It depends on this signal, which is unknown.
    Unknown(UnknownSignal),
}

impl Truth {
    /// Whether all of `parts` hold. One that certainly does not outweighs those that are unknown; of
    /// these, the first is named.
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
