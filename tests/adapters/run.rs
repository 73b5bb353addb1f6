//! Runs scenarios on every adapter.

use std::any::Any;

use http::Version;
use tokio::{io::AsyncWriteExt as _, task::JoinSet};

use crate::{
    answer::{Answer, Expected},
    http_request::HttpRequest,
    http1::Line,
    http2::Streams,
    scenario::{End, Exchange, Fate, Scenario, Step},
    servers::{Adapter, Protocol, Server},
};

/// Runs each of `scenarios` on a server of each adapter, over each version that it is for. Compares
/// the answers with the expected answers and with those of the other adapters.
pub(crate) async fn run(scenarios: Vec<Scenario>) {
    let mut running = JoinSet::new();
    for scenario in scenarios {
        running.spawn(async move {
            let protocols: &[Protocol] = match scenario.exchange {
                Exchange::Request(..) => &[Protocol::Http1, Protocol::Http2],
                Exchange::Line(..) => &[Protocol::Http1],
            };
            let mut failures = Vec::new();
            for protocol in protocols {
                failures.extend(on_every_adapter(&scenario, *protocol).await);
            }
            failures
        });
    }
    let failures: Vec<_> = running.join_all().await.into_iter().flatten().collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

async fn on_every_adapter(scenario: &Scenario, protocol: Protocol) -> Vec<String> {
    let (mut failures, mut first) = (Vec::new(), None);
    for adapter in Adapter::ALL {
        let at = format!("{}: {adapter:?}, {protocol:?}", scenario.name);
        let scenario = scenario.clone();
        let answers = tokio::spawn(async move { on(adapter, protocol, &scenario).await }).await;
        match answers {
            Ok(answers) if *first.get_or_insert_with(|| answers.clone()) != answers => {
                failures.push(format!(
                    "{at}: differs from the other adapters: {answers:?}"
                ));
            }
            Ok(_) => {}
            Err(error) => failures.push(format!("{at}: {}", message(&*error.into_panic()))),
        }
    }
    failures
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it panicked")
}

/// The outcome of a scenario on one adapter.
#[derive(Default)]
struct Outcome {
    /// What the adapter answered.
    answers: Vec<Answer>,
    /// The clients whose requests one framework passed on and another framework refused.
    passed: usize,
}

/// The adapter's answers.
async fn on(adapter: Adapter, protocol: Protocol, scenario: &Scenario) -> Vec<Answer> {
    let server = Server::start(adapter, protocol, &scenario.fixture);
    let outcome = match (&scenario.exchange, protocol) {
        (Exchange::Request(request, expected), Protocol::Http1) => {
            let end = if expected.closes {
                End::Closed
            } else {
                End::Open
            };
            let steps = [Step::Send(request.http1()), Step::Answer(expected.clone())];
            run_steps(adapter, &server, &steps, end).await
        }
        (Exchange::Request(request, expected), Protocol::Http2) => {
            let mut streams = Streams::open(&server).await;
            let answer = streams.send(request.http2()).await;
            assert_eq!(answer, expected.over(Version::HTTP_2));
            // Unread bytes never end a connection of HTTP/2.
            streams.send(HttpRequest::to("OPTIONS").http2()).await;
            Outcome {
                answers: vec![answer],
                passed: 0,
            }
        }
        (Exchange::Line(steps, end), _) => run_steps(adapter, &server, steps, *end).await,
    };
    let clients = server.built.store.clients.len();
    assert_eq!(clients, scenario.registered + outcome.passed, "clients");
    outcome.answers
}

/// The answers of the adapter to the requests of one connection.
async fn run_steps(adapter: Adapter, server: &Server, steps: &[Step], end: End) -> Outcome {
    let mut line = Line::open(server).await;
    let (mut outcome, mut time) = (Outcome::default(), 0);
    for step in steps {
        match step {
            Step::Send(bytes) => line.send(bytes).await,
            Step::SendUntilAnswered(piece) => line.send_until_answered(piece).await,
            Step::SendUntilEnded(piece) => line.send_until_ended(piece).await,
            Step::Answer(expected) => {
                let answer = expect(&mut line, expected, Version::HTTP_11).await;
                outcome.answers.push(answer);
            }
            Step::Answer10(expected) => {
                let answer = expect(&mut line, expected, Version::HTTP_10).await;
                outcome.answers.push(answer);
            }
            Step::Continue => assert_continues(&line.answer(false).await),
            Step::Later(millis) => {
                time += millis;
                server.built.clock.set_millis(time);
            }
            Step::HalfClose => line.stream.shutdown().await.unwrap(),
            Step::Framework(fate) => {
                let registered = exchange_by(&mut line, &fate(adapter)).await;
                outcome.passed += usize::from(registered);
            }
        }
    }
    match end {
        End::Open => {
            line.send(&HttpRequest::to("OPTIONS").http1()).await;
            line.answer(false).await;
        }
        End::Closed => line.ended().await,
    }
    outcome
}

async fn expect(line: &mut Line, expected: &Expected, version: Version) -> Answer {
    let answer = line.answer(expected.is_head()).await;
    assert_eq!(answer, expected.over(version));
    answer
}

/// Whether a client was registered.
async fn exchange_by(line: &mut Line, fate: &Fate) -> bool {
    let (expected, version) = match fate {
        Fate::Passed(expected) => (expected, Version::HTTP_11),
        Fate::Passed10(expected) => (expected, Version::HTTP_10),
        Fate::Status(status) => {
            assert_eq!(line.answer(false).await.status(), *status);
            return false;
        }
        Fate::Continues => {
            assert_continues(&line.answer(false).await);
            return false;
        }
        Fate::Silent => return false,
    };
    expect(line, expected, version).await.status() == 201
}

fn assert_continues(answer: &Answer) {
    assert_eq!(answer.line, "HTTP/1.1 100 Continue");
    assert_eq!((&*answer.headers, &*answer.body), (&[][..], ""));
}
