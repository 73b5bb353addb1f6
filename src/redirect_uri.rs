//! Redirect URIs: what may be registered, and what a request may send the user back to.

mod policy;
mod uri;

pub use policy::{AllowedScheme, InvalidScheme, RedirectPolicy};
pub use uri::{Destination, RedirectUri, RedirectUriError};
