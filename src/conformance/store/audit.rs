//! Checks everything about a tenant that the calls of a store can show: clients, keys, usages and counts.

use std::num::NonZeroU64;

use crate::{
    client::Client,
    conformance::store::{
        call::Call,
        contract::Row,
        fixture::{hour, insertion, just_after},
        trial::Trial,
    },
    store::{Activity, ClientStore, Sweep, UserKey},
    types::{ClientId, Timestamp},
};

/// How many usages are checked.
const USAGES: usize = 2;

const START: Timestamp = Timestamp::from_unix_millis(0);

pub(super) const fn user(byte: u8) -> UserKey {
    UserKey::from_bytes([byte; 32])
}

/// A user that no other call names.
const STRANGER: UserKey = user(0xfe);

impl<S: ClientStore> Trial<S> {
    /// Compares everything in the tenant with the contract. This changes the clients of the tenant.
    pub(super) async fn audit(&mut self) {
        self.read().await;
        self.check_keys().await;
        self.check_usages().await;
        self.check_users().await;
        self.fill("fill").await;
        let everything = Sweep::new()
            .unused_before(Timestamp::MAX)
            .idle_before(Timestamp::MAX);
        self.call(Call::Sweep(everything)).await;
        self.fill("refill").await;
        self.list().await;
    }

    /// Reads all clients by `list` and by `find`.
    pub(super) async fn read(&mut self) {
        self.list().await;
        for id in self.ids.clone() {
            self.call(Call::Find(id)).await;
        }
    }

    /// Lists all clients twice, because the calls alternate between the nodes.
    pub(super) async fn list(&mut self) {
        for _ in 0..2 {
            let (after, limit) = (None, u32::MAX);
            self.call(Call::List { after, limit }).await;
        }
    }

    /// Checks whether each key is taken or free.
    pub(super) async fn check_keys(&mut self) {
        for (number, key) in self.keys.clone().into_iter().enumerate() {
            let client = Client {
                issued_at: START,
                ..self.fixture.client(&format!("key-{number}"))
            };
            let insertion = insertion(client);
            self.call(Call::of(&insertion.deduplicated_by(Some(key))))
                .await;
        }
    }

    /// Checks that an activity is written only if it changes the usage.
    async fn check_usages(&mut self) {
        let ids: Vec<ClientId> = self.state().rows().keys().take(USAGES).cloned().collect();
        for id in ids {
            let Some(Row { usage, .. }) = self.state().rows().get(&id).cloned() else {
                continue;
            };
            let since = usage.idle_since();
            for activity in [
                Activity::registered_again(since),
                Activity::used(START, None).by(usage.user()),
                Activity::used(START, None).by(Some(STRANGER)),
                Activity::registered_again(since),
                Activity::registered_again(just_after(since)),
            ] {
                let id = id.clone();
                self.call(Call::Touch { id, activity }).await;
            }
        }
    }

    /// Checks how many clients each user has, by limits at and below this number.
    async fn check_users(&mut self) {
        for user in [user(1), user(2), STRANGER] {
            let rows = self.state().rows().iter();
            let theirs = rows.filter(|(_, row)| row.usage.user() == Some(user));
            let theirs: Vec<_> = theirs.map(|(id, row)| (id.clone(), row.clone())).collect();
            let Some((id, row)) = theirs.first() else {
                continue;
            };
            let counts = |(_, row): &&(ClientId, Row)| !row.client.is_blocked();
            let counted = u64::try_from(theirs.iter().filter(counts).count()).unwrap_or(u64::MAX);
            let mut now = row.usage.idle_since();
            for max in [counted, counted.saturating_sub(1)] {
                now = just_after(now);
                let activity = Activity::used(now, None)
                    .by(Some(user))
                    .max_clients_per_user(NonZeroU64::new(max));
                now = activity.idle_since();
                let id = id.clone();
                self.call(Call::Touch { id, activity }).await;
            }
        }
    }

    /// Makes two insertions that reach a limit, and a third that has to evict a client.
    async fn fill(&mut self, name: &str) {
        let clients = u64::try_from(self.state().rows().len()).unwrap_or(u64::MAX);
        for number in 1..=3 {
            let client = Client {
                issued_at: hour(10_000),
                ..self.fixture.client(&format!("{name}-{number}"))
            };
            let insertion = insertion(client);
            let max = NonZeroU64::new(clients.saturating_add(2));
            self.call(Call::of(&insertion.max_clients(max))).await;
        }
    }
}
