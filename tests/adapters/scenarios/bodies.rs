//! Bodies that are slow, endless, in pieces, or of another length than declared.

use std::time::Duration;

use super::{created, incomplete, invalid_request, late, not_json_at, too_large};
use crate::{
    fixture::Fixture,
    http_request::{HttpRequest, PUBLIC, chunk},
    scenario::{End, Fate, Scenario, Step, answer},
    servers::Adapter,
};

/// A registration of this many bytes.
fn of(bytes: usize) -> HttpRequest {
    HttpRequest::post(format!("{PUBLIC}{}", " ".repeat(bytes - PUBLIC.len())))
}

pub(super) fn list() -> Vec<Scenario> {
    let mut list = sizes();
    list.extend(pieces());
    list.extend(broken());
    list.extend(expectations());
    list
}

fn sizes() -> Vec<Scenario> {
    let open = Fixture::open;
    vec![
        Scenario::registers(
            "as much as may be",
            open(),
            of(65_536),
            created("A").left(4),
        ),
        Scenario::refused(
            "a byte over the limit",
            open(),
            of(65_537),
            too_large().left(4).closing(),
        ),
        Scenario::line(
            "a length over the limit, before any byte",
            open(),
            [
                Step::Send(HttpRequest::post("").declaring_length(65_537)),
                answer(too_large().left(4).closing()),
            ],
            End::Closed,
            0,
        ),
        Scenario::line(
            "a body at the limit, in chunks",
            open(),
            [
                Step::Send(of(65_536).chunked(1_000)),
                answer(created("A").left(4)),
            ],
            End::Open,
            1,
        ),
        Scenario::line(
            "a byte over the limit, in chunks",
            open(),
            [
                Step::Send(of(65_537).chunked(65_537)),
                answer(too_large().left(4)),
            ],
            End::Open,
            0,
        ),
        Scenario::line(
            "a body without end",
            open(),
            [
                Step::Send(HttpRequest::post("").chunked_head()),
                Step::SendUntilAnswered(chunk(&[b' '; 4096])),
                answer(too_large().left(4).closing()),
                Step::SendUntilEnded(chunk(b" ")),
            ],
            End::Closed,
            0,
        ),
    ]
}

fn pieces() -> Vec<Scenario> {
    let mut segments: Vec<Step> = HttpRequest::public()
        .http1()
        .chunks(7)
        .map(|piece| Step::Send(piece.into()))
        .collect();
    segments.push(answer(created("A").left(4)));
    let mut decorated = HttpRequest::post("").chunked_head();
    decorated.extend(format!("{:X};a=b;c=\"d\"\r\n{PUBLIC}\r\n", PUBLIC.len()).bytes());
    decorated.extend(b"0\r\nx-trailer: 1\r\nx-other: 2\r\n\r\n");
    let line = |name, steps: Vec<Step>| Scenario::line(name, Fixture::open(), steps, End::Open, 1);
    let sent = |bytes| vec![Step::Send(bytes), answer(created("A").left(4))];
    vec![
        line("a request in many segments", segments),
        line("chunks of one byte", sent(HttpRequest::public().chunked(1))),
        line("chunks with extensions and trailers", sent(decorated)),
    ]
}

fn broken() -> Vec<Scenario> {
    let mut half = HttpRequest::post("").chunked_head();
    half.extend(chunk(PUBLIC.as_bytes()));
    let short = HttpRequest::public().declaring_length(PUBLIC.len() - 1);
    let long = HttpRequest::public().declaring_length(PUBLIC.len() + 1);
    let hasty = || Fixture::open().body_timeout(Duration::from_millis(50));
    vec![
        Scenario::line(
            "a slow body",
            hasty(),
            [Step::Send(long.clone()), answer(late().left(4).closing())],
            End::Closed,
            0,
        ),
        Scenario::line(
            "slow chunks",
            hasty(),
            [Step::Send(half.clone()), answer(late().left(4).closing())],
            End::Closed,
            0,
        ),
        Scenario::line(
            "a body that is not UTF-8",
            Fixture::open(),
            [
                Step::Send(HttpRequest::post("").declaring_length(3)),
                Step::Send(b"\"\xff\"".into()),
                answer(
                    invalid_request(
                        400,
                        "the body is not UTF-8; send the JSON in UTF-8",
                        "not_utf8",
                    )
                    .left(4),
                ),
            ],
            End::Open,
            0,
        ),
        Scenario::line(
            "a declared length that is too small",
            Fixture::open(),
            [
                Step::Send(short),
                answer(not_json_at(PUBLIC.len() - 1).left(4)),
                // The bytes that are left over begin an invalid request.
                Step::Send(b"\r\n\r\n".into()),
                Step::Framework(|_| Fate::Status(400)),
            ],
            End::Closed,
            0,
        ),
        Scenario::line(
            "a declared length that is too large",
            Fixture::open(),
            [
                Step::Send(long),
                Step::HalfClose,
                answer(incomplete().left(4).closing()),
            ],
            End::Closed,
            0,
        ),
        Scenario::line(
            "incomplete chunks",
            Fixture::open(),
            [
                Step::Send(half),
                Step::HalfClose,
                answer(incomplete().left(4).closing()),
            ],
            End::Closed,
            0,
        ),
    ]
}

fn expectations() -> Vec<Scenario> {
    let expecting = |length: usize| {
        HttpRequest::post("")
            .with("expect", "100-continue")
            .declaring_length(length)
    };
    vec![
        Scenario::line(
            "an expected body that is read",
            Fixture::open(),
            [
                Step::Send(expecting(PUBLIC.len())),
                Step::Continue,
                Step::Send(PUBLIC.into()),
                answer(created("A").left(4)),
            ],
            End::Open,
            1,
        ),
        Scenario::line(
            "an expected body that is not read",
            Fixture::open(),
            [
                Step::Send(expecting(65_537)),
                Step::Framework(continues_by_itself),
                answer(too_large().left(4).closing()),
            ],
            End::Closed,
            0,
        ),
    ]
}

/// actix-web sends `100 Continue` before it hands over the head, and lets no application change
/// this.
pub(super) fn continues_by_itself(adapter: Adapter) -> Fate {
    match adapter {
        Adapter::Actix => Fate::Continues,
        Adapter::Hyper | Adapter::Tower | Adapter::Axum => Fate::Silent,
    }
}
