//! Calls that fail the test if their answer is older than the switch.

use std::{
    array,
    num::NonZeroU64,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use oauth_dcr::{
    BackendError, Timestamp,
    postgres::PostgresStore,
    store::{
        Activity, BlockOutcome, ClientStore as _, ClientUpdate, InsertOutcome, RemoveOutcome,
        Sweep, TouchOutcome, UpdateOutcome, UserKey,
    },
};
use tokio::{task::JoinHandle, time::Instant};

use crate::fixture::{ISSUED, client, deduplicated, id, is_inserted, limited, plain, tenant};

/// The number of kinds of calls.
pub(super) const KINDS: usize = 12;

/// How many calls run at once.
const WORKERS: usize = 4;

/// How long the test waits for calls to succeed.
const LIMIT: Duration = Duration::from_secs(20);

/// The duplicate key of the client `same`.
const KEY: u8 = 9;

/// Inserts the client that an operator removes or blocks after the switch, if the client is
/// missing.
pub(super) async fn insert_old_rows(store: &PostgresStore) {
    for insertion in [
        plain("t1", "removed"),
        plain("t1", "blocked"),
        deduplicated("t1", "same", KEY),
        limited("t2", "first", 1_000_000),
    ] {
        store.insert(insertion).await.unwrap();
    }
}

/// A call whose answer has to be newer than the switch. Each kind of call has a number below
/// [`KINDS`]. The ids of inserted clients contain `name`. Returns the id of a client that the call
/// has inserted.
pub(super) async fn one_of_each(
    store: &PostgresStore,
    kind: usize,
    name: &str,
) -> Result<Option<String>, BackendError> {
    let (t1, removed) = (tenant("t1"), id("removed"));
    let new = format!("{name}-{kind}");
    match kind {
        0 => {
            let found = store.find(&t1, &id("blocked")).await?.unwrap();
            assert!(found.readable().unwrap().is_blocked());
        }
        1 => assert_eq!(store.find(&t1, &removed).await?, None),
        2 => {
            let clients = store.list(&t1, None, 10_000).await?;
            assert!(clients.iter().all(|client| *client.id() != removed));
        }
        3 => {
            let touch = Activity::registered_again(Timestamp::from_unix_millis(0));
            let touched = store.touch(&t1, &removed, touch).await?;
            assert_eq!(touched, TouchOutcome::Missing);
        }
        4 => {
            let outcome = store.insert(deduplicated("t1", &new, KEY)).await?;
            assert_ne!(outcome, InsertOutcome::Duplicate(client("t1", "same")));
        }
        5 => {
            let update = ClientUpdate::new(client("t1", "removed"));
            assert_eq!(store.update(update).await?, UpdateOutcome::Missing);
        }
        6 => {
            let blocked = store.set_blocked(&t1, &removed, true).await?;
            assert_eq!(blocked, BlockOutcome::Missing);
            let outcome = store.remove(&t1, &removed).await?;
            assert_eq!(outcome, RemoveOutcome::Missing);
        }
        7 | 8 => return insert(store, kind, new).await.map(Some),
        9 => assert!(store.now().await?.is_some()),
        10 => {
            let sweep = Sweep::new().unused_before(Timestamp::from_unix_millis(1));
            assert_eq!(store.sweep(&t1, sweep).await?, []);
        }
        _ => use_with_limit(store).await?,
    }
    Ok(None)
}

/// A use, by a user with a limit, of a client that is removed after the switch.
async fn use_with_limit(store: &PostgresStore) -> Result<(), BackendError> {
    let touch = Activity::used(Timestamp::from_unix_millis(ISSUED), None)
        .by(Some(UserKey::from_bytes([1; 32])))
        .max_clients_per_user(NonZeroU64::new(5));
    let touched = store.touch(&tenant("t1"), &id("removed"), touch).await?;
    assert_eq!(touched, TouchOutcome::Missing);
    Ok(())
}

/// Inserts a client, with a limit or without.
async fn insert(store: &PostgresStore, kind: usize, new: String) -> Result<String, BackendError> {
    let insertion = if kind == 7 {
        plain("t1", &new)
    } else {
        limited("t2", &new, 1_000_000)
    };
    let outcome = store.insert(insertion).await?;
    assert!(is_inserted(&outcome), "{new}: {outcome:?}");
    Ok(new)
}

/// Makes a store open as many connections as it may.
pub(super) async fn fill_pool(store: &PostgresStore) {
    let finds = (0..64).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.find(&tenant("t1"), &id("none")).await })
    });
    for find in finds.collect::<Vec<_>>() {
        assert_eq!(find.await.unwrap().unwrap(), None);
    }
}

/// Calls to a store until they are ended.
pub(super) struct Load {
    state: Arc<State>,
    workers: Vec<JoinHandle<()>>,
}

/// The ids of clients that were reported as inserted.
#[derive(Default)]
pub(super) struct Acknowledged {
    pub(super) before: Vec<String>,
    pub(super) after: Vec<String>,
}

struct State {
    name: &'static str,
    store: PostgresStore,
    is_ended: AtomicBool,
    calls: AtomicUsize,
    switched: Mutex<Option<Instant>>,
    acknowledged: Mutex<Acknowledged>,
    /// How long after the switch a call of each kind first succeeded.
    outages: Mutex<[Option<Duration>; KINDS]>,
}

impl Load {
    /// The ids of inserted clients contain `name`.
    pub(super) fn start(name: &'static str, store: PostgresStore) -> Self {
        let state = Arc::new(State {
            name,
            store,
            is_ended: AtomicBool::new(false),
            calls: AtomicUsize::new(0),
            switched: Mutex::default(),
            acknowledged: Mutex::default(),
            outages: Mutex::default(),
        });
        let worker = |_| tokio::spawn(Arc::clone(&state).work());
        let workers = (0..WORKERS).map(worker).collect();
        Self { state, workers }
    }

    /// Calls that begin from now on fail if their answer is older.
    pub(super) fn switched(&self) {
        *self.state.switched.lock().unwrap() = Some(Instant::now());
    }

    /// Waits until calls of each kind succeed. Returns how long after the switch they succeeded.
    pub(super) async fn outages(&self) -> [Duration; KINDS] {
        let end = Instant::now() + LIMIT;
        loop {
            let outages = *self.state.outages.lock().unwrap();
            if outages.iter().all(Option::is_some) {
                return array::from_fn(|kind| outages[kind].unwrap());
            }
            assert!(Instant::now() < end, "{outages:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends the calls. Returns the clients that were reported as inserted.
    pub(super) async fn end(self) -> Acknowledged {
        self.state.is_ended.store(true, SeqCst);
        for worker in self.workers {
            worker.await.unwrap();
        }
        std::mem::take(&mut *self.state.acknowledged.lock().unwrap())
    }
}

impl State {
    async fn work(self: Arc<Self>) {
        while !self.is_ended.load(SeqCst) {
            let number = self.calls.fetch_add(1, SeqCst);
            let switched = *self.switched.lock().unwrap();
            let name = format!("{}{number}", self.name);
            match switched {
                None => self.insert_before(number, name).await,
                Some(moment) => self.call_after(number, &name, moment).await,
            }
        }
    }

    async fn insert_before(&self, number: usize, name: String) {
        let inserted = insert(&self.store, 7 + number % 2, name).await;
        self.acknowledged.lock().unwrap().before.extend(inserted);
    }

    async fn call_after(&self, number: usize, name: &str, moment: Instant) {
        let kind = number % KINDS;
        if let Ok(inserted) = one_of_each(&self.store, kind, name).await {
            self.acknowledged.lock().unwrap().after.extend(inserted);
            self.outages.lock().unwrap()[kind].get_or_insert_with(|| moment.elapsed());
        }
    }
}
