//! Counts events and measures times, through the crate `metrics`.
//!
//! ```
//! use oauth_dcr::{MemoryStore, Registrar, TenantSettings, metrics::MetricsEvents};
//!
//! // Install your recorder first. Then:
//! let registrar = Registrar::builder(MemoryStore::new())
//!     .tenant(TenantSettings::new().enabled())
//!     .events(MetricsEvents::new())
//!     .build()?;
//! # let _ = registrar;
//! # Ok::<(), oauth_dcr::settings::SettingsError>(())
//! ```
//!
//! [`MetricsEvents`] is the only item of this module. [`MetricsEvents::SECONDS_BUCKETS`] has bounds for the histogram, and
//! [`guide::observability`](crate::guide::observability) lists all metrics and labels.

use std::time::Duration;

use ::metrics::{
    Label, SharedString, Unit, counter, describe_counter, describe_histogram, histogram,
};

use crate::{
    acl::UnknownSignal,
    error::RegistrationError,
    events::{Event, EventSink, Removal},
    types::{ClientType, SecurityMode, TenantId},
};

const REGISTRATIONS: &str = "oauth_dcr_registrations_total";
const SECONDS: &str = "oauth_dcr_registration_seconds";
const REGISTERED: &str = "oauth_dcr_clients_registered_total";
const REFUSALS: &str = "oauth_dcr_refusals_total";
const BACKEND_FAILURES: &str = "oauth_dcr_backend_failures_total";
const CHANGES: &str = "oauth_dcr_client_changes_total";
const REMOVED: &str = "oauth_dcr_clients_removed_total";
const MONITORED: &str = "oauth_dcr_acl_monitored_total";
const UNREADABLE: &str = "oauth_dcr_unreadable_clients_total";
const CLOCK_DIFFERENCES: &str = "oauth_dcr_clock_differences_total";
const UNKNOWN_SIGNALS: &str = "oauth_dcr_acl_unknown_signals_total";

const OUTCOMES: [&str; 4] = ["registered", "folded", "refused", "failed"];
const TYPES: [ClientType; 2] = [ClientType::Public, ClientType::Confidential];
const MODES: [SecurityMode; 2] = [SecurityMode::Strict, SecurityMode::Permissive];
const CHANGED: [&str; 5] = [
    "metadata",
    "secret",
    "blocked",
    "unblocked",
    "redirection_policy",
];
const REMOVALS: [Removal; 4] = [
    Removal::Evicted,
    Removal::UserLimit,
    Removal::Swept,
    Removal::Deleted,
];
const ACTIONS: [&str; 4] = ["allow", "block", "redirect", "none"];

/// A sink that counts events and measures times. It uses the recorder that is installed when an event happens.
///
/// The metrics, their labels and a dashboard are in [`guide::observability`](crate::guide::observability). All labels have
/// fixed sets of values, so a request can't create new time series. The [module](self) has an example.
#[derive(Clone, Copy, Debug)]
pub struct MetricsEvents {
    tenants: bool,
}

impl MetricsEvents {
    /// Upper bounds for the histogram `oauth_dcr_registration_seconds`, in seconds. They cover everything from a store in
    /// memory to a slow database and a body that arrives slowly.
    pub const SECONDS_BUCKETS: &'static [f64] = &[
        0.000_1, 0.000_25, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
        10.0, 15.0, 30.0,
    ];

    /// Counts for all tenants in total. Install your recorder first, because this registers the metrics with it.
    ///
    /// Each metric is registered with its description. A metric whose label values are all known is also registered with
    /// the value 0. So the first event after a start is an increase, and not the beginning of a time series.
    pub fn new() -> Self {
        describe();
        let sink = Self { tenants: false };
        sink.begin();
        sink
    }

    /// Counts for each tenant separately, in the label `tenant`. The label is empty if a request leads to no tenant.
    ///
    /// There are up to 190 time series for each tenant, so this is for hosts with few tenants. The time series of a tenant
    /// begin with its first event.
    pub fn with_tenants() -> Self {
        describe();
        Self { tenants: true }
    }

    /// Registers the metrics whose label values are all known, with the value 0.
    fn begin(self) {
        for outcome in OUTCOMES {
            let labels = self.labels(None, [("outcome", outcome)]);
            let _at_0 = histogram!(SECONDS, labels.clone());
            counter!(REGISTRATIONS, labels).increment(0);
        }
        for (kind, mode) in TYPES
            .into_iter()
            .flat_map(|kind| MODES.map(|mode| (kind, mode)))
        {
            let kind = ("client_type", kind.as_str());
            let mode = ("security_mode", mode.as_str());
            counter!(REGISTERED, self.labels(None, [kind, mode])).increment(0);
        }
        let counted = |name: &'static str, label, value| {
            counter!(name, self.labels(None, [(label, value)])).increment(0);
        };
        for change in CHANGED {
            counted(CHANGES, "change", change);
        }
        for removal in REMOVALS {
            counted(REMOVED, "removal", removal.as_str());
        }
        counter!(UNREADABLE, self.labels(None, [])).increment(0);
        counter!(CLOCK_DIFFERENCES, self.labels(None, [])).increment(0);
        for action in ACTIONS {
            counted(MONITORED, "action", action);
        }
    }

    fn unknown(self, tenant: Option<&TenantId>, unknown: UnknownSignal) {
        let signal = ("signal", unknown.signal.name());
        let reason = ("reason", unknown.reason.as_str());
        counter!(UNKNOWN_SIGNALS, self.labels(tenant, [signal, reason])).increment(1);
    }

    fn labels<const N: usize>(
        self,
        tenant: Option<&TenantId>,
        labels: [(&'static str, &'static str); N],
    ) -> Vec<Label> {
        let mut all = Vec::with_capacity(N.saturating_add(1));
        let labels = labels.into_iter();
        all.extend(labels.map(|(name, value)| Label::from_static_parts(name, value)));
        if self.tenants {
            let id = tenant.map(TenantId::as_str).unwrap_or_default();
            all.push(Label::new("tenant", SharedString::from(id.to_owned())));
        }
        all
    }

    fn ended(self, tenant: Option<&TenantId>, outcome: &'static str, took: Duration) {
        let labels = self.labels(tenant, [("outcome", outcome)]);
        histogram!(SECONDS, labels.clone()).record(took);
        counter!(REGISTRATIONS, labels).increment(1);
    }

    fn refused(self, tenant: Option<&TenantId>, error: &RegistrationError) {
        let rule = error.rule().unwrap_or("none");
        let labels = self.labels(tenant, [("error", error.kind()), ("rule", rule)]);
        counter!(REFUSALS, labels).increment(1);
        if let RegistrationError::Backend(error) = error {
            let labels = self.labels(tenant, [("backend", error.backend())]);
            counter!(BACKEND_FAILURES, labels).increment(1);
        }
    }
}

impl Default for MetricsEvents {
    fn default() -> Self {
        Self::new()
    }
}

impl EventSink for MetricsEvents {
    fn record(&self, event: &Event<'_>) {
        let tenant = event.tenant();
        if let (Some(outcome), Some(took)) = (event.outcome(), event.took()) {
            self.ended(tenant, outcome, took);
        }
        if let Some(unknown) = event.unknown_signal() {
            self.unknown(tenant, unknown);
        }
        match event {
            Event::Registered { client, .. } => {
                let kind = ("client_type", client.client_type().as_str());
                let mode = ("security_mode", client.security_mode().as_str());
                counter!(REGISTERED, self.labels(tenant, [kind, mode])).increment(1);
            }
            Event::Deduplicated { .. } | Event::RuleUnanswered { .. } => {}
            Event::Changed { change, .. } => {
                let labels = self.labels(tenant, [("change", change.as_str())]);
                counter!(CHANGES, labels).increment(1);
            }
            Event::Unreadable { .. } => {
                counter!(UNREADABLE, self.labels(tenant, [])).increment(1);
            }
            Event::Removed { removal, .. } => {
                let labels = self.labels(tenant, [("removal", removal.as_str())]);
                counter!(REMOVED, labels).increment(1);
            }
            Event::RuleMatched { rule, .. } => {
                let action = rule.action().map_or("none", |action| action.as_str());
                let labels = self.labels(tenant, [("action", action)]);
                counter!(MONITORED, labels).increment(1);
            }
            Event::ClockDiffers { .. } => {
                counter!(CLOCK_DIFFERENCES, self.labels(tenant, [])).increment(1);
            }
            Event::Refused { error, .. } => self.refused(tenant, error),
        }
    }
}

fn describe() {
    let count = |name: &'static str, what: &'static str| describe_counter!(name, Unit::Count, what);
    count(REGISTRATIONS, "Registrations, by outcome");
    count(REGISTERED, "New clients that were registered");
    count(
        REFUSALS,
        "Registrations that were refused or failed, by reason",
    );
    count(
        BACKEND_FAILURES,
        "Registrations that failed because a back end failed",
    );
    count(CHANGES, "Changes that owners made to clients");
    count(REMOVED, "Clients that were removed");
    count(
        UNREADABLE,
        "Calls that needed a client whose record can't be read",
    );
    count(
        CLOCK_DIFFERENCES,
        "Reports that a node's clock differs from the store's, at most one an hour for each node",
    );
    count(
        MONITORED,
        "Matches of monitoring rules of access control lists",
    );
    count(
        UNKNOWN_SIGNALS,
        "Evaluations of access control rules that failed because a signal was unknown",
    );
    describe_histogram!(
        SECONDS,
        Unit::Seconds,
        "From the arrival of a registration to its outcome"
    );
}
