//! The decisions of a correct store. Many broken stores decide one of them differently.

use oauth_dcr::{
    Client, ClientId, TenantId, Timestamp,
    store::{Activity, ClientUpdate, DuplicateKey, Insertion, Sweep, Usage, UserLimit},
};

/// The input of evictions and sweeps: the id, whether the client is blocked, and its usage.
pub(super) type Seen = (ClientId, bool, Usage);

/// Clients are removed in this order.
pub(super) type Order = (bool, u64, Vec<u8>);

#[derive(Clone, Copy)]
pub(super) struct Steps {
    /// How tenants and ids are written in the primary key, and the text between them.
    pub(super) tenant: fn(&TenantId) -> String,
    pub(super) separator: &'static str,
    pub(super) id: fn(&ClientId) -> String,
    /// The key of a tenant's count.
    pub(super) counted: fn(&TenantId) -> String,
    pub(super) key: fn(&TenantId, DuplicateKey) -> Vec<u8>,
    /// The written record, and the record that replaces another record.
    pub(super) written: fn(String) -> String,
    pub(super) updated: fn(&str, String) -> String,
    pub(super) follows: fn(&ClientUpdate, u64) -> bool,
    pub(super) registered: fn(&Client) -> Usage,
    pub(super) registered_again: fn(Usage, Activity) -> Option<Usage>,
    pub(super) touched: fn(Usage, Activity) -> Option<Usage>,
    /// How many are evicted for a new client, and in which order; `None` is never evicted.
    pub(super) evictions: fn(&Insertion, u64) -> u64,
    pub(super) evicted: fn(&Insertion, &Seen) -> Option<Order>,
    /// Whether a client belongs to a user and counts for the user's limit, and when it is evicted.
    pub(super) is_theirs: fn(UserLimit, &Seen) -> bool,
    pub(super) counts_for_user: fn(&Seen) -> bool,
    pub(super) user_evictions: fn(UserLimit, u64) -> u64,
    pub(super) evicted_of_user: fn(&ClientId, &Seen) -> Option<Order>,
    pub(super) swept: fn(&Sweep, &Seen) -> bool,
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            tenant: |tenant| tenant.as_str().to_owned(),
            // No id contains it, and it sorts before every character of an id.
            separator: "\n",
            id: |id| id.as_str().to_owned(),
            counted: |tenant| tenant.as_str().to_owned(),
            key: whole_key,
            written: |record| record,
            updated: |_, record| record,
            follows: ClientUpdate::follows,
            registered: |client| Usage::registered(client.issued_at()),
            registered_again: Usage::touched,
            touched: Usage::touched,
            evictions: Insertion::evictions,
            evicted: longest_idle,
            is_theirs: |limit, (.., usage)| usage.user() == Some(limit.user),
            counts_for_user: |(_, blocked, _)| !blocked,
            user_evictions: |limit, clients| limit.evictions(clients),
            evicted_of_user: longest_idle_of_user,
            swept: |sweep, (_, blocked, usage)| sweep.removes(*blocked, *usage),
        }
    }
}

pub(super) fn whole_key(tenant: &TenantId, key: DuplicateKey) -> Vec<u8> {
    in_tenant(tenant, key.as_bytes())
}

/// A key of a tenant that keeps only these bytes.
pub(super) fn in_tenant(tenant: &TenantId, bytes: &[u8]) -> Vec<u8> {
    [tenant.as_str().as_bytes(), b"\n", bytes].concat()
}

pub(super) fn is_evictable(insertion: &Insertion, seen: &Seen) -> bool {
    let (_, blocked, usage) = seen;
    !blocked && (!usage.is_used() || usage.idle_since() < insertion.idle_before())
}

pub(super) fn longest_idle(insertion: &Insertion, seen: &Seen) -> Option<Order> {
    is_evictable(insertion, seen).then(|| idle_order(seen.2.is_used(), seen))
}

pub(super) fn longest_idle_of_user(touched: &ClientId, seen: &Seen) -> Option<Order> {
    let (id, blocked, usage) = seen;
    (id != touched && !blocked).then(|| idle_order(usage.is_shared(), seen))
}

/// First the clients that are not last, then those that are idle for longest, then the lowest ids.
pub(super) fn idle_order(is_last: bool, seen: &Seen) -> Order {
    (is_last, seen.2.idle_since().unix_millis(), bytes(&seen.0))
}

pub(super) fn bytes(id: &ClientId) -> Vec<u8> {
    id.as_str().as_bytes().to_vec()
}

/// The first clients in the order, at most this many.
pub(super) fn first_of<K: Ord>(
    count: u64,
    seen: &[Seen],
    order: impl Fn(&Seen) -> Option<K>,
) -> Vec<ClientId> {
    let ordered = seen.iter().filter_map(|seen| Some((order(seen)?, &seen.0)));
    let mut ordered: Vec<_> = ordered.collect();
    ordered.sort_unstable();
    let first = (0..count).zip(ordered);
    first.map(|(_, (_, id))| id.clone()).collect()
}

/// A usage that is idle since another moment.
pub(super) fn idle_since(usage: Usage, moment: Timestamp) -> Usage {
    Usage::from_parts(usage.is_used(), moment, usage.user(), usage.is_shared())
}
