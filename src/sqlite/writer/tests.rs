use std::{
    collections::BTreeSet, env, fs, future::poll_fn, path::PathBuf, pin::Pin, process, sync::Arc,
    task::Poll, time::Duration,
};

use tokio::{task::JoinSet, time::Instant};

use super::*;
use crate::{
    group_commit::{GroupCommit, Reply},
    sqlite::{insert::NewClient, job::Call, row},
    store::{InsertOutcome, Insertion},
    types::TenantId,
};

/// A path in a new folder, which is removed at the end.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("oauth-dcr-{name}-{}", process::id()));
        fs::create_dir(&folder).unwrap();
        Self(folder.join("clients"))
    }

    async fn writer(&self) -> Writer {
        let database = Database::open(&self.0, Duration::from_secs(5));
        Writer::new(database.await.unwrap()).await.unwrap()
    }

    async fn ids(&self) -> BTreeSet<String> {
        let mut writer = self.writer().await;
        let connection = writer.connection.as_mut().unwrap();
        let tenant = TenantId::sole();
        let rows = row::list(connection, &tenant, None, u32::MAX).await;
        rows.unwrap()
            .iter()
            .map(|row| row.id().to_string())
            .collect()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.parent().unwrap());
    }
}

fn client(id: &str) -> NewClient {
    let record = serde_json::json!({
        "version": 1, "tenant": "default", "client_id": id, "issued_at": 0,
        "security_mode": "strict",
        "metadata": {
            "redirect_uris": ["https://app.example.com/cb"],
            "token_endpoint_auth_method": "none",
        },
    });
    let record = record.to_string();
    let client = serde_json::from_str(&record).unwrap();
    let insertion = Insertion::new(Arc::new(client));
    NewClient { insertion, record }
}

async fn insert<C: Commit<Job = Job>>(
    commit: &GroupCommit<C>,
    id: &str,
) -> Result<InsertOutcome, BackendError> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let job = |reply| Job::Insert(Call::new(client(id), reply));
    commit.submit(deadline, job).await
}

fn inserted() -> InsertOutcome {
    let removed = Vec::new();
    InsertOutcome::Inserted { removed }
}

/// Inserts 200 clients at the same time.
async fn insert_many(commit: &GroupCommit<Writer>) -> Vec<Result<InsertOutcome, BackendError>> {
    let mut calls = JoinSet::new();
    for number in 0..200 {
        let commit = commit.clone();
        calls.spawn(async move { insert(&commit, &format!("tpc_{number}")).await });
    }
    calls.join_all().await
}

#[tokio::test]
async fn insertions_succeed_after_a_full_disk() {
    let file = File::new("full");
    let mut writer = file.writer().await;
    // This has the effect of a full disk: the connection may not make the file larger.
    let connection = writer.connection.as_mut().unwrap();
    let limit = sqlx::raw_sql("PRAGMA max_page_count = 1");
    limit.execute(connection).await.unwrap();
    let commit = GroupCommit::spawn(writer, NAME);
    for outcome in insert_many(&commit).await {
        let error = outcome.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("full"), "{cause}");
    }
    // Nothing was written, so all ids are free.
    for outcome in insert_many(&commit).await {
        assert_eq!(outcome.unwrap(), inserted());
    }
}

/// Panics in three of four commits: before the transaction, within the transaction, and after it.
struct Panicking {
    writer: Writer,
    commits: u32,
}

impl Commit for Panicking {
    type Job = Job;

    async fn commit(&mut self, mut jobs: Vec<Job>) {
        self.commits += 1;
        match self.commits % 4 {
            1 => panic!("before the transaction"),
            2 => {
                let mut connection = self.writer.connection.take().unwrap();
                let begun = connection.begin_with("BEGIN IMMEDIATE").await;
                let mut transaction = begun.unwrap();
                assert!(insert_plain(&mut transaction, &mut jobs).await.unwrap());
                panic!("within the transaction");
            }
            3 => {
                self.writer.write(&mut jobs).await.unwrap();
                panic!("after the transaction");
            }
            _ => self.writer.commit(jobs).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_loses_no_acknowledged_client() {
    let file = File::new("panics");
    let (writer, commits) = (file.writer().await, 0);
    let commit = GroupCommit::spawn(Panicking { writer, commits }, NAME);
    let mut callers = JoinSet::new();
    for caller in 0..32 {
        let commit = commit.clone();
        callers.spawn(async move {
            let mut outcomes = Vec::new();
            for number in 0..20 {
                let id = format!("tpc_{caller}_{number}");
                outcomes.push((insert(&commit, &id).await, id));
            }
            outcomes
        });
    }
    let outcomes: Vec<_> = callers.join_all().await.into_iter().flatten().collect();
    let stored = file.ids().await;
    let mut acknowledged = 0;
    for (outcome, id) in &outcomes {
        if let Ok(outcome) = outcome {
            assert_eq!(*outcome, inserted());
            assert!(stored.contains(id), "{id}");
            acknowledged += 1;
        }
    }
    assert!(
        (1..outcomes.len()).contains(&acknowledged),
        "{acknowledged}"
    );
    // The clients whose commits panicked after the transaction are stored as well.
    assert!((acknowledged + 1..outcomes.len()).contains(&stored.len()));
}

#[tokio::test]
async fn the_writer_continues_after_each_panic() {
    let file = File::new("goes-on");
    let (writer, commits) = (file.writer().await, 0);
    let commit = GroupCommit::spawn(Panicking { writer, commits }, NAME);
    let mut acknowledged = Vec::new();
    for number in 0..12 {
        acknowledged.push(insert(&commit, &format!("tpc_{number}")).await.is_ok());
    }
    assert_eq!(acknowledged, [false, false, false, true].repeat(3));
    let stored = file.ids().await;
    let expected = [2, 3, 6, 7, 10, 11].map(|number| format!("tpc_{number}"));
    assert_eq!(stored, expected.into());
}

#[cfg(unix)]
#[tokio::test]
async fn a_commit_into_a_lost_file_is_a_failure() {
    let file = File::new("lost-meanwhile");
    let mut writer = file.writer().await;
    let mut other = writer.database.connect().await.unwrap();
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let (reply, _answer) = Reply::new();
    let mut jobs = [Job::Insert(Call::new(client("tpc_1"), reply))];
    let mut write = Box::pin(writer.write(&mut jobs));
    // The write has begun, and waits for the lock.
    assert!(poll_once(&mut write).await.is_pending());
    let elsewhere = file.0.with_extension("elsewhere");
    fs::rename(&file.0, &elsewhere).unwrap();
    lock.rollback().await.unwrap();
    let failure = write.await.unwrap_err();
    assert!(matches!(failure, Failure::LostMeanwhile(_)), "{failure}");
    assert!(
        failure
            .to_string()
            .ends_with("the call may have been carried out")
    );
    fs::rename(&elsewhere, &file.0).unwrap();
    assert_eq!(file.ids().await, ["tpc_1".to_owned()].into());
}

async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context))).await
}
