//! A tenant's access control list, asked with all that can be known of a request.

use crate::{
    acl::{Decision, EdgeSignal, Endpoint, Reading, Rule, Signal, Signals, UnknownReason, Verdict},
    engine::ports::Ports,
    error::RegistrationError,
    events::Event,
    geo::{Location, WantedLocation},
    settings::TenantSettings,
};

/// Lets a request with these signals register, or says why not.
pub(super) fn check(
    ports: &Ports,
    tenant: &TenantSettings,
    signals: Signals<'_>,
) -> Result<(), RegistrationError> {
    if tenant.acl.rules().is_empty() {
        return Ok(());
    }
    let verdict = evaluate(ports, tenant, Endpoint::Registration, signals);
    let rule = || verdict.decided_by.map(Rule::description);
    let rule = || rule().unwrap_or_default().to_owned();
    match verdict.decision {
        Decision::Allow => Ok(()),
        Decision::Block => Err(RegistrationError::Blocked { rule: rule() }),
        Decision::Redirect(location) => Err(RegistrationError::Redirected {
            rule: rule(),
            location: location.clone(),
        }),
        Decision::Unanswered(unknown) => Err(RegistrationError::unanswered(rule(), unknown)),
    }
}

/// What becomes of a request to `endpoint`. What monitoring rules report is told to the event sinks.
pub(super) fn evaluate<'a>(
    ports: &Ports,
    tenant: &'a TenantSettings,
    endpoint: Endpoint,
    signals: Signals<'_>,
) -> Verdict<'a> {
    let source = signals.source();
    let signals = complete(ports, tenant, signals);
    let verdict = tenant.acl.evaluate(endpoint, &signals, ports.clock.now());
    for monitored in &verdict.monitored {
        let (tenant, rule) = (&tenant.id, monitored.rule);
        ports.tell(&match monitored.unknown {
            None => Event::RuleMatched {
                tenant,
                rule,
                source,
            },
            Some(unknown) => Event::RuleUnanswered {
                tenant,
                rule,
                unknown,
                source,
            },
        });
    }
    verdict
}

/// Adds to `signals` the locations that the list looks at and the request lacks. A signal that neither the
/// request nor the source of locations can provide becomes unknown, because its absence proves nothing.
pub(super) fn complete<'a>(
    ports: &Ports,
    tenant: &TenantSettings,
    signals: Signals<'a>,
) -> Signals<'a> {
    let is_missing = |signal: EdgeSignal| {
        let signal = Signal::from(signal);
        tenant.acl.looks_at(signal) && signals.reading(signal) == Reading::Absent
    };
    if !EdgeSignal::ALL.into_iter().any(is_missing) {
        return signals;
    }
    let provided = ports.geo.provides();
    let is_located = |signal| is_missing(signal) && provided.contains(signal);
    let wanted = WantedLocation {
        country: is_located(EdgeSignal::Country),
        subdivision: is_located(EdgeSignal::Subdivision),
        asn: is_located(EdgeSignal::Asn),
    };
    let mut complete = match signals.source {
        Reading::Known(address) if !wanted.is_empty() => {
            located(signals, ports.geo.locate(address, wanted))
        }
        _ => signals,
    };
    for signal in EdgeSignal::ALL
        .into_iter()
        .filter(|signal| is_missing(*signal))
    {
        complete = match signals.source {
            // A location that would be that of an unknown address.
            Reading::Unknown(reason) if provided.contains(signal) => {
                complete.unknown(signal, reason)
            }
            _ if !provided.contains(signal) && !tenant.provides(signal) => {
                complete.unknown(signal, UnknownReason::NoSource)
            }
            _ => complete,
        };
    }
    complete
}

/// Adds what a location says of the signals that nobody sent.
fn located(mut signals: Signals<'_>, location: Location) -> Signals<'_> {
    fn told<T>(value: Option<T>) -> Reading<T> {
        value.map_or(Reading::Absent, Reading::Known)
    }
    signals.country = signals.country.or(told(location.country));
    signals.subdivision = signals.subdivision.or(told(location.subdivision));
    signals.asn = signals.asn.or(told(location.asn));
    signals
}
