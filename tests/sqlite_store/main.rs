//! What is special about the store in an SQLite file.

mod counts;
mod files;
mod fixture;
mod groups;
#[cfg(unix)]
mod lost_files;
#[path = "../support/minted.rs"]
mod minted;
mod rows;
#[path = "../support/spoiled.rs"]
mod spoiled;
#[path = "../support/temporary.rs"]
mod temporary;
mod upgrades;
mod wal;

use oauth_dcr::conformance;

use fixture::open;
use temporary::TemporaryDir;

#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_the_contract() {
    let dir = TemporaryDir::new();
    conformance::client_store_nodes(open(&dir).await, open(&dir).await).await;
}
