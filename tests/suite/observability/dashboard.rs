//! The dashboard queries only existing metrics.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::metrics::rendered;

const FUNCTIONS: [&str; 8] = [
    "sum",
    "by",
    "rate",
    "histogram_quantile",
    "vector",
    "or",
    "max",
    "avg",
];

fn dashboard() -> Value {
    serde_json::from_str(include_str!("../../../src/guide/grafana.json")).unwrap()
}

/// The labels of one metric, each with its values.
type Labels<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// The metrics that the Prometheus text `text` contains, by name.
fn series(text: &str) -> BTreeMap<&str, Labels<'_>> {
    let mut found: BTreeMap<&str, Labels<'_>> = BTreeMap::new();
    for line in text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let (series, _value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let of_metric = found.entry(name).or_default();
        let labels = labels.strip_suffix('}').unwrap();
        for label in labels.split(',').filter(|it| !it.is_empty()) {
            let (label, value) = label.split_once('=').unwrap();
            let values = of_metric.entry(label).or_default();
            values.insert(value.trim_matches('"'));
        }
    }
    found
}

#[derive(Clone, Debug, PartialEq)]
enum Token<'a> {
    Name(&'a str),
    Text(&'a str),
    Number,
    Mark(char),
}

/// The tokens of PromQL, as far as the dashboard uses it.
fn tokens(mut rest: &str) -> Result<Vec<Token<'_>>, String> {
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let length = |inner: fn(char) -> bool| rest.find(|it| !inner(it)).unwrap_or(rest.len());
        let taken = match first {
            ' ' => 1,
            '"' => {
                let end = rest[1..].find('"').ok_or("an open string")? + 2;
                found.push(Token::Text(&rest[1..end - 1]));
                end
            }
            '0'..='9' => {
                found.push(Token::Number);
                length(|it| it.is_ascii_digit() || it == '.')
            }
            'a'..='z' | '_' | '$' => {
                let end = length(|it| it.is_ascii_alphanumeric() || it == '_' || it == '$');
                found.push(Token::Name(&rest[..end]));
                end
            }
            '(' | ')' | '{' | '}' | '[' | ']' | ',' | '/' | '=' | '!' => {
                found.push(Token::Mark(first));
                1
            }
            _ => return Err(format!("{first}")),
        };
        rest = &rest[taken..];
    }
    Ok(found)
}

/// Whether `expression` is valid and queries only existing metrics.
fn check(expression: &str, there: &BTreeMap<&str, Labels<'_>>) -> Result<(), String> {
    let tokens = tokens(expression)?;
    let mut open = Vec::new();
    let mut asked: Option<&Labels<'_>> = None;
    let mut values: Option<&BTreeSet<&str>> = None;
    let (mut grouped, mut is_grouping) = (Vec::new(), false);
    for (at, token) in tokens.iter().enumerate() {
        let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
        match token {
            Token::Mark(mark @ ('(' | '{' | '[')) => {
                is_grouping = before(1) == Some(&Token::Name("by"));
                open.push(*mark);
            }
            Token::Mark(mark @ (')' | '}' | ']')) => {
                let wanted = match mark {
                    ')' => '(',
                    '}' => '{',
                    _ => '[',
                };
                if open.pop() != Some(wanted) {
                    return Err(format!("an unbalanced {mark}"));
                }
                is_grouping = false;
            }
            Token::Name(name) if open.last() == Some(&'[') => {
                if *name != "$__rate_interval" {
                    return Err(format!("the range {name}"));
                }
            }
            Token::Name(name) if open.last() == Some(&'{') => {
                values = asked.and_then(|labels| labels.get(name));
                if values.is_none() {
                    return Err(format!("no label {name}"));
                }
            }
            Token::Text(value) => {
                if !values.is_some_and(|values| values.contains(value)) {
                    return Err(format!("no value {value}"));
                }
            }
            Token::Name(name) if is_grouping => grouped.push(*name),
            Token::Name(name) if FUNCTIONS.contains(name) => {}
            Token::Name(name) => {
                asked = there.get(name);
                let Some(labels) = asked else {
                    return Err(format!("no metric {name}"));
                };
                if before(2) != Some(&Token::Name("rate")) {
                    return Err(format!("{name} as it is, which only ever grows"));
                }
                if let Some(label) = grouped.iter().find(|label| !labels.contains_key(*label)) {
                    return Err(format!("{name} has no label {label}"));
                }
                grouped.clear();
            }
            Token::Number | Token::Mark(_) => {}
        }
    }
    if open.is_empty() && asked.is_some() {
        Ok(())
    } else {
        Err("something open, or nothing asked".into())
    }
}

#[tokio::test]
async fn every_panel_uses_existing_metrics_and_labels() {
    let text = rendered().await;
    let (there, dashboard) = (series(&text), dashboard());
    let panels = dashboard["panels"].as_array().unwrap();
    let mut asked = BTreeSet::new();
    for panel in panels {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty());
        for target in targets {
            let expression = target["expr"].as_str().unwrap();
            assert_eq!(check(expression, &there), Ok(()), "{expression}");
            for label in target["legendFormat"].as_str().unwrap().split("{{").skip(1) {
                let label = label.split_once("}}").unwrap().0;
                let (_, grouping) = expression.split_once("by (").unwrap();
                let grouping = grouping.split_once(')').unwrap().0;
                assert!(grouping.split(", ").any(|it| it == label), "{expression}");
            }
            for name in there.keys().filter(|name| expression.contains(**name)) {
                asked.insert(*name);
            }
        }
    }
    // Every metric is shown.
    let of_histogram = ["_sum", "_count"];
    let shown = there
        .keys()
        .filter(|name| !of_histogram.iter().any(|end| name.ends_with(end)));
    assert_eq!(shown.copied().collect::<BTreeSet<_>>(), asked);
}

#[tokio::test]
async fn expressions_with_unknown_names_are_found() {
    let text = rendered().await;
    let there = series(&text);
    let interval = "[$__rate_interval]";
    for wrong in [
        format!("sum(rate(oauth_dcr_registration_total{interval}))"),
        format!("sum by (error) (rate(oauth_dcr_registrations_total{interval}))"),
        format!(r#"rate(oauth_dcr_registrations_total{{error="x"}}{interval})"#),
        format!("sum(rate(oauth_dcr_registrations_total{interval})"),
        format!("sum(rate(oauth_dcr_registrations_total{interval}]"),
        "sum(oauth_dcr_registrations_total)".into(),
        "rate(oauth_dcr_registrations_total[5x])".into(),
        // Its intervals overlap, so one occurrence would be shown several times.
        format!("sum(increase(oauth_dcr_registrations_total{interval}))"),
        format!(r#"rate(oauth_dcr_registrations_total{{outcome="x}}{interval})"#),
        format!(r#"rate(oauth_dcr_registrations_total{{outcome="registred"}}{interval})"#),
        format!(r#"rate(oauth_dcr_refusals_total{{rule!="nothing"}}{interval})"#),
        format!(r#"rate(oauth_dcr_registrations_total{{outcome=~"f.*"}}{interval})"#),
        "1".into(),
    ] {
        assert!(check(&wrong, &there).is_err(), "{wrong}");
    }
}

#[test]
fn the_importing_user_chooses_the_data_source() {
    let dashboard = dashboard();
    let variable = &dashboard["templating"]["list"][0];
    assert_eq!(
        (&variable["name"], &variable["type"]),
        (&"datasource".into(), &"datasource".into())
    );
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()));
        assert!(!panel["title"].as_str().unwrap().is_empty());
        let targets = panel["targets"].as_array().unwrap();
        for holder in targets.iter().chain([panel]) {
            assert_eq!(holder["datasource"]["uid"], "${datasource}");
        }
    }
}
