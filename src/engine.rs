//! The pipeline of a registration (`admit`, `decode`, `apply`, `mint`, `insert`), and the changes that an owner makes
//! later.

mod access_control;
mod admission;
mod attempt;
mod builder;
mod initial_access;
mod mint;
mod owner;
mod ports;
mod rate;
mod registered;
mod registrar;
mod store_clock;
mod token_attempts;
mod trace;

pub use admission::Admission;
pub use builder::RegistrarBuilder;
pub(crate) use initial_access::InitialAccessToken;
pub use owner::{ClientPage, Owner};
pub use registered::Registered;
pub use registrar::{MarkOutcome, Registrar};
