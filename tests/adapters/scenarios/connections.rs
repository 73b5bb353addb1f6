//! Several requests on one connection.

use std::time::Duration;

use super::{bodies::continues_by_itself, created, not_allowed, not_json, too_large, unsupported};
use crate::{
    fixture::Fixture,
    http_request::{HttpRequest, PUBLIC, chunk},
    scenario::{End, Fate, Scenario, Step, answer},
    servers::Adapter,
};

pub(super) fn list() -> Vec<Scenario> {
    let mut list = kept();
    list.extend(ended());
    list
}

fn kept() -> Vec<Scenario> {
    let (good, bad) = (
        HttpRequest::public().http1(),
        HttpRequest::post("{").http1(),
    );
    let get = HttpRequest::to("GET").http1();
    let line = |name, steps: Vec<Step>, registered| {
        Scenario::line(name, Fixture::open(), steps, End::Open, registered)
    };
    vec![
        line(
            "one request after another",
            vec![
                Step::Send(good.clone()),
                answer(created("A").left(4)),
                Step::Send(bad.clone()),
                answer(not_json().left(3)),
                Step::Send(good.clone()),
                answer(created("B").left(2)),
            ],
            2,
        ),
        line(
            "two requests at once",
            vec![
                Step::Send([good.clone(), good.clone()].concat()),
                answer(created("A").left(4)),
                answer(created("B").left(3)),
            ],
            2,
        ),
        line(
            "three requests at once",
            vec![
                Step::Send([get, bad, HttpRequest::public().chunked(20)].concat()),
                answer(not_allowed()),
                answer(not_json().left(4)),
                answer(created("A").left(3)),
            ],
            1,
        ),
    ]
}

fn ended() -> Vec<Scenario> {
    let form = HttpRequest::public().without("content-type");
    let mut unread = form.chunked_head();
    unread.extend(chunk(PUBLIC.as_bytes()));
    let kept = |request: HttpRequest| request.with("connection", "keep-alive");
    let asked_for = form.clone().with("expect", "100-continue");
    let last = HttpRequest::public().with("connection", "close").http1();
    let line = |name, steps: Vec<Step>, registered| {
        Scenario::line(name, Fixture::open(), steps, End::Closed, registered)
    };
    vec![
        Scenario::line(
            "an unread rest of a body",
            Fixture::open().discard_timeout(Duration::from_millis(50)),
            [Step::Send(unread), answer(unsupported().left(4).closing())],
            End::Closed,
            0,
        ),
        Scenario::line(
            "a request behind an unread body",
            Fixture::open(),
            [
                Step::Send([form.http1(), HttpRequest::public().http1()].concat()),
                answer(unsupported().left(4)),
                answer(created("A").left(3)),
            ],
            End::Open,
            1,
        ),
        line(
            "a request behind a body that is not requested",
            vec![
                Step::Send([asked_for.http1(), last.clone()].concat()),
                Step::Framework(continues_by_itself),
                answer(unsupported().left(4).closing()),
                Step::Framework(goes_on),
            ],
            0,
        ),
        line(
            "the client's last request",
            vec![Step::Send(last), answer(created("A").left(4).closing())],
            1,
        ),
        line(
            "HTTP/1.0",
            vec![
                Step::Send(HttpRequest::public().http10()),
                Step::Answer10(Box::new(created("A").left(4))),
            ],
            1,
        ),
        line(
            "HTTP/1.0 with an unread body",
            vec![
                Step::Send(form.http10()),
                Step::Answer10(Box::new(unsupported().left(4).closing())),
            ],
            0,
        ),
        Scenario::line(
            "HTTP/1.0 with keep-alive",
            Fixture::open(),
            [
                Step::Send(kept(HttpRequest::public()).http10()),
                Step::Answer10(Box::new(
                    created("A").left(4).with("connection", "keep-alive"),
                )),
                Step::Send(kept(form).http10()),
                Step::Answer10(Box::new(
                    unsupported().left(3).with("connection", "keep-alive"),
                )),
            ],
            End::Open,
            1,
        ),
        line(
            "HTTP/1.0 with keep-alive, until an unread body",
            vec![
                Step::Send(kept(HttpRequest::post("")).declaring_length_http10(65_537)),
                Step::Framework(announced_end),
            ],
            0,
        ),
    ]
}

/// actix-web serves a request that has already arrived, although it has announced the end of the
/// connection.
fn goes_on(adapter: Adapter) -> Fate {
    match adapter {
        Adapter::Actix => Fate::Passed(Box::new(created("A").left(3).closing())),
        Adapter::Hyper | Adapter::Tower | Adapter::Axum => Fate::Silent,
    }
}

/// hyper adds the client's `Connection` field to ours; actix-web leaves out both. Either ends the
/// connection.
fn announced_end(adapter: Adapter) -> Fate {
    let refused = too_large().left(4).closing();
    Fate::Passed10(Box::new(match adapter {
        Adapter::Actix => refused,
        Adapter::Hyper | Adapter::Tower | Adapter::Axum => {
            refused.with("connection", "close, keep-alive")
        }
    }))
}
