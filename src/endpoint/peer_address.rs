use std::net::IpAddr;

/// The address that a connection comes from. The server puts it into the extensions of each request.
///
/// ```
/// use oauth_dcr::PeerAddress;
///
/// let mut request = http::Request::post("/oidc/register").body(())?;
/// request.extensions_mut().insert(PeerAddress("203.0.113.5".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);
