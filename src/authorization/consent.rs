use crate::{
    access::ApiScopes,
    authorization::AuthorizationDecision,
    client::Client,
    registration::{Field, LocalizedText},
    values::{ClientId, Destination, RedirectUri, Timestamp},
};

/// What a consent page has to show of a third-party client.
///
/// The client wrote its name itself, and anyone can register: show prominently that it is not
/// verified and where the code goes. Every text here is to be escaped for where it is shown: HTML is
/// the host's, as is a header against framing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Consent<'a> {
    /// The client's identifier.
    pub client_id: &'a ClientId,
    /// The name that the client gave itself.
    pub client_name: Option<&'a str>,
    /// The same in other languages. The client wrote those, too.
    pub localized_names: Vec<&'a LocalizedText>,
    /// A name that the host protects, and that one of these looks like. `None` unless the host asks,
    /// with the feature `confusables`.
    pub resembles: Option<&'a str>,
    /// Whether somebody has verified that the client is who its name says. Nobody ever has.
    pub is_verified: bool,
    /// When the client registered.
    pub registered_at: Timestamp,
    /// Where the code of this request goes.
    pub destination: Destination<'a>,
    /// Where codes of this client may go, each place once.
    pub redirect_hosts: Vec<Destination<'a>>,
    /// Whether all of those are the user's own device: then any program that runs there can pass for
    /// this client (RFC 8252 section 8.6).
    pub is_all_loopback: bool,
    /// What is asked for, API by API.
    pub apis: Vec<ApiScopes<'a>>,
    /// Whether access goes on while the user is away: a refresh token is asked for.
    pub has_offline_access: bool,
}

impl<'a> Consent<'a> {
    pub(super) fn new(decision: &'a AuthorizationDecision, client: &'a Client) -> Self {
        let is_name =
            |text: &&LocalizedText| text.field() == Field::ClientName && text.language().is_some();
        let registered = client.metadata().redirect_uris();
        let mut redirect_hosts = Vec::new();
        for destination in registered.iter().map(RedirectUri::destination) {
            if !redirect_hosts.contains(&destination) {
                redirect_hosts.push(destination);
            }
        }
        Self {
            client_id: client.id(),
            client_name: client.metadata().client_name(),
            localized_names: client.metadata().texts().iter().filter(is_name).collect(),
            resembles: None,
            is_verified: false,
            registered_at: client.issued_at(),
            destination: decision.redirect_uri().destination(),
            redirect_hosts,
            is_all_loopback: registered.iter().all(RedirectUri::is_loopback),
            apis: decision.access().by_api(),
            has_offline_access: decision.access().has_offline_access(),
        }
    }
}
