use std::collections::BTreeSet;

use crate::store::Insertion;

/// An insertion, and its place in the group.
pub(super) type Job<'a> = (usize, &'a Insertion);

/// The tenant and the id of the client.
pub(super) fn ids(insertion: &Insertion) -> (&str, &str) {
    let client = insertion.client();
    (client.tenant().as_str(), client.id().as_str())
}

/// The tenants of `jobs`.
pub(super) fn tenants<'a>(jobs: &[Job<'a>]) -> BTreeSet<&'a str> {
    jobs.iter().map(|(_, insertion)| ids(insertion).0).collect()
}
