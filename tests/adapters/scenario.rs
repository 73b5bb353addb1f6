//! The parts of a scenario.

use crate::{answer::Expected, fixture::Fixture, http_request::HttpRequest, servers::Adapter};

/// What is sent to a server, and the expected outcome.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) fixture: Fixture,
    pub(crate) exchange: Exchange,
    /// The clients that are stored afterwards, beside those that a framework [passed on](Fate).
    pub(crate) registered: usize,
}

#[derive(Clone)]
pub(crate) enum Exchange {
    /// One request and its answer, over HTTP/1.1 and over HTTP/2. Afterwards the connection takes
    /// another request, unless the answer says otherwise.
    Request(HttpRequest, Box<Expected>),
    /// What is written to a connection of HTTP/1 and read from it, byte by byte, and the end of the
    /// connection.
    Line(Vec<Step>, End),
}

#[derive(Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    /// Sends this again and again until an answer begins.
    SendUntilAnswered(Vec<u8>),
    /// Sends this again and again until the server has ended the connection.
    SendUntilEnded(Vec<u8>),
    /// The next answer is this one.
    Answer(Box<Expected>),
    /// The next answer is this one, of HTTP/1.0.
    Answer10(Box<Expected>),
    /// The next answer is `100 Continue`.
    Continue,
    /// The clock advances by this many milliseconds.
    Later(u64),
    /// The client shuts down its sending half.
    HalfClose,
    /// Each framework decides the next answer before its adapter sees the request.
    Framework(fn(Adapter) -> Fate),
}

/// How a framework treats a request by itself.
#[derive(Clone)]
pub(crate) enum Fate {
    /// It answers with this status, in its own words.
    Status(u16),
    /// It passes the request on, and this is the adapter's answer.
    Passed(Box<Expected>),
    /// The same, of HTTP/1.0.
    Passed10(Box<Expected>),
    /// It says `100 Continue` although the adapter has not read from the body.
    Continues,
    /// It says nothing.
    Silent,
}

/// The state of a connection at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It takes another request.
    Open,
    /// The server ends it.
    Closed,
}

impl Scenario {
    /// One request that registers no client.
    pub(crate) fn refused(
        name: &'static str,
        fixture: Fixture,
        request: HttpRequest,
        answer: Expected,
    ) -> Self {
        Self {
            name,
            fixture,
            exchange: Exchange::Request(request, Box::new(answer)),
            registered: 0,
        }
    }

    /// One request that registers a client.
    pub(crate) fn registers(
        name: &'static str,
        fixture: Fixture,
        request: HttpRequest,
        answer: Expected,
    ) -> Self {
        Self {
            registered: 1,
            ..Self::refused(name, fixture, request, answer)
        }
    }

    /// Any exchange over one connection of HTTP/1.
    pub(crate) fn line(
        name: &'static str,
        fixture: Fixture,
        steps: impl Into<Vec<Step>>,
        end: End,
        registered: usize,
    ) -> Self {
        Self {
            name,
            fixture,
            exchange: Exchange::Line(steps.into(), end),
            registered,
        }
    }
}

/// An answer of HTTP/1.1.
pub(crate) fn answer(expected: Expected) -> Step {
    Step::Answer(Box::new(expected))
}
