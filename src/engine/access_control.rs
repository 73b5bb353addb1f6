//! Evaluates a tenant's access control list with everything that can be known about a request.

use crate::{
    acl::{Decision, EdgeSignal, Endpoint, Reading, Rule, Signal, Signals, UnknownReason, Verdict},
    engine::ports::Ports,
    error::RegistrationError,
    events::Event,
    geo::{Location, WantedLocation},
    settings::TenantSettings,
};

/// Checks whether a request with these signals may register.
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

/// Evaluates a request to `endpoint`. Matches of monitoring rules are reported to the event sinks.
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
        ports.report(&match monitored.unknown {
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

/// Looks up the locations that the rules need and the request lacks. A signal that neither the request nor the source
/// of locations can provide becomes unknown, because its absence proves nothing.
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
            // The address is unknown, so its location can't be looked up.
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

/// Adds the signals of a location that the request lacks.
fn located(mut signals: Signals<'_>, location: Location) -> Signals<'_> {
    fn reading<T>(value: Option<T>) -> Reading<T> {
        value.map_or(Reading::Absent, Reading::Known)
    }
    signals.country = signals.country.or(reading(location.country));
    signals.subdivision = signals.subdivision.or(reading(location.subdivision));
    signals.asn = signals.asn.or(reading(location.asn));
    signals
}
