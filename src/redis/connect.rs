use redis::IntoConnectionInfo as _;

use crate::{
    backend_error::BackendError,
    redis::{link::Link, unanswered::NAME},
};

/// A way to Redis, and why Redis is not reached yet.
pub(super) type Connected = (Link, Option<BackendError>);

pub(super) async fn to_server(url: &str) -> Result<Connected, BackendError> {
    let info = url.into_connection_info();
    let info = info.map_err(|error| BackendError::new(NAME, error))?;
    // The address has no password.
    let place = info.addr().to_string();
    let linked = Link::to(info).await;
    let (link, unreached) = linked.map_err(|error| BackendError::new(NAME, error).at(&place))?;
    Ok((
        link,
        unreached.map(|error| BackendError::from(error).at(&place)),
    ))
}
