//! Pages to read: they explain, and hold no code that runs.

#[doc = include_str!("guide/life_of_a_client.md")]
pub mod life_of_a_client {}

#[doc = include_str!("guide/many_nodes.md")]
pub mod many_nodes {}

#[doc = include_str!("guide/observability.md")]
pub mod observability {}
