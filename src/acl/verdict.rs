use crate::{
    acl::{Action, Rule, UnknownSignal},
    types::WebUri,
};

/// What a list says of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict<'a> {
    /// What becomes of the request.
    pub decision: Decision<'a>,
    /// The rule that ended the evaluation; `None` if none did.
    pub decided_by: Option<&'a Rule>,
    /// The monitoring rules before that which matched or could not be evaluated, in their order.
    pub monitored: Vec<Monitored<'a>>,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    /// It goes on.
    Allow,
    /// It is refused.
    Block,
    /// It is sent to this address.
    Redirect(&'a WebUri),
    /// It is refused, because a rule needs a signal that is unknown.
    Unanswered(UnknownSignal),
}

/// What a monitoring rule reports of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Monitored<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The unknown signal that the rule needed; `None` if the rule matched.
    pub unknown: Option<UnknownSignal>,
}

impl<'a> Decision<'a> {
    pub(super) const fn of(action: &'a Action) -> Self {
        match action {
            Action::Allow => Self::Allow,
            Action::Block => Self::Block,
            Action::Redirect(uri) => Self::Redirect(uri),
        }
    }
}
