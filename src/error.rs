//! What can go wrong outside the pure rules: the outside world, and with it a registration.

mod backend;
mod owner;
mod registration;

pub use backend::{BackendError, RandomError};
pub use owner::OwnerError;
pub use registration::RegistrationError;

#[cfg(test)]
pub(crate) use registration::tests::one_of_each;
