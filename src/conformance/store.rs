//! What every [`ClientStore`] has to do, one function a rule.
//!
//! Each works in tenants of its own with fresh random names, so that a database can be shared and
//! used again. Clock values are handed in; nothing sleeps.
//!
//! ```
//! # use oauth_dcr::{MemoryStore, conformance};
//! # type MyStore = MemoryStore;
//! #[tokio::main]
//! async fn main() {
//!     conformance::client_store(MyStore::new()).await;
//! }
//! ```

mod abandoned;
mod duplicates;
mod fields;
mod fixture;
mod insertion;
mod life;
mod limits;
mod pages;
mod rules;
mod tenants;
mod unreadable;
mod updates;
mod users;

pub use abandoned::*;
pub use duplicates::*;
pub use fields::*;
pub use insertion::*;
pub use life::*;
pub use limits::*;
pub use pages::*;
pub use tenants::*;
pub use unreadable::*;
pub use updates::*;
pub use users::*;

use std::sync::Arc;

use crate::{
    conformance::{
        rule::{rules, table},
        store::rules::with_store_rules,
    },
    store::ClientStore,
};

/// Checks every rule on `store`, in this order:
///
#[doc = with_store_rules!(table!)]
///
/// # Panics
/// At the first rule that is broken. The message begins with the rule.
pub async fn client_store(store: impl ClientStore) {
    let store = Arc::new(store);
    for rule in with_store_rules!(rules!) {
        rule.verify(Arc::clone(&store)).await;
    }
}
