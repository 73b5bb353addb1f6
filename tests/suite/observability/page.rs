//! The tables of the observability page.

use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../../src/guide/observability.md");

/// The rows of the table with this header, each as its cells.
pub(crate) fn table(header: &str) -> Vec<Vec<&'static str>> {
    let (_, rest) = PAGE
        .split_once(header)
        .unwrap_or_else(|| panic!("{header}"));
    let rows = rest
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cells = |row: &'static str| row.split('|').map(str::trim).collect::<Vec<_>>();
    let rows: Vec<_> = rows.map(|row| cells(row.trim_matches('|'))).collect();
    assert!(rows.len() > 3, "{header}");
    rows
}

/// The texts in code quotes in `cell`.
pub(crate) fn quoted(cell: &'static str) -> Vec<&'static str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The members that are always present, and the optional members, which are in parentheses.
pub(crate) fn members(cell: &'static str) -> (Vec<&'static str>, Vec<&'static str>) {
    quoted(cell)
        .into_iter()
        .partition(|name| !cell.contains(&format!("(`{name}`)")))
}

/// Metrics by name: the kind of each, and its labels, with their values if the page lists the
/// values.
pub(crate) type Metrics =
    BTreeMap<&'static str, (&'static str, BTreeMap<&'static str, Vec<&'static str>>)>;

pub(crate) fn metrics() -> Metrics {
    let metric = |row: Vec<&'static str>| {
        let [name, kind, _, labels] = row[..] else {
            panic!("{row:?}");
        };
        let labels = labels.split("; ").filter(|it| *it != "none");
        let labels = labels.map(|label| {
            let mut quoted = quoted(label);
            (quoted.remove(0), quoted)
        });
        (quoted(name)[0], (kind, labels.collect()))
    };
    table("| metric |").into_iter().map(metric).collect()
}
