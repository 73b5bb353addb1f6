//! The metrics are exactly those on the page.

use std::collections::{BTreeMap, BTreeSet};

use metrics::{Unit, set_default_local_recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use oauth_dcr::metrics::MetricsEvents;

use super::{
    every_event::{CANARY, SOURCE, contains_secret, provoke},
    page,
};

/// One time series.
struct Series {
    name: String,
    labels: BTreeMap<String, String>,
    unit: Option<Unit>,
    is_described: bool,
    value: DebugValue,
}

/// Everything that is measured while every event is provoked, except series that stay at 0.
async fn everything(sink: fn() -> MetricsEvents) -> Vec<Series> {
    let recorder = DebuggingRecorder::new();
    let guard = set_default_local_recorder(&recorder);
    provoke(&|builder| builder.events(sink())).await;
    drop(guard);
    let mut series = taken(&recorder);
    series.retain(|it| !it.is_at_0());
    series
}

impl Series {
    fn is_at_0(&self) -> bool {
        match &self.value {
            DebugValue::Counter(count) => *count == 0,
            DebugValue::Histogram(values) => values.is_empty(),
            DebugValue::Gauge(_) => false,
        }
    }
}

fn taken(recorder: &DebuggingRecorder) -> Vec<Series> {
    let snapshot = recorder.snapshotter().snapshot().into_vec();
    let series =
        |(key, unit, description, value): (metrics_util::CompositeKey, _, Option<_>, _)| {
            let (_, key) = key.into_parts();
            let labels = key.labels();
            Series {
                name: key.name().to_owned(),
                labels: labels
                    .map(|it| (it.key().to_owned(), it.value().to_owned()))
                    .collect(),
                unit,
                is_described: description.is_some(),
                value,
            }
        };
    snapshot.into_iter().map(series).collect()
}

/// The Prometheus recorder, with the buckets of the page.
fn recorder() -> PrometheusRecorder {
    let seconds = Matcher::Full("oauth_dcr_registration_seconds".into());
    let builder = PrometheusBuilder::new();
    let builder = builder.set_buckets_for_metric(seconds, MetricsEvents::SECONDS_BUCKETS);
    builder.unwrap().build_recorder()
}

/// The Prometheus text after every event was provoked.
pub(crate) async fn rendered() -> String {
    let recorder = recorder();
    let guard = set_default_local_recorder(&recorder);
    provoke(&|builder| builder.events(MetricsEvents::new())).await;
    drop(guard);
    recorder.handle().render()
}

#[tokio::test]
async fn page_lists_every_metric() {
    let documented = page::metrics();
    let series = everything(MetricsEvents::new).await;
    let names: BTreeSet<&str> = series.iter().map(|it| &*it.name).collect();
    assert_eq!(names, documented.keys().copied().collect());
    for (name, (kind, labels)) in documented {
        let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for one in series.iter().filter(|it| it.name == name) {
            let is_counter = matches!(one.value, DebugValue::Counter(_));
            assert_eq!(
                kind,
                if is_counter { "counter" } else { "histogram" },
                "{name}"
            );
            let unit = if is_counter {
                Unit::Count
            } else {
                Unit::Seconds
            };
            assert_eq!((one.unit, one.is_described), (Some(unit), true), "{name}");
            assert_eq!(one.labels.len(), labels.len(), "{name}");
            for (label, value) in &one.labels {
                found.entry(label).or_default().insert(value);
            }
        }
        for (label, values) in labels {
            let found = found
                .remove(label)
                .unwrap_or_else(|| panic!("{name} {label}"));
            if !values.is_empty() {
                assert_eq!(found, values.into_iter().collect(), "{name} {label}");
            }
        }
    }
}

#[test]
fn metrics_with_closed_labels_start_at_0() {
    let recorder = DebuggingRecorder::new();
    let guard = set_default_local_recorder(&recorder);
    let _sink = MetricsEvents::new();
    drop(guard);
    let series = taken(&recorder);
    assert!(series.iter().all(Series::is_at_0));
    let found: BTreeSet<_> = series.into_iter().map(|it| (it.name, it.labels)).collect();
    let mut expected = BTreeSet::new();
    for (name, (_, labels)) in page::metrics() {
        let mut sets = vec![BTreeMap::new()];
        for (label, values) in labels {
            let with = |value: &&str| {
                let value = (*value).to_owned();
                let mut sets = sets.clone();
                for set in &mut sets {
                    set.insert(label.to_owned(), value.clone());
                }
                sets
            };
            sets = values.iter().flat_map(with).collect();
        }
        expected.extend(sets.into_iter().map(|labels| (name.to_owned(), labels)));
    }
    assert_eq!(expected.len(), 4 + 4 + 4 + 5 + 4 + 1 + 1 + 4);
    assert_eq!(found, expected);
}

#[test]
fn prometheus_gets_zeros_before_any_event() {
    let recorder = recorder();
    let guard = set_default_local_recorder(&recorder);
    let _sink = MetricsEvents::new();
    drop(guard);
    let text = recorder.handle().render();
    for line in [
        r#"oauth_dcr_registrations_total{outcome="failed"} 0"#,
        r#"oauth_dcr_registration_seconds_bucket{outcome="folded",le="30"} 0"#,
        r#"oauth_dcr_registration_seconds_count{outcome="folded"} 0"#,
        r#"oauth_dcr_clients_removed_total{removal="deleted"} 0"#,
        r#"oauth_dcr_clients_removed_total{removal="user_limit"} 0"#,
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn every_error_kind_is_a_documented_label() {
    let rows = page::table("| `error` | status |");
    let documented: BTreeSet<&str> = rows.iter().map(|row| page::quoted(row[0])[0]).collect();
    let series = everything(MetricsEvents::new).await;
    let refusals = series
        .iter()
        .filter(|it| it.name == "oauth_dcr_refusals_total");
    let found: BTreeSet<&str> = refusals.clone().map(|it| &*it.labels["error"]).collect();
    assert_eq!(found, documented);
    let rules: BTreeSet<&str> = refusals.map(|it| &*it.labels["rule"]).collect();
    for rule in [
        "none",
        "required",
        "not_absolute",
        "not_an_object",
        "body_too_large",
    ] {
        assert!(rules.contains(rule), "{rules:?}");
    }
}

#[tokio::test]
async fn counts_add_up() {
    let series = everything(MetricsEvents::new).await;
    let sum = |name: &str| -> u64 {
        let of_name = series.iter().filter(|it| it.name == name);
        of_name
            .map(|it| match &it.value {
                DebugValue::Counter(count) => *count,
                DebugValue::Histogram(values) => values.len() as u64,
                DebugValue::Gauge(_) => panic!("{name}"),
            })
            .sum()
    };
    let all = sum("oauth_dcr_registrations_total");
    assert_eq!(all, sum("oauth_dcr_registration_seconds"));
    let registered = sum("oauth_dcr_clients_registered_total");
    assert_eq!(all, registered + 1 + sum("oauth_dcr_refusals_total"));
    assert_eq!(sum("oauth_dcr_client_changes_total"), 5);
    assert_eq!(sum("oauth_dcr_acl_monitored_total"), 4);
    // Two monitoring rules and the rule after them, an unreadable hop, and a missing address.
    assert_eq!(sum("oauth_dcr_acl_unknown_signals_total"), 5);
    assert_eq!(sum("oauth_dcr_backend_failures_total"), 3);
}

#[tokio::test]
async fn labels_contain_no_secret_address_or_client() {
    for (sink, has_tenants) in [
        (MetricsEvents::new as fn() -> _, false),
        (MetricsEvents::with_tenants, true),
    ] {
        let series = everything(sink).await;
        for one in &series {
            assert_eq!(
                one.labels.contains_key("tenant"),
                has_tenants,
                "{}",
                one.name
            );
            for value in one.labels.values() {
                let is_word = value
                    .bytes()
                    .all(|it| it.is_ascii_lowercase() || b"_0123".contains(&it));
                assert!(is_word && value.len() < 40, "{value}");
                assert!(!value.starts_with("tpc_") && !value.contains(CANARY));
                assert!(!contains_secret(value), "{value}");
                assert!(!value.contains(SOURCE));
            }
        }
    }
}

#[tokio::test]
async fn every_prometheus_metric_has_help_and_buckets() {
    let text = rendered().await;
    for (name, (kind, _)) in page::metrics() {
        assert!(
            text.contains(&format!("# TYPE {name} {kind}\n")),
            "{name}\n{text}"
        );
        assert!(text.contains(&format!("# HELP {name} ")), "{name}");
    }
    for bound in ["0.0001", "5", "30"] {
        let bucket = "oauth_dcr_registration_seconds_bucket{outcome=\"registered\",le=\"";
        assert!(text.contains(&format!("{bucket}{bound}\"}}")), "{text}");
    }
}
