//! What the benches send, expect and store.

/// The registration request of a public client.
pub const PUBLIC: &str = include_str!("../fixtures/public.json");

/// The registration request of a confidential client.
pub const CONFIDENTIAL: &str = include_str!("../fixtures/confidential.json");

/// The crate's answer to [`PUBLIC`], with a fixed id and a fixed time.
pub const CREATED: &str = include_str!("../fixtures/created.json");

/// The stored record of a client.
pub const CLIENT: &str = include_str!("../fixtures/client.json");
