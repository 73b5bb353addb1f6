use crate::{
    backend_error::BackendError,
    client::StoredClient,
    store::{
        Activity, BlockOutcome, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome, Sweep,
        TouchOutcome, UpdateOutcome,
    },
    types::{ClientId, TenantId, Timestamp},
};

/// Where clients are kept.
///
/// A store keeps a row for each client: its record, which is the [`Client`](crate::Client) by serde; beside
/// it whether the client is blocked, its revision and its [`Usage`](crate::store::Usage); and, if it has one, its
/// [`DuplicateKey`](crate::store::DuplicateKey). Rows of different tenants never affect each other.
///
/// Only calls that need a record fail if it can't be read. [`StoredClient::from_record`] reads a row in this
/// way.
///
/// The registrar compares the tenant and id of each client that a store returns with those that it asked for. It
/// treats the client of another row as unreadable.
///
/// Each call is atomic, as durable as the store makes anything when it returns, and done whole or
/// not at all even if its caller goes away while it waits. A call that is not done leaves nothing behind: its id,
/// key and place are free.
///
/// A call sees the effect of each call that returned before it began, on every node of the store. A node that
/// remembers rows, keys or counts must notice what other nodes change.
///
/// No call fails because it conflicts with another call. If the database ends a transaction because of a conflict, the
/// store tries it again.
///
/// With the feature `conformance`, `conformance::client_store` checks all of this on one handle to the store, and
/// `conformance::client_store_nodes` on two, as two servers have them. The example `custom_store` is a store in a few
/// lines that passes.
pub trait ClientStore: Send + Sync + 'static {
    /// Stores a client, and never overwrites one. In this order:
    ///
    /// 1. If another client of the tenant has the duplicate key, nothing is stored: that client is
    ///    [`touched`](crate::store::Usage::touched) by [`Insertion::registered_again`] and given back as
    ///    [`InsertOutcome::Duplicate`].
    /// 2. If another has the id, nothing changes: [`InsertOutcome::IdTaken`].
    /// 3. With `n` clients in the tenant, [`Insertion::evictions(n)`](Insertion::evictions) of them are
    ///    evicted: first those that were never used; then those that were used and are idle since before
    ///    [`Insertion::idle_before`]; of each the longest idle first, and of those the lowest id. Blocked
    ///    clients never are. If there are fewer of them, those go; if there is none, nothing changes:
    ///    [`InsertOutcome::Full`].
    /// 4. The client is stored, with [`Usage::registered`](crate::store::Usage::registered) at its
    ///    `issued_at`.
    ///
    /// If insertions race for one id or one duplicate key, exactly one is stored. Insertions that race
    /// never exceed a limit together.
    ///
    /// Once the outcome is certain, and before it is returned, the store calls [`Insertion::settle`] with it: this is
    /// how each client that is stored or evicted gets its audit event. A caller that goes away is no reason to leave
    /// the call out. An insertion that fails, or whose outcome the store never learns, is dropped without it. The
    /// store keeps no insertion for longer than its call takes.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell that the client is there.
    fn insert(
        &self,
        insertion: Insertion,
    ) -> impl Future<Output = Result<InsertOutcome, BackendError>> + Send;

    /// The client with this id in this tenant. A row whose record can't be read is
    /// [`StoredClient::Unreadable`], never an error and never absent.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell.
    fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> impl Future<Output = Result<Option<StoredClient>, BackendError>> + Send;

    /// The first `limit` clients of the tenant whose ids come after `after`, by the bytes of their ids, or all of
    /// them if there are fewer. A
    /// client that is there from the first page to the last one is on exactly one of them, whatever
    /// else comes and goes. Rows whose records can't be read have their places among the others.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell.
    fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<StoredClient>, BackendError>> + Send;

    /// Puts a client in the place of the one with its id, if it [`follows`](ClientUpdate::follows)
    /// that one. Its usage does not change; its duplicate key is removed if the update says so.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell that the client is there.
    fn update(
        &self,
        update: ClientUpdate,
    ) -> impl Future<Output = Result<UpdateOutcome, BackendError>> + Send;

    /// Sets whether a client is blocked, and adds one to its revision. Both stand beside the record, which
    /// may be unreadable; nothing else changes. A client is read with what stands there.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell that it is written.
    fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> impl Future<Output = Result<BlockOutcome, BackendError>> + Send;

    /// Removes a client, whose record may be unreadable.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell that the client is gone.
    fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> impl Future<Output = Result<RemoveOutcome, BackendError>> + Send;

    /// Applies `activity` to a client's usage by [`Usage::touched`](crate::store::Usage::touched), and writes
    /// nothing if that gives `None`. A call that writes also evicts the clients that [`Activity::limit`] chooses,
    /// at most 100 at once. Calls that race never exceed a limit together. [`TouchOutcome::Missing`] if there is no
    /// such client: it may have been removed since it was found.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell that it is written.
    fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        activity: Activity,
    ) -> impl Future<Output = Result<TouchOutcome, BackendError>> + Send;

    /// Removes all of the tenant's clients that [`Sweep::removes`], and says which, in any order. If there are more than
    /// [`Sweep::max_removed`], it removes exactly that many, and the store chooses which. A client that is touched
    /// meanwhile stays.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell what is gone.
    fn sweep(
        &self,
        tenant: &TenantId,
        sweep: Sweep,
    ) -> impl Future<Output = Result<Vec<ClientId>, BackendError>> + Send;

    /// The time by the clock that all nodes of the store share, such as the database's. `None`, the default: the
    /// store has no clock, and each node uses its own.
    ///
    /// The registrar takes from it when clients register, are used, and have been idle for too long. It reads the
    /// clock once a minute. The other calls do not read it: they go by the times that they are given. A store
    /// that wraps another store returns the time of that store.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell. The registrar then uses its last reading; without one, the call
    /// that needs the time fails.
    fn now(&self) -> impl Future<Output = Result<Option<Timestamp>, BackendError>> + Send {
        async { Ok(None) }
    }
}
