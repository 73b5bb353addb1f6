//! Stores with one fault each, and the rule that finds it.

mod users;

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroU64,
    panic::resume_unwind,
    sync::{Arc, Mutex},
    time::Duration,
};

use oauth_dcr::{
    BackendError, Client, ClientId, MemoryStore, TenantId, Timestamp,
    client::{StoredClient, UnreadableClient},
    conformance::{self, store as rules},
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, DuplicateKey, InsertOutcome, Insertion,
        RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome, Usage, UserLimit,
    },
};
use serde_json::{Value, json};
use tokio::{task::yield_now, time::sleep};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Overwrites,
    LooksThenInserts,
    LowersIds,
    ForgetsSecretBefore,
    CutsMillis,
    SortsTexts,
    FindsEveryTenants,
    UpdatesEveryTenants,
    LimitIsOneMore,
    CountsThenInserts,
    EvictsTheNewest,
    EvictsUsed,
    EvictsOnlyOne,
    EvictsThenInserts,
    DeduplicatesAcrossTenants,
    DeduplicatesAfterTheId,
    ReturnsOldDuplicates,
    DeduplicatesWithoutATouch,
    KeepsKeysIndefinitely,
    LooksThenDeduplicates,
    NeverFreesKeys,
    AlwaysFreesKeys,
    UpdatesAnything,
    UpdatesNobody,
    UpdatesUsage,
    UpdatesInTwoSteps,
    TouchesAreAlwaysWritten,
    TouchesAreNoUse,
    SweepsBlocked,
    SweepsOneTooMany,
    SweepsWhatIsTheMoment,
    SweepsOneByOne,
    ListsWithoutCase,
    ListsFromTheStart,
    ListsOneLess,
    FailsOnUnreadable,
    ListsOnlyReadable,
    FindsOnlyReadable,
    ShowsRecords,
    BlocksOnlyReadable,
    EvictsOnlyReadable,
    SweepsOnlyReadable,
    DeduplicatesOnlyReadable,
    BlocksWithoutARevision,
    BlocksEveryTenants,
    BlocksNobody,
    UpdatesUndoBlocks,
    NeverReports,
    ReportsBeforehand,
    ReportsInsertionsOnly,
    ReportsToThoseWhoWait,
    EvictsUsedFirst,
    EvictsUnusedOnly,
    EvictsLiveGrants,
    EvictsTheTouched,
    EvictsTheUsersNewest,
    EvictsOfAnyUser,
    SparesLiveGrants,
    CountsForTheLastUser,
    EvictsSharedLikeOthers,
    CountsBlockedOfUsers,
    EvictsBlockedOfUsers,
    ForgetsUsersInUpdates,
    SharesUsersAcrossTenants,
    LooksThenEvictsOfUsers,
}

/// What a store says that fails because it can't read a row.
const UNREADABLE: &str = "a row can't be read";

/// A store in memory, made worse.
struct Broken {
    store: MemoryStore,
    fault: Fault,
    /// The first client that was stored, by duplicate key.
    first_of_key: Mutex<HashMap<(TenantId, DuplicateKey), Arc<Client>>>,
    tenants: Mutex<Vec<TenantId>>,
    usages: Mutex<HashMap<(TenantId, ClientId), Usage>>,
}

impl Broken {
    fn new(fault: Fault) -> Self {
        Self {
            store: MemoryStore::new(),
            fault,
            first_of_key: Mutex::default(),
            tenants: Mutex::default(),
            usages: Mutex::default(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    async fn all(&self, tenant: &TenantId) -> Vec<Arc<Client>> {
        let rows = self.store.list(tenant, None, 1000).await.unwrap();
        // In memory, nothing has to be read.
        rows.into_iter()
            .map(|row| row.readable().unwrap())
            .collect()
    }

    /// What this store makes of a row, if its record can't be read.
    fn given_back(&self, row: StoredClient) -> Result<Option<StoredClient>, BackendError> {
        let StoredClient::Readable(client) = &row else {
            return Ok(Some(row));
        };
        if !is_unreadable(client) {
            return Ok(Some(row));
        }
        match self.fault {
            Fault::FailsOnUnreadable => Err(BackendError::new("broken", UNREADABLE)),
            Fault::ListsOnlyReadable | Fault::FindsOnlyReadable => Ok(None),
            Fault::ShowsRecords => {
                let reason = serde_json::to_string(&**client).unwrap();
                let unreadable = UnreadableClient::new(client.id().clone(), reason);
                Ok(Some(StoredClient::Unreadable(unreadable)))
            }
            _ => Ok(Some(row)),
        }
    }

    async fn has_unreadable(&self, tenant: &TenantId) -> bool {
        self.all(tenant).await.iter().any(|it| is_unreadable(it))
    }

    async fn replace(&self, client: Arc<Client>) {
        let (tenant, id) = (client.tenant(), client.id());
        self.store.remove(tenant, id).await.unwrap();
        let insertion = Insertion::new(Arc::clone(&client));
        self.store.insert(insertion).await.unwrap();
    }

    /// The insertion of a client that is not quite the same.
    fn edited(&self, insertion: Insertion) -> Insertion {
        let mut record = serde_json::to_value(&**insertion.client()).unwrap();
        match self.fault {
            Fault::LowersIds => {
                let id = insertion.client().id().as_str().to_lowercase();
                record["client_id"] = id.into();
            }
            Fault::ForgetsSecretBefore => {
                record.as_object_mut().unwrap().remove("previous_secret");
            }
            Fault::CutsMillis => {
                record["issued_at"] = (record["issued_at"].as_u64().unwrap() / 1000 * 1000).into();
            }
            // What a column for JSON documents does: the members of `Value` are sorted.
            Fault::SortsTexts => {}
            _ => return insertion,
        }
        with_client(&insertion, record)
    }

    /// The limit of an insertion, which does not tell.
    fn limit(insertion: &Insertion) -> Option<NonZeroU64> {
        let max = (0..1000).find(|&clients| insertion.evictions(clients) > 0);
        max.and_then(NonZeroU64::new)
    }

    async fn duplicate(&self, insertion: &Insertion) -> Option<InsertOutcome> {
        let client = insertion.client();
        let (tenant, key) = (client.tenant().clone(), insertion.duplicate_key()?);
        if self.is(Fault::DeduplicatesAfterTheId) {
            let taken = self.store.find(&tenant, client.id()).await.unwrap();
            return taken.map(|_| InsertOutcome::IdTaken);
        }
        let mut stored = self.first_of_key.lock().unwrap();
        let any_tenant = self.is(Fault::DeduplicatesAcrossTenants);
        let first = stored
            .iter()
            .find(|((of, by), _)| (any_tenant || *of == tenant) && *by == key)
            .map(|(_, client)| Arc::clone(client));
        // This one takes its time.
        if !self.is(Fault::LooksThenDeduplicates) {
            let place = stored.entry((tenant, key));
            place.or_insert_with(|| Arc::clone(client));
        }
        let is_at_fault = any_tenant
            || self.is(Fault::KeepsKeysIndefinitely)
            || self.is(Fault::ReturnsOldDuplicates)
            || self.is(Fault::DeduplicatesWithoutATouch);
        first.filter(|_| is_at_fault).map(InsertOutcome::Duplicate)
    }
}

/// Whether a store that writes the client down can't read it again.
fn is_unreadable(client: &Client) -> bool {
    let record = serde_json::to_vec(client).unwrap();
    serde_json::from_slice::<Client>(&record).is_err()
}

/// Waits until those who race have looked, too, before anyone writes.
async fn others_look_too() {
    sleep(Duration::from_millis(20)).await;
}

fn with_client(insertion: &Insertion, record: Value) -> Insertion {
    let client: Client = serde_json::from_value(record).unwrap();
    Insertion::new(Arc::new(client))
        .max_clients(Broken::limit(insertion))
        .deduplicated_by(insertion.duplicate_key())
}

/// The same insertion, with nobody who is told of it.
fn again(insertion: &Insertion) -> Insertion {
    Insertion::new(Arc::clone(insertion.client()))
        .max_clients(Broken::limit(insertion))
        .deduplicated_by(insertion.duplicate_key())
}

impl Broken {
    async fn evict_in_another_order(
        &self,
        insertion: Insertion,
        to_go: u64,
    ) -> Result<InsertOutcome, BackendError> {
        let tenant = insertion.client().tenant().clone();
        let used = Sweep::new().idle_before(insertion.idle_before());
        let unused = Sweep::new().unused_before(Timestamp::MAX);
        let mut removed = Vec::new();
        if self.is(Fault::EvictsUsedFirst) {
            let limit = u32::try_from(to_go).unwrap();
            removed = self.store.sweep(&tenant, used.limit(limit)).await?;
        }
        let left = u32::try_from(to_go).unwrap() - u32::try_from(removed.len()).unwrap();
        removed.extend(self.store.sweep(&tenant, unused.limit(left)).await?);
        if removed.is_empty() {
            return Ok(InsertOutcome::Full);
        }
        self.store.insert(insertion.max_clients(None)).await?;
        Ok(InsertOutcome::Inserted { removed })
    }

    /// An insertion whose outcome is not reported yet.
    async fn insert_unreported(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        let client = Arc::clone(insertion.client());
        let tenant = client.tenant();
        self.tenants.lock().unwrap().push(tenant.clone());
        let insertion = self.edited(insertion);
        if let Some(outcome) = self.duplicate(&insertion).await {
            return Ok(outcome);
        }
        let max = Self::limit(&insertion);
        let to_go = insertion.evictions(self.all(tenant).await.len() as u64);
        match self.fault {
            Fault::DeduplicatesOnlyReadable if self.has_unreadable(tenant).await => {
                self.store.insert(insertion.deduplicated_by(None)).await
            }
            Fault::EvictsOnlyReadable if to_go > 0 && self.has_unreadable(tenant).await => {
                Ok(InsertOutcome::Full)
            }
            Fault::LooksThenInserts => {
                if self.store.find(tenant, client.id()).await?.is_some() {
                    return Ok(InsertOutcome::IdTaken);
                }
                others_look_too().await;
                self.replace(client).await;
                Ok(InsertOutcome::Inserted {
                    removed: Vec::new(),
                })
            }
            Fault::LooksThenDeduplicates => {
                if let Some(key) = insertion.duplicate_key() {
                    let place = (tenant.clone(), key);
                    let found = self.first_of_key.lock().unwrap().get(&place).cloned();
                    if let Some(found) = found {
                        return Ok(InsertOutcome::Duplicate(found));
                    }
                    others_look_too().await;
                    self.first_of_key
                        .lock()
                        .unwrap()
                        .insert(place, client.clone());
                }
                self.store.insert(Insertion::new(client)).await
            }
            Fault::LimitIsOneMore => {
                let max = max.map(|max| max.saturating_add(1));
                self.store.insert(insertion.max_clients(max)).await
            }
            Fault::CountsThenInserts if to_go == 0 => {
                others_look_too().await;
                self.store.insert(insertion.max_clients(None)).await
            }
            Fault::EvictsOnlyOne if to_go > 0 => {
                let max = NonZeroU64::new(self.all(tenant).await.len() as u64);
                self.store.insert(insertion.max_clients(max)).await
            }
            Fault::EvictsTheNewest | Fault::EvictsThenInserts if to_go > 0 => {
                let all = self.all(tenant).await;
                let gone = if self.is(Fault::EvictsTheNewest) {
                    all.iter().max_by_key(|client| client.issued_at())
                } else {
                    all.first()
                };
                let gone = gone.unwrap().id().clone();
                self.store.remove(tenant, &gone).await?;
                yield_now().await;
                self.store.insert(insertion.max_clients(None)).await?;
                Ok(InsertOutcome::Inserted {
                    removed: vec![gone],
                })
            }
            Fault::EvictsUsedFirst | Fault::EvictsUnusedOnly if to_go > 0 => {
                self.evict_in_another_order(insertion, to_go).await
            }
            _ => match self.store.insert(again(&insertion)).await? {
                InsertOutcome::IdTaken if self.is(Fault::Overwrites) => {
                    self.replace(client).await;
                    Ok(InsertOutcome::IdTaken)
                }
                InsertOutcome::Full if self.is(Fault::EvictsUsed) => {
                    let gone = self.all(tenant).await[0].id().clone();
                    self.store.remove(tenant, &gone).await?;
                    self.store.insert(insertion.max_clients(None)).await?;
                    Ok(InsertOutcome::Inserted {
                        removed: vec![gone],
                    })
                }
                InsertOutcome::Full if self.is(Fault::EvictsLiveGrants) => {
                    let longest_idle = Sweep::new().idle_before(Timestamp::MAX).limit(1);
                    let removed = self.store.sweep(tenant, longest_idle).await?;
                    self.store.insert(insertion.max_clients(None)).await?;
                    Ok(InsertOutcome::Inserted { removed })
                }
                outcome => Ok(outcome),
            },
        }
    }
}

// No store can report an outcome twice: `Insertion::settle` consumes an insertion, which can't be cloned.
impl ClientStore for Broken {
    async fn insert(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        let unreported = self.insert_unreported(again(&insertion));
        if self.is(Fault::ReportsBeforehand) {
            insertion.settle(InsertOutcome::Inserted {
                removed: Vec::new(),
            });
            yield_now().await;
            return unreported.await;
        }
        let outcome = unreported.await?;
        match (self.fault, &outcome) {
            (Fault::ReportsInsertionsOnly, InsertOutcome::Inserted { .. }) => {}
            (Fault::ReportsInsertionsOnly | Fault::NeverReports, _) => return Ok(outcome),
            (Fault::ReportsToThoseWhoWait, _) => yield_now().await,
            _ => {}
        }
        Ok(insertion.settle(outcome))
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<StoredClient>, BackendError> {
        let found = self.store.find(tenant, id).await?;
        if self.is(Fault::FindsOnlyReadable) || self.is(Fault::ShowsRecords) {
            let found = found.map(|row| self.given_back(row)).transpose()?;
            return Ok(found.flatten());
        }
        if !self.is(Fault::FindsEveryTenants) || found.is_some() {
            return Ok(found);
        }
        let tenants = self.tenants.lock().unwrap().clone();
        for tenant in &tenants {
            if let Some(client) = self.store.find(tenant, id).await? {
                return Ok(Some(client));
            }
        }
        Ok(None)
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, BackendError> {
        let limit_in_memory = usize::try_from(limit).unwrap();
        let mut page = self.store.list(tenant, after, limit).await?;
        match self.fault {
            Fault::ListsWithoutCase => {
                let mut all = self.all(tenant).await;
                let lowered = |id: &ClientId| (id.as_str().to_lowercase(), id.clone());
                all.sort_by_key(|client| lowered(client.id()));
                all.retain(|it| after.is_none_or(|after| lowered(it.id()) > lowered(after)));
                all.truncate(limit_in_memory);
                page = all.into_iter().map(StoredClient::from).collect();
            }
            Fault::ListsFromTheStart => {
                let all = self.all(tenant).await;
                let at = after.and_then(|id| all.iter().position(|it| it.id() == id));
                let rest = all.into_iter().skip(at.map_or(0, |at| at + 1));
                page = rest.take(limit_in_memory).map(StoredClient::from).collect();
            }
            Fault::FailsOnUnreadable | Fault::ListsOnlyReadable => {
                let rows = page.into_iter().map(|row| self.given_back(row).transpose());
                page = rows.flatten().collect::<Result<_, _>>()?;
            }
            Fault::ListsOneLess if after.is_some() => {
                page.pop();
            }
            _ => {}
        }
        Ok(page)
    }

    async fn update(&self, update: ClientUpdate) -> Result<UpdateOutcome, BackendError> {
        let client = Arc::clone(update.client());
        if self.is(Fault::ForgetsUsersInUpdates) {
            self.forget_user(&client);
        }
        let outcome = match self.fault {
            Fault::NeverFreesKeys => self.store.update(ClientUpdate::new(client.clone())).await?,
            Fault::AlwaysFreesKeys => self.store.update(update.without_duplicate_key()).await?,
            Fault::UpdatesInTwoSteps => {
                self.store.remove(client.tenant(), client.id()).await?;
                others_look_too().await;
                self.replace(client).await;
                return Ok(UpdateOutcome::Updated);
            }
            _ => self.store.update(update).await?,
        };
        match (self.fault, outcome) {
            (Fault::UpdatesEveryTenants, UpdateOutcome::Missing) => {
                let mut record = serde_json::to_value(&*client).unwrap();
                let tenants = self.tenants.lock().unwrap().clone();
                for tenant in &tenants {
                    record["tenant"] = json!(tenant);
                    let client = serde_json::from_value(record.clone()).unwrap();
                    self.store
                        .update(ClientUpdate::new(Arc::new(client)))
                        .await?;
                }
                Ok(UpdateOutcome::Missing)
            }
            (Fault::UpdatesUndoBlocks, UpdateOutcome::Changed) => {
                self.replace(client).await;
                Ok(UpdateOutcome::Updated)
            }
            (Fault::UpdatesAnything, UpdateOutcome::Changed)
            | (Fault::UpdatesNobody, UpdateOutcome::Missing)
            | (Fault::UpdatesUsage, UpdateOutcome::Updated) => {
                self.replace(client).await;
                Ok(outcome)
            }
            _ => Ok(outcome),
        }
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Result<BlockOutcome, BackendError> {
        let outcome = self.store.set_blocked(tenant, id, blocked).await?;
        match (self.fault, outcome) {
            (Fault::BlocksOnlyReadable, _) if self.has_unreadable(tenant).await => {
                Err(BackendError::new("broken", UNREADABLE))
            }
            (Fault::BlocksWithoutARevision, BlockOutcome::Written { revision }) => {
                let is_it = |client: &Arc<Client>| client.id() == id;
                let client = self.all(tenant).await.into_iter().find(is_it).unwrap();
                let mut record = serde_json::to_value(&*client).unwrap();
                record["revision"] = (revision - 1).into();
                let client = serde_json::from_value(record).unwrap();
                self.replace(Arc::new(client)).await;
                Ok(outcome)
            }
            (Fault::BlocksEveryTenants, _) => {
                let tenants = self.tenants.lock().unwrap().clone();
                for other in tenants.iter().filter(|it| *it != tenant) {
                    self.store.set_blocked(other, id, blocked).await?;
                }
                Ok(outcome)
            }
            (Fault::BlocksNobody, BlockOutcome::Missing) => {
                Ok(BlockOutcome::Written { revision: 1 })
            }
            _ => Ok(outcome),
        }
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<RemoveOutcome, BackendError> {
        self.store.remove(tenant, id).await
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        touch: Activity,
    ) -> Result<TouchOutcome, BackendError> {
        let touch = if self.is(Fault::TouchesAreNoUse) {
            Activity::registered_again(touch.until())
        } else {
            touch
        };
        let outcome = self.touch_and_evict(tenant, id, touch).await?;
        if self.is(Fault::TouchesAreAlwaysWritten) {
            return Ok(TouchOutcome::Written {
                evicted: Vec::new(),
            });
        }
        Ok(outcome)
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Result<Vec<ClientId>, BackendError> {
        let later = |it: Timestamp| Timestamp::from_unix_millis(it.unix_millis() + 1);
        let mut sweep = sweep;
        match self.fault {
            Fault::SweepsOnlyReadable if self.has_unreadable(tenant).await => {
                return Ok(Vec::new());
            }
            Fault::SweepsWhatIsTheMoment => {
                for (is_used, set) in [
                    (false, Sweep::unused_before as fn(_, _) -> _),
                    (true, Sweep::idle_before),
                ] {
                    if let Some(before) = sweep.before(is_used) {
                        sweep = set(sweep, later(before));
                    }
                }
            }
            Fault::SweepsOneTooMany => sweep = sweep.limit(sweep.max_removed() + 1),
            Fault::SweepsOneByOne => {
                let mut removed = Vec::new();
                loop {
                    let one = self.store.sweep(tenant, sweep.limit(1)).await?;
                    if one.is_empty() {
                        return Ok(removed);
                    }
                    removed.extend(one);
                    yield_now().await;
                }
            }
            _ => {}
        }
        let mut removed = self.store.sweep(tenant, sweep).await?;
        if self.is(Fault::SweepsBlocked) {
            for client in self.all(tenant).await {
                if client.is_blocked() {
                    self.store.remove(tenant, client.id()).await?;
                    removed.push(client.id().clone());
                }
            }
        }
        Ok(removed)
    }
}

/// What a rule says of a store with this fault, or of one that is right where it is `None`.
macro_rules! verdict {
    ($fault:expr, $rule:ident) => {{
        tokio::spawn(rules::$rule(MemoryStore::new()))
            .await
            .expect("a store that is right is no reason to panic");
        match tokio::spawn(rules::$rule(Broken::new($fault))).await {
            Ok(()) => panic!("{} does not find {:?}", stringify!($rule), $fault),
            Err(error) => {
                // A message without values is no `String`.
                let panicked = match error.into_panic().downcast::<&str>() {
                    Ok(says) => Box::new(says.to_string()),
                    Err(other) => other,
                };
                match panicked.downcast::<String>() {
                    Ok(says) => *says,
                    Err(other) => resume_unwind(other),
                }
            }
        }
    }};
}

/// One test for each fault: the rule that is meant for it finds it.
macro_rules! found {
    (on a paused clock as $tried:ident; $($faults:tt)*) => {
        found! { start_paused = true; $tried; $($faults)* }
    };
    ($test:ident: $($faults:tt)*) => {
        found! { flavor = "multi_thread"; TRIED; $test: $($faults)* }
    };
    ($runtime:meta; $tried:ident; $($test:ident: $fault:ident by $rule:ident;)*) => {
        $(
            #[tokio::test($runtime)]
            async fn $test() {
                let says = verdict!(Fault::$fault, $rule);
                // Not because the store could do nothing at all.
                let is_failure = says.contains("works in a suite") && !says.contains(UNREADABLE);
                assert!(!is_failure, "{says}");
            }
        )*

        /// The faults that a test is about.
        const $tried: &[&str] = &[$(stringify!($fault)),*];
    };
}

found! {
    overwriting: Overwrites by a_taken_id_is_never_overwritten;
    looking_before_inserting: LooksThenInserts by racing_insertions_of_one_id_store_one;
    ids_without_case: LowersIds by similar_ids_are_different_clients;
    a_lost_field: ForgetsSecretBefore by every_field_comes_back;
    sorted_texts: SortsTexts by every_field_comes_back;
    cut_milliseconds: CutsMillis by every_moment_comes_back;
    finding_others: FindsEveryTenants by reading_stays_in_its_tenant;
    updating_others: UpdatesEveryTenants by an_update_stays_in_its_tenant;
    a_limit_that_is_one_more: LimitIsOneMore by the_longest_idle_client_is_evicted;
    counting_before_inserting: CountsThenInserts by racing_insertions_never_exceed_a_limit;
    evicting_the_newest: EvictsTheNewest by the_longest_idle_client_is_evicted;
    evicting_used_ones: EvictsUsed by active_and_blocked_clients_are_not_evicted;
    evicting_used_ones_of_a_full_tenant: EvictsUsed by a_full_tenant_is_not_changed;
    evicting_only_one: EvictsOnlyOne by a_lowered_limit_shrinks_a_tenant;
    evicting_before_inserting: EvictsThenInserts by an_abandoned_insertion_is_all_or_nothing;
    deduplicating_across_tenants: DeduplicatesAcrossTenants by a_different_key_is_not_a_duplicate;
    deduplicating_after_the_id: DeduplicatesAfterTheId by duplicates_are_checked_first;
    returning_old_duplicates: ReturnsOldDuplicates by a_duplicate_returns_the_current_client;
    deduplicating_without_a_touch: DeduplicatesWithoutATouch by a_duplicate_touches_the_stored_client;
    keeping_keys_indefinitely: KeepsKeysIndefinitely by a_removed_client_frees_its_key;
    looking_before_deduplicating: LooksThenDeduplicates by racing_insertions_of_one_key_store_one;
    never_freeing_keys: NeverFreesKeys by an_update_removes_the_key_if_asked;
    always_freeing_keys: AlwaysFreesKeys by an_update_removes_the_key_if_asked;
    updating_any_revision: UpdatesAnything by an_update_follows_the_previous_revision;
    updating_nobody: UpdatesNobody by an_update_needs_a_stored_client;
    updating_usage: UpdatesUsage by an_update_keeps_usage;
    updating_in_two_steps: UpdatesInTwoSteps by an_abandoned_update_is_all_or_nothing;
    updates_that_race_for_nothing: UpdatesAnything by racing_updates_store_one_per_revision;
    touches_that_are_always_written: TouchesAreAlwaysWritten by a_touch_follows_usage_touched;
    touches_that_are_no_use: TouchesAreNoUse by active_and_blocked_clients_are_not_evicted;
    sweeping_blocked_ones: SweepsBlocked by blocked_clients_are_not_swept;
    sweeping_one_too_many: SweepsOneTooMany by a_sweep_stops_at_its_limit;
    sweeping_what_is_not_before: SweepsWhatIsTheMoment by a_sweep_removes_only_due_clients;
    sweeping_one_by_one: SweepsOneByOne by an_abandoned_sweep_is_all_or_nothing;
    listing_without_case: ListsWithoutCase by pages_are_ordered_by_id_bytes;
    listing_from_the_start: ListsFromTheStart by a_page_may_begin_after_a_removed_id;
    listing_one_less: ListsOneLess by pages_are_stable_while_clients_change;
    failing_on_unreadable_rows: FailsOnUnreadable by an_unreadable_row_hides_no_other_row;
    listing_only_what_is_readable: ListsOnlyReadable by an_unreadable_row_hides_no_other_row;
    finding_only_what_is_readable: FindsOnlyReadable by an_unreadable_row_hides_no_other_row;
    reasons_that_show_the_record: ShowsRecords by an_unreadable_row_hides_no_other_row;
    reading_before_blocking: BlocksOnlyReadable by an_unreadable_row_can_be_blocked_and_removed;
    reading_before_evicting: EvictsOnlyReadable by an_unreadable_row_can_be_blocked_and_removed;
    reading_before_sweeping: SweepsOnlyReadable by an_unreadable_row_can_be_blocked_and_removed;
    a_second_client_of_an_unreadable_key: DeduplicatesOnlyReadable by an_unreadable_row_keeps_its_key;
    blocking_without_a_revision: BlocksWithoutARevision by a_block_changes_flag_and_revision;
    blocking_others: BlocksEveryTenants by a_block_changes_flag_and_revision;
    blocking_nobody: BlocksNobody by a_block_changes_flag_and_revision;
    updates_that_undo_a_block: UpdatesUndoBlocks by a_block_changes_flag_and_revision;
    never_reporting: NeverReports by every_outcome_is_reported_once;
    reporting_what_is_hoped_for: ReportsBeforehand by every_outcome_is_reported_once;
    reporting_insertions_only: ReportsInsertionsOnly by every_outcome_is_reported_once;
    evicting_used_ones_first: EvictsUsedFirst by used_idle_clients_are_evicted_last;
    evicting_unused_ones_only: EvictsUnusedOnly by used_idle_clients_are_evicted_last;
    evicting_live_grants: EvictsLiveGrants by used_idle_clients_are_evicted_last;
    evicting_the_touched_one: EvictsTheTouched by a_users_longest_idle_client_is_evicted;
    evicting_a_users_newest: EvictsTheUsersNewest by a_users_longest_idle_client_is_evicted;
    evicting_clients_of_any_user: EvictsOfAnyUser by a_users_longest_idle_client_is_evicted;
    sparing_live_grants_of_a_user: SparesLiveGrants by a_users_longest_idle_client_is_evicted;
    counting_for_the_last_user: CountsForTheLastUser by a_client_counts_for_its_first_user;
    evicting_shared_ones_like_others: EvictsSharedLikeOthers by a_shared_client_is_evicted_last;
    counting_blocked_ones_of_a_user: CountsBlockedOfUsers by a_users_blocked_clients_are_not_evicted;
    evicting_blocked_ones_of_a_user: EvictsBlockedOfUsers by a_users_blocked_clients_are_not_evicted;
    forgetting_users_in_updates: ForgetsUsersInUpdates by a_client_keeps_its_user;
    sharing_users_across_tenants: SharesUsersAcrossTenants by a_client_keeps_its_user;
    looking_before_evicting: LooksThenEvictsOfUsers by racing_touches_never_exceed_a_users_limit;
}

found! {
    on a paused clock as TRIED_ON_A_PAUSED_CLOCK;
    reporting_before_inserting: ReportsBeforehand by an_abandoned_insertion_is_reported_if_stored;
    reporting_to_those_who_wait: ReportsToThoseWhoWait by an_abandoned_insertion_is_reported_if_stored;
}

/// What the faults are made of is right by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_breaks_no_other_rule() {
    let store = || Broken::new(Fault::ListsOneLess);
    rules::every_outcome_is_reported_once(store()).await;
    rules::an_abandoned_insertion_is_reported_if_stored(store()).await;
    rules::used_idle_clients_are_evicted_last(store()).await;
    rules::a_users_longest_idle_client_is_evicted(store()).await;
    rules::a_client_counts_for_its_first_user(store()).await;
    rules::a_shared_client_is_evicted_last(store()).await;
    rules::a_users_blocked_clients_are_not_evicted(store()).await;
    rules::a_client_keeps_its_user(store()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_names_the_broken_rule() {
    let suite = conformance::client_store(Broken::new(Fault::Overwrites));
    let panic = tokio::spawn(suite).await.unwrap_err().into_panic();
    let says = panic.downcast::<String>().unwrap();
    let rule = "the rule `a_taken_id_is_never_overwritten` is broken.\n\
        An insertion does not change the client that already has the id.\n";
    assert!(says.starts_with(rule), "{says}");
    assert!(says.len() > rule.len(), "{says}");
}

#[test]
fn every_fault_is_tried() {
    let source = include_str!("broken.rs");
    let (_, rest) = source.split_once("enum Fault {").unwrap();
    let (faults, _) = rest.split_once('}').unwrap();
    for fault in faults.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        let is_tried = TRIED.contains(&fault) || TRIED_ON_A_PAUSED_CLOCK.contains(&fault);
        assert!(is_tried, "{fault} is not tried");
    }
}
