//! The pipeline: `admit`, `decode`, `apply`, `mint`, `insert`.

mod admission;
mod builder;
mod mint;
mod registrar;

pub use admission::Admission;
pub use builder::RegistrarBuilder;
pub use registrar::{Registered, Registrar};
