//! Two handles to one store. The calls alternate between the handles and are logged.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::timeout;

use crate::{
    backend_error::BackendError,
    box_future::BoxFuture,
    client::StoredClient,
    conformance::store::{
        call::{Call, Outcome},
        fixture::broken,
        log::Log,
    },
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, DynClientStore, InsertOutcome,
        Insertion, RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome,
    },
    types::{ClientId, TenantId, Timestamp},
};

/// The longest time for a call. A call that takes longer counts as never ending.
const MAX_TIME: Duration = Duration::from_secs(30);

type Answer<T> = Result<T, BackendError>;

/// A handle to a store.
pub(in crate::conformance) type Node = Arc<dyn DynClientStore>;

/// A store with two nodes. In each tenant, the calls alternate between the nodes.
pub(in crate::conformance) struct Nodes {
    first: Node,
    second: Node,
    log: Log,
    /// The tenants of all calls. The value says whether the second node makes the next call.
    tenants: Mutex<BTreeMap<TenantId, bool>>,
    /// Whether the second node is asked for the time next.
    is_second_asked_next: AtomicBool,
}

impl Nodes {
    pub(in crate::conformance) fn new(first: Node, second: Node) -> Self {
        Self {
            first,
            second,
            log: Log::default(),
            tenants: Mutex::default(),
            is_second_asked_next: AtomicBool::new(false),
        }
    }

    /// The last calls, one in each line.
    pub(in crate::conformance) fn history(&self, seen: &str) -> String {
        self.log.shown(seen)
    }

    /// The tenants of all calls.
    pub(super) fn tenants(&self) -> Vec<TenantId> {
        let tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.keys().cloned().collect()
    }

    /// Makes a call and logs its outcome.
    async fn logged<'a, T: Clone>(
        &'a self,
        tenant: &TenantId,
        call: Call,
        make: impl FnOnce(&'a dyn DynClientStore) -> BoxFuture<'a, Answer<T>> + Send,
        outcome: fn(Answer<T>) -> Outcome,
    ) -> Answer<T> {
        let (node, name) = if self.is_second_next(tenant) {
            (&self.second, "second")
        } else {
            (&self.first, "first")
        };
        let text = format!("`{call}` on the {name} node in {tenant}");
        let running = self.log.begin(tenant, name, call);
        let answer = answered(make(&**node), &text).await;
        let shown = match &answer {
            Ok(answer) => outcome(Ok(answer.clone())),
            Err(error) => Outcome::Failed(format!("{error:?}")),
        };
        running.end(shown);
        answer
    }

    /// Whether the second node makes the next call in the tenant.
    fn is_second_next(&self, tenant: &TenantId) -> bool {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(is_second) = tenants.get_mut(tenant) else {
            tenants.insert(tenant.clone(), true);
            return false;
        };
        *is_second = !*is_second;
        !*is_second
    }
}

/// Waits for the answer to a call.
async fn answered<T>(answer: BoxFuture<'_, T>, call: &str) -> T {
    let Ok(answer) = timeout(MAX_TIME, answer).await else {
        broken(&format!(
            "a call never ends: {call} has not ended after {MAX_TIME:?}"
        ))
    };
    answer
}

impl ClientStore for Nodes {
    async fn insert(&self, insertion: Insertion) -> Answer<InsertOutcome> {
        let (tenant, call) = (insertion.client().tenant().clone(), Call::of(&insertion));
        let shown = |it| Outcome::of(it, Outcome::Inserted);
        self.logged(&tenant, call, |node| node.insert(insertion), shown)
            .await
    }

    async fn find(&self, tenant: &TenantId, id: &ClientId) -> Answer<Option<StoredClient>> {
        let call = Call::Find(id.clone());
        self.logged(tenant, call, |node| node.find(tenant, id), Outcome::found)
            .await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Answer<Vec<StoredClient>> {
        let call = Call::List {
            after: after.cloned(),
            limit,
        };
        self.logged(
            tenant,
            call,
            |node| node.list(tenant, after, limit),
            Outcome::listed,
        )
        .await
    }

    async fn update(&self, update: ClientUpdate) -> Answer<UpdateOutcome> {
        let tenant = update.client().tenant().clone();
        let call = Call::Update(update.clone());
        let shown = |it| Outcome::of(it, Outcome::Updated);
        self.logged(&tenant, call, |node| node.update(update), shown)
            .await
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Answer<BlockOutcome> {
        let call = Call::Block {
            id: id.clone(),
            blocked,
        };
        let shown = |it| Outcome::of(it, Outcome::Blocked);
        self.logged(
            tenant,
            call,
            |node| node.set_blocked(tenant, id, blocked),
            shown,
        )
        .await
    }

    async fn remove(&self, tenant: &TenantId, id: &ClientId) -> Answer<RemoveOutcome> {
        let call = Call::Remove(id.clone());
        let shown = |it| Outcome::of(it, Outcome::Removed);
        self.logged(tenant, call, |node| node.remove(tenant, id), shown)
            .await
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        activity: Activity,
    ) -> Answer<TouchOutcome> {
        let call = Call::Touch {
            id: id.clone(),
            activity,
        };
        let shown = |it| Outcome::of(it, Outcome::Touched);
        self.logged(tenant, call, |node| node.touch(tenant, id, activity), shown)
            .await
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Answer<Vec<ClientId>> {
        let shown = |it| Outcome::of(it, Outcome::Swept);
        let call = Call::Sweep(sweep);
        self.logged(tenant, call, |node| node.sweep(tenant, sweep), shown)
            .await
    }

    async fn now(&self) -> Answer<Option<Timestamp>> {
        let is_second = self.is_second_asked_next.fetch_xor(true, Ordering::Relaxed);
        let (node, name) = if is_second {
            (&self.second, "second")
        } else {
            (&self.first, "first")
        };
        answered(node.now(), &format!("`now` on the {name} node")).await
    }
}

#[cfg(all(test, feature = "memory"))]
mod tests {
    use super::*;
    use crate::{
        conformance::store::{
            filling::fill,
            fixture::{Fixture, id},
        },
        memory::MemoryStore,
    };

    #[tokio::test]
    async fn calls_of_a_tenant_alternate_between_nodes() {
        let stores = [MemoryStore::new(), MemoryStore::new()];
        let [first, second] = stores.clone().map(|store| Arc::new(store) as Node);
        let fixture = Fixture::new(Nodes::new(first, second));
        for name in ["a", "b", "c"] {
            fixture.put(fixture.client(name)).await;
        }
        assert_eq!(stores.each_ref().map(MemoryStore::len), [2, 1]);
        // Each tenant begins with the first node.
        let other = fixture.another();
        other.put(other.client("a")).await;
        assert_eq!(stores.each_ref().map(MemoryStore::len), [3, 1]);
    }

    #[tokio::test]
    async fn the_history_has_calls_and_outcomes() {
        let store: Node = Arc::new(MemoryStore::new());
        let nodes = Arc::new(Nodes::new(Arc::clone(&store), store));
        let fixture = Fixture::new(Arc::clone(&nodes));
        fixture.put(fixture.client("a")).await;
        fixture.remove("a").await;
        let tenant = &fixture.tenant;
        let expected = format!(
            "The last of 2 calls of the rule:\n    \
             1. first node, {tenant}: insert a (\"a\", revision 0) issued Timestamp(1700000000000) \
             → Inserted {{ removed: [] }}\n    \
             2. second node, {tenant}: remove a → Removed"
        );
        assert_eq!(nodes.history("seen"), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_never_ends_is_named() {
        let store: Node = Arc::new(MemoryStore::new());
        let nodes = Nodes::new(Arc::clone(&store), store);
        let tenant = Fixture::new(MemoryStore::new()).tenant;
        let other = tenant.clone();
        let call = tokio::spawn(async move {
            let shown = |it| Outcome::of(it, Outcome::Removed);
            let call = Call::Remove(id("a"));
            let silent = |_| Box::pin(std::future::pending()) as _;
            nodes.logged(&other, call, silent, shown).await
        });
        let panic = call.await.unwrap_err().into_panic();
        let expected = format!(
            "a call never ends: `remove a` on the first node in {tenant} has not ended after 30s"
        );
        assert_eq!(*panic.downcast::<String>().unwrap(), expected);
    }

    #[tokio::test]
    async fn each_tenant_is_filled_to_its_limit() {
        let store = MemoryStore::new();
        let node: Node = Arc::new(store.clone());
        let nodes = Arc::new(Nodes::new(Arc::clone(&node), node));
        let fixture = Fixture::new(Arc::clone(&nodes));
        for fixture in [fixture.another(), fixture.another()] {
            fixture.put(fixture.client("a")).await;
        }
        fill(nodes).await;
        assert_eq!(store.len(), 6, "each tenant has two more clients");
    }
}
