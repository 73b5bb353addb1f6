//! Clients to store.

use std::sync::Arc;

use oauth_dcr::{Client, ClientId};
use serde_json::Value;

use crate::fixtures::CLIENT;

/// Makes clients that differ in their ids.
pub struct Clients {
    record: Value,
    made: u64,
}

impl Default for Clients {
    fn default() -> Self {
        let record = serde_json::from_str(CLIENT).unwrap();
        Self { record, made: 0 }
    }
}

impl Clients {
    /// The next `count` clients.
    pub fn next(&mut self, count: usize) -> Vec<Arc<Client>> {
        (0..count).map(|_| self.client()).collect()
    }

    fn client(&mut self) -> Arc<Client> {
        let mut record = self.record.clone();
        record["client_id"] = id(self.made).as_str().into();
        self.made += 1;
        Arc::new(serde_json::from_value(record).unwrap())
    }
}

/// The id of a client by its number. Ids are spread over an index as random ids are.
pub fn id(number: u64) -> ClientId {
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ClientId::parse(&format!("tpc_{spread:016x}{number:016x}")).unwrap()
}
