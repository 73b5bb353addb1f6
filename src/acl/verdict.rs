use crate::{
    acl::{Action, Rule, UnknownSignal},
    types::WebUri,
};

/// The result of evaluating a list for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict<'a> {
    /// The decision about the request.
    pub decision: Decision<'a>,
    /// The rule that ended the evaluation, or `None` if no rule did.
    pub decided_by: Option<&'a Rule>,
    /// The monitoring rules that matched or could not be evaluated, in the order of evaluation.
    pub monitored: Vec<Monitored<'a>>,
}

/// The decision about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    /// The request is allowed.
    Allow,
    /// The request is refused.
    Block,
    /// The request is redirected to this address.
    Redirect(&'a WebUri),
    /// The request is refused, because a rule needs a signal that is unknown.
    Unanswered(UnknownSignal),
}

/// The report of a monitoring rule about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Monitored<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The unknown signal that the rule needed, or `None` if the rule matched.
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
