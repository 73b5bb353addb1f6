//! The errors of registrations and of the owner's requests.

mod owner_error;
mod registration_error;

pub use owner_error::OwnerError;
pub use registration_error::RegistrationError;

#[cfg(test)]
pub(crate) use registration_error::tests::one_of_each;
