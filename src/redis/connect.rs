use redis::{ConnectionInfo, IntoConnectionInfo as _, RedisResult};

use crate::{
    backend_error::BackendError,
    redis::{
        link::Link,
        unanswered::{NAME, Unanswered},
    },
};

/// A way to Redis, and why Redis is not reached yet.
pub(super) type Connected = (Link, Option<BackendError>);

pub(super) async fn to_server(url: &str) -> Result<Connected, BackendError> {
    let info = parse(url)?;
    // The address has no password.
    let place = info.addr().to_string();
    placed(Link::to(info).await, &place)
}

pub(super) async fn to_cluster<Url: AsRef<str>>(
    urls: impl IntoIterator<Item = Url>,
) -> Result<Connected, BackendError> {
    let seeds = urls.into_iter().map(|url| parse(url.as_ref()));
    let seeds = seeds.collect::<Result<Vec<_>, _>>()?;
    let places: Vec<_> = seeds.iter().map(|info| info.addr().to_string()).collect();
    placed(Link::to_cluster(seeds).await, &places.join(", "))
}

fn parse(url: &str) -> Result<ConnectionInfo, BackendError> {
    let info = url.into_connection_info();
    info.map_err(|error| BackendError::new(NAME, error))
}

fn placed(
    linked: RedisResult<(Link, Option<Unanswered>)>,
    place: &str,
) -> Result<Connected, BackendError> {
    match linked {
        Ok((link, unreached)) => {
            let unreached = unreached.map(|error| BackendError::from(error).at(place));
            Ok((link, unreached))
        }
        Err(error) => Err(BackendError::new(NAME, error).at(place)),
    }
}
