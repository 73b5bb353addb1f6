use redis::IntoConnectionInfo as _;

use crate::{
    backend_error::BackendError,
    redis::{link::Link, unanswered::NAME},
};

/// A connection to Redis, and the reason if Redis can't be reached yet.
pub(super) type Connected = (Link, Option<BackendError>);

pub(super) async fn to_server(url: &str) -> Result<Connected, BackendError> {
    let info = url.into_connection_info();
    let info = info.map_err(|error| BackendError::new(NAME, error))?;
    // The address does not contain the password.
    let place = info.addr().to_string();
    let linked = Link::to(info).await;
    let (link, unreached) = linked.map_err(|error| BackendError::new(NAME, error).at(&place))?;
    Ok((
        link,
        unreached.map(|error| BackendError::from(error).at(&place)),
    ))
}
