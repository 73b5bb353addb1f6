//! Tests of the private PostgreSQL that other tests use.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use private_servers::PrivatePostgres;
use sqlx::{Connection as _, PgConnection, error::DatabaseError};

/// Makes a test that runs in a separate process the victim of another test.
const VICTIM: &str = "OAUTH_DCR_VICTIM";

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn number(connection: &mut PgConnection, query: &'static str) -> i32 {
    sqlx::query_scalar(query)
        .fetch_one(connection)
        .await
        .unwrap()
}

async fn keep(connection: &mut PgConnection, row: &'static str) {
    sqlx::raw_sql("CREATE TABLE kept (number integer NOT NULL)")
        .execute(&mut *connection)
        .await
        .unwrap();
    sqlx::raw_sql(row).execute(connection).await.unwrap();
}

/// How many processes work in the directory or below it.
fn processes_in(directory: &Path) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let folders = processes.filter_map(|it| fs::read_link(it.path().join("cwd")).ok());
    folders.filter(|it| it.starts_with(directory)).count()
}

#[tokio::test]
async fn a_server_waits_for_the_disk() {
    let server = PrivatePostgres::start();
    let mut connection = connect(&server.url()).await;
    assert_eq!(number(&mut connection, "SELECT 6 * 7").await, 42);
    let setting = sqlx::query_scalar::<_, String>("SHOW fsync");
    assert_eq!(setting.fetch_one(&mut connection).await.unwrap(), "on");
}

#[tokio::test]
async fn the_server_requires_its_password() {
    let server = PrivatePostgres::start();
    let url = server.url();
    let (start, address) = url.split_once('@').unwrap();
    let (user, _) = start.rsplit_once(':').unwrap();
    let refused = PgConnection::connect(&format!("{user}:guess@{address}")).await;
    let error = refused.expect_err("the password is wrong");
    let code = error.as_database_error().and_then(DatabaseError::code);
    assert_eq!(code.as_deref(), Some("28P01"), "{error}");
}

#[tokio::test]
async fn databases_of_one_server_are_separate() {
    let server = PrivatePostgres::start();
    let mut one = connect(&server.create_database()).await;
    let mut other = connect(&server.create_database()).await;
    keep(&mut one, "INSERT INTO kept VALUES (1)").await;
    keep(&mut other, "INSERT INTO kept VALUES (2)").await;
    assert_eq!(number(&mut one, "SELECT number FROM kept").await, 1);
    assert_eq!(number(&mut other, "SELECT number FROM kept").await, 2);
}

#[tokio::test]
async fn a_committed_row_survives_a_kill() {
    let mut server = PrivatePostgres::start();
    let url = server.create_database();
    let mut connection = connect(&url).await;
    keep(&mut connection, "INSERT INTO kept VALUES (42)").await;
    server.kill();
    assert_eq!(processes_in(server.directory()), 0);
    assert!(connection.ping().await.is_err());
    assert!(PgConnection::connect(&url).await.is_err());
    server.restart();
    let mut connection = connect(&url).await;
    let kept = number(&mut connection, "SELECT number FROM kept").await;
    assert_eq!(kept, 42);
}

#[tokio::test]
async fn a_committed_row_survives_a_stop() {
    let mut server = PrivatePostgres::start();
    let url = server.url();
    let mut connection = connect(&url).await;
    keep(&mut connection, "INSERT INTO kept VALUES (42)").await;
    server.restart();
    assert!(connection.ping().await.is_err());
    let mut connection = connect(&url).await;
    let kept = number(&mut connection, "SELECT number FROM kept").await;
    assert_eq!(kept, 42);
}

#[tokio::test]
async fn a_resumed_server_answers() {
    let server = PrivatePostgres::start();
    let mut old = connect(&server.url()).await;
    server.pause();
    let url = server.url();
    let old_answer = async { number(&mut old, "SELECT 42").await };
    let new_answer = async { number(&mut connect(&url).await, "SELECT 43").await };
    let mut both = Box::pin(async { tokio::join!(old_answer, new_answer) });
    let early = tokio::time::timeout(Duration::from_millis(300), &mut both).await;
    assert!(early.is_err(), "a paused server answered");
    server.resume();
    assert_eq!(both.await, (42, 43));
}

#[tokio::test]
async fn a_paused_server_can_be_stopped_and_killed() {
    let mut server = PrivatePostgres::start();
    server.pause();
    server.restart();
    server.pause();
    server.kill();
    server.restart();
    let mut connection = connect(&server.url()).await;
    assert_eq!(number(&mut connection, "SELECT 42").await, 42);
}

#[tokio::test]
async fn servers_are_independent() {
    let other = PrivatePostgres::start();
    let mut connection = connect(&other.url()).await;
    let mut server = PrivatePostgres::start();
    server.pause();
    assert_eq!(number(&mut connection, "SELECT 1").await, 1);
    server.kill();
    assert_eq!(number(&mut connection, "SELECT 2").await, 2);
    drop(server);
    assert_eq!(number(&mut connection, "SELECT 3").await, 3);
}

#[tokio::test]
async fn a_dropped_server_leaves_nothing_behind() {
    let server = PrivatePostgres::start();
    let directory = server.directory().to_owned();
    let _connection = connect(&server.url()).await;
    assert!(processes_in(&directory) > 1);
    drop(server);
    assert_eq!(processes_in(&directory), 0);
    assert!(!directory.exists());
}

#[test]
fn a_server_ends_when_its_test_panics() {
    let (sender, receiver) = mpsc::channel();
    let test = thread::spawn(move || {
        let server = PrivatePostgres::start();
        sender.send(server.directory().to_owned()).unwrap();
        panic!("as a failing test does");
    });
    assert!(test.join().is_err());
    let directory = receiver.recv().unwrap();
    assert_eq!(processes_in(&directory), 0);
    assert!(!directory.exists());
}

#[test]
fn a_server_ends_when_its_test_is_killed() {
    if env::var_os(VICTIM).is_some() {
        let server = PrivatePostgres::start();
        let directory = server.directory().display();
        writeln!(io::stdout(), "{VICTIM}={directory}").unwrap();
        loop {
            thread::park();
        }
    }
    let mut victim = Command::new(env::current_exe().unwrap())
        .args(["--exact", "a_server_ends_when_its_test_is_killed"])
        .arg("--nocapture")
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let directory = lines.map_while(Result::ok).find_map(|line| {
        let (_, directory) = line.split_once(&format!("{VICTIM}="))?;
        Some(directory.to_owned())
    });
    let directory = directory.expect("the victim says where its server is");
    let directory = Path::new(&directory);
    assert!(processes_in(directory) > 1);
    victim.kill().unwrap();
    victim.wait().unwrap();
    for _ in 0..1_000 {
        if !directory.exists() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    assert!(!directory.exists());
    assert_eq!(processes_in(directory), 0);
}

#[test]
#[should_panic(expected = "Address already in use")]
fn a_failed_start_shows_the_log() {
    let mut server = PrivatePostgres::start();
    server.stop();
    let port = server.url().rsplit_once(':').unwrap().1.to_owned();
    let port = port.strip_suffix("/postgres").unwrap().parse().unwrap();
    let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    server.restart();
}
