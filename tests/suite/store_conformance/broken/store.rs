//! A store whose calls can be replaced, each by a call with a fault.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};

use oauth_dcr::{
    ClientId, TenantId, Timestamp,
    client::StoredClient,
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome,
        Sweep, TouchOutcome, UpdateOutcome,
    },
};

use super::{
    row::{Answer, At, Page, Row},
    rows::Rows,
    steps::Steps,
};

/// The state that the nodes of a store share.
#[derive(Clone, Default)]
pub(super) struct Table {
    rows: Arc<Mutex<Rows>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Table {
    /// Runs while no other call is running.
    pub(super) fn alone<T>(&self, work: impl FnOnce(&mut Rows) -> T) -> T {
        work(&mut self.rows.lock().unwrap())
    }

    pub(super) fn read(&self, at: &At) -> Option<Row> {
        self.alone(|rows| rows.get(at).cloned())
    }
}

type Pending<T> = Pin<Box<dyn Future<Output = Answer<T>> + Send>>;
type Call<A, T> = Arc<dyn Fn(Table, A) -> Pending<T> + Send + Sync>;

/// A store with its calls. A call that is replaced by `…_by` is atomic; a call that is replaced by
/// `…_slowly` may wait between its steps.
macro_rules! store {
    ($($call:ident, $by:ident, $slowly:ident: $given:ty => $outcome:ty;)*) => {
        #[derive(Clone)]
        pub(super) struct Store {
            table: Table,
            one_by_one: bool,
            inserts_and_reports: Call<Insertion, InsertOutcome>,
            $($call: Call<$given, $outcome>,)*
        }

        impl Store {
            /// A node of the store with this table.
            pub(super) fn on(table: Table) -> Self {
                let node = Self {
                    table,
                    one_by_one: false,
                    inserts_and_reports: Arc::new(|_, _| unreachable!("replaced below")),
                    $($call: Arc::new(|table, given| {
                        Box::pin(async move { table.alone(|rows| rows.$call(&given)) })
                    }),)*
                };
                node.insert_by(Rows::insert)
            }

            $(
                pub(super) fn $by(
                    self,
                    call: fn(&mut Rows, &$given) -> Answer<$outcome>,
                ) -> Self {
                    self.$slowly(move |table, given| async move {
                        table.alone(|rows| call(rows, &given))
                    })
                }

                pub(super) fn $slowly<F>(
                    mut self,
                    call: impl Fn(Table, $given) -> F + Send + Sync + 'static,
                ) -> Self
                where
                    F: Future<Output = Answer<$outcome>> + Send + 'static,
                {
                    self.$call = Arc::new(move |table, given| Box::pin(call(table, given)));
                    self
                }
            )*
        }
    };
}

store! {
    find, find_by, find_slowly: At => Option<StoredClient>;
    list, list_by, list_slowly: Page => Vec<StoredClient>;
    update, update_by, update_slowly: ClientUpdate => UpdateOutcome;
    set_blocked, block_by, block_slowly: (At, bool) => BlockOutcome;
    remove, remove_by, remove_slowly: At => RemoveOutcome;
    touch, touch_by, touch_slowly: (At, Activity) => TouchOutcome;
    sweep, sweep_by, sweep_slowly: (TenantId, Sweep) => Vec<ClientId>;
    now, now_by, now_slowly: () => Option<Timestamp>;
}

impl Store {
    /// A correct store.
    pub(super) fn new() -> Self {
        Self::on(Table::default())
    }

    /// A store that decides one thing differently.
    pub(super) fn with(change: impl FnOnce(&mut Steps)) -> Self {
        let store = Self::new();
        store.table.alone(|rows| change(&mut rows.steps));
        store
    }

    /// Runs one call after another, so that no call sees another running call. A call whose caller
    /// disappears leaves its work unfinished.
    pub(super) fn one_by_one(mut self) -> Self {
        self.one_by_one = true;
        self
    }

    pub(super) fn insert_by(
        self,
        call: fn(&mut Rows, &Insertion) -> Answer<InsertOutcome>,
    ) -> Self {
        self.insert_slowly(move |table, insertion| async move {
            table.alone(|rows| call(rows, &insertion))
        })
    }

    /// Replaces insertions. Each is reported when it has ended.
    pub(super) fn insert_slowly<F>(
        self,
        call: impl Fn(Table, Arc<Insertion>) -> F + Clone + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Answer<InsertOutcome>> + Send + 'static,
    {
        self.insert_and_report(move |table, insertion| {
            let call = call.clone();
            async move {
                let insertion = Arc::new(insertion);
                let outcome = call(table, Arc::clone(&insertion)).await?;
                let insertion = Arc::into_inner(insertion).expect("the call has ended");
                Ok(insertion.settle(outcome))
            }
        })
    }

    /// Replaces insertions, and decides when they are reported.
    pub(super) fn insert_and_report<F>(
        mut self,
        call: impl Fn(Table, Insertion) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Answer<InsertOutcome>> + Send + 'static,
    {
        self.inserts_and_reports =
            Arc::new(move |table, insertion| Box::pin(call(table, insertion)));
        self
    }

    async fn run<A, T>(&self, call: &Call<A, T>, given: A) -> Answer<T> {
        let table = self.table.clone();
        let turn = Arc::clone(&table.turn);
        let _turn = if self.one_by_one {
            Some(turn.lock().await)
        } else {
            None
        };
        call(table, given).await
    }
}

impl ClientStore for Store {
    async fn insert(&self, insertion: Insertion) -> Answer<InsertOutcome> {
        self.run(&self.inserts_and_reports, insertion).await
    }

    async fn find(&self, tenant: &TenantId, id: &ClientId) -> Answer<Option<StoredClient>> {
        self.run(&self.find, At::new(tenant, id)).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Answer<Vec<StoredClient>> {
        let (tenant, after) = (tenant.clone(), after.cloned());
        let page = Page {
            tenant,
            after,
            limit,
        };
        self.run(&self.list, page).await
    }

    async fn update(&self, update: ClientUpdate) -> Answer<UpdateOutcome> {
        self.run(&self.update, update).await
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Answer<BlockOutcome> {
        self.run(&self.set_blocked, (At::new(tenant, id), blocked))
            .await
    }

    async fn remove(&self, tenant: &TenantId, id: &ClientId) -> Answer<RemoveOutcome> {
        self.run(&self.remove, At::new(tenant, id)).await
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        activity: Activity,
    ) -> Answer<TouchOutcome> {
        self.run(&self.touch, (At::new(tenant, id), activity)).await
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Answer<Vec<ClientId>> {
        self.run(&self.sweep, (tenant.clone(), sweep)).await
    }

    async fn now(&self) -> Answer<Option<Timestamp>> {
        self.run(&self.now, ()).await
    }
}

/// Two nodes of one store.
pub(super) struct Nodes(pub(super) Store, pub(super) Store);

impl Nodes {
    /// Two nodes, each with its own memory.
    pub(super) fn each(node: impl Fn(Store) -> Store) -> Self {
        let table = Table::default();
        Self(node(Store::on(table.clone())), node(Store::on(table)))
    }
}

impl From<Store> for Nodes {
    fn from(store: Store) -> Self {
        Self(store.clone(), store)
    }
}
