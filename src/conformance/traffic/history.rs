//! The last requests of a check, for the message of a broken rule.

use std::{collections::VecDeque, fmt, time::Duration};

use crate::rate_limit::{Quota, RateDecision, RateKey};

/// The requests that a message shows.
const SHOWN: usize = 24;

#[derive(Debug, Default)]
pub(super) struct History {
    last: VecDeque<Request>,
    /// The number of all requests, including the forgotten ones.
    count: usize,
    /// How the requests were chosen.
    pub(super) note: String,
}

#[derive(Debug)]
pub(super) struct Request {
    key: String,
    quota: Quota,
    from: Duration,
    to: Duration,
    /// `None` if the caller went away or got no decision.
    decision: Option<RateDecision>,
}

impl Request {
    pub(super) fn new(
        key: RateKey<'_>,
        quota: Quota,
        (from, to): (Duration, Duration),
        decision: Option<RateDecision>,
    ) -> Self {
        Self {
            key: key.to_string(),
            quota,
            from,
            to,
            decision,
        }
    }
}

impl History {
    pub(super) fn push(&mut self, request: Request) {
        if self.last.len() == SHOWN {
            self.last.pop_front();
        }
        self.last.push_back(request);
        self.count += 1;
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, count) = (self.last.len(), self.count);
        if !self.note.is_empty() {
            writeln!(f, "{}", self.note)?;
        }
        write!(f, "The last {shown} of {count} requests:")?;
        { self.last.iter() }.try_for_each(|request| write!(f, "\n  {request}"))
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, period, burst) = (&self.key, self.quota.token_interval(), self.quota.burst());
        write!(f, "{:?}", self.from)?;
        if self.from != self.to {
            write!(f, " to {:?}", self.to)?;
        }
        write!(f, ": `{key}`, a token each {period:?}, burst {burst}: ")?;
        match &self.decision {
            None => f.write_str("no decision"),
            Some(decision) => match decision.retry_after() {
                None => write!(f, "admitted, {} remain", decision.remaining()),
                Some(wait) => write!(f, "refused, retry after {wait:?}"),
            },
        }
    }
}
