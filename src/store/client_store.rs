use crate::{
    backend_error::BackendError,
    client::StoredClient,
    store::{
        Activity, BlockOutcome, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome, Sweep,
        TouchOutcome, UpdateOutcome,
    },
    types::{ClientId, TenantId, Timestamp},
};

/// Stores the clients of all tenants.
///
/// A store has a row for each client. The row has the record, which is the [`Client`](crate::Client) serialised
/// by serde. Beside the record it has the flag that says whether the client is blocked, the revision, the
/// [`Usage`](crate::store::Usage) and, if the client has one, the
/// [`DuplicateKey`](crate::store::DuplicateKey). Rows of different tenants never affect each other.
///
/// If a record can't be read, only the calls that need the record fail. [`StoredClient::from_record`] reads a row
/// in this way.
///
/// The registrar compares the tenant and the id of each client that a store returns with the tenant and the id
/// that it asked for. It treats the client of another row as unreadable.
///
/// Each call is atomic: it is done completely or not at all, even if its caller goes away while it waits. A call
/// that was not done leaves nothing behind: its id, its key and its place under the limit are free. When a call
/// returns, its effect is as durable as the store makes anything.
///
/// A call sees the effect of each call that returned before it began, on every node of the store. A node that
/// remembers rows, keys or counts must notice what other nodes change.
///
/// No call fails because it conflicts with another call. If the database ends a transaction because of a conflict, the
/// store tries it again.
///
/// With the feature `conformance`, `conformance::client_store` checks all of this on one handle to the store.
/// `conformance::client_store_nodes` checks it on two handles, like those of two servers. The example
/// `custom_store` is a short store that passes.
pub trait ClientStore: Send + Sync + 'static {
    /// Stores a client, and never overwrites one. In this order:
    ///
    /// 1. If another client of the tenant has the duplicate key, nothing is stored. The other client is
    ///    [`touched`](crate::store::Usage::touched) by [`Insertion::registered_again`] and returned as
    ///    [`InsertOutcome::Duplicate`].
    /// 2. If another client has the id, nothing changes: [`InsertOutcome::IdTaken`].
    /// 3. If the tenant has `n` clients, [`Insertion::evictions(n)`](Insertion::evictions) of them are evicted.
    ///    Clients that were never used are evicted first. Clients that were used and have been idle since before
    ///    [`Insertion::idle_before`] are evicted next. In both groups, the client that has been idle for longest
    ///    is evicted first; of equally idle clients, the client with the lowest id. Blocked clients are never
    ///    evicted. If fewer clients can be evicted, all of those are. If none can be evicted, nothing changes:
    ///    [`InsertOutcome::Full`].
    /// 4. The client is stored with [`Usage::registered`](crate::store::Usage::registered) at its `issued_at`.
    ///
    /// If insertions race for one id or one duplicate key, exactly one of them is stored. Racing insertions never
    /// exceed a limit together.
    ///
    /// The store calls [`Insertion::settle`] with the outcome as soon as the outcome is certain, and before it
    /// returns the outcome. This call reports the audit event of each client that is stored or evicted. The store
    /// makes the call even if its caller has gone away. It drops an insertion without the call if the insertion
    /// fails or if the store never learns the outcome. The store keeps no insertion for longer than its call takes.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't confirm that the client is stored.
    fn insert(
        &self,
        insertion: Insertion,
    ) -> impl Future<Output = Result<InsertOutcome, BackendError>> + Send;

    /// Finds the client with this id in this tenant. A row whose record can't be read is
    /// [`StoredClient::Unreadable`]. It is neither an error nor absent.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell.
    fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> impl Future<Output = Result<Option<StoredClient>, BackendError>> + Send;

    /// Lists the first `limit` clients of the tenant whose ids come after `after`, or all of them if there are
    /// fewer. Ids are ordered by their bytes. A client that exists from the first page to the last page is on
    /// exactly one page, whichever other clients are stored or removed meanwhile. Rows whose records can't be read
    /// are listed in their places among the others.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell.
    fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<StoredClient>, BackendError>> + Send;

    /// Replaces the client with the same id, if the update [`follows`](ClientUpdate::follows) the stored revision.
    /// The usage does not change. The duplicate key is removed if the update says so.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't confirm that the client is stored.
    fn update(
        &self,
        update: ClientUpdate,
    ) -> impl Future<Output = Result<UpdateOutcome, BackendError>> + Send;

    /// Sets whether a client is blocked, and adds one to its revision. Nothing else changes. Both values are stored
    /// beside the record, which may be unreadable. When a client is read, these values replace those of the record.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't confirm that the change is written.
    fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> impl Future<Output = Result<BlockOutcome, BackendError>> + Send;

    /// Removes a client, whose record may be unreadable.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't confirm that the client is gone.
    fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> impl Future<Output = Result<RemoveOutcome, BackendError>> + Send;

    /// Applies `activity` to a client's usage by [`Usage::touched`](crate::store::Usage::touched), and writes
    /// nothing if the result is `None`. A call that writes also evicts the clients that [`Activity::limit`] chooses,
    /// at most 100 at once. Racing calls never exceed a limit together. The outcome is [`TouchOutcome::Missing`] if
    /// there is no such client: it may have been removed since it was found.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't confirm that the activity is written.
    fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        activity: Activity,
    ) -> impl Future<Output = Result<TouchOutcome, BackendError>> + Send;

    /// Removes all of the tenant's clients for which [`Sweep::removes`] is true, and returns their ids in any order.
    /// If there are more than [`Sweep::max_removed`], it removes exactly that many, and the store chooses which. A
    /// client that is touched meanwhile stays.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell which clients are gone.
    fn sweep(
        &self,
        tenant: &TenantId,
        sweep: Sweep,
    ) -> impl Future<Output = Result<Vec<ClientId>, BackendError>> + Send;

    /// Reads the clock that all nodes of the store share, such as the clock of the database. `None`, the default:
    /// the store has no clock, and each node uses its own.
    ///
    /// The registrar uses this time for when a client registers, when it is used, and when it has been idle for too
    /// long. The registrar reads the clock once a minute. The other methods of the store use the times that they are
    /// passed, not this clock. A store that wraps another store returns the time of the inner store.
    ///
    /// # Errors
    /// [`BackendError`] if the clock can't be read. The registrar then uses its last reading. If it has none, the
    /// call that needs the time fails.
    fn now(&self) -> impl Future<Output = Result<Option<Timestamp>, BackendError>> + Send {
        async { Ok(None) }
    }
}
