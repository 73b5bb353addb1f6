//! What can go wrong outside the pure rules: the outside world, and with it a registration.

mod backend;
mod registration;

pub use backend::{BackendError, RandomError};
pub use registration::RegistrationError;
