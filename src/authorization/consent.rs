use crate::{
    access::ApiScopes,
    authorization::decision_content::DecisionContent,
    client::Client,
    redirect_uri::{Destination, RedirectUri},
    registration::{Field, LocalizedText},
    types::{ClientId, LanguageTag, Timestamp},
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
    /// The name that the client gave itself, at most [`Self::MAX_NAME_CHARS`] characters of it.
    pub client_name: Option<&'a str>,
    /// The names in other languages that the page shows: those that the host picked by
    /// [`with_localized_names`](Self::with_localized_names), and none before. The client wrote
    /// those, too.
    pub localized_names: Vec<LocalizedName<'a>>,
    /// How many names in other languages the client has beside these.
    pub names_left_out: usize,
    /// Whether somebody has verified that the client is who its name says. Nobody ever has.
    pub is_verified: bool,
    /// When the client registered, by the clock of the store. [`Registrar::store_time`](crate::Registrar::store_time)
    /// is the time now by the same clock.
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
    /// Whether access goes on while the user is away: the client gets a refresh token, because it asks
    /// for `offline_access` or because the tenant gives one to every client that registered for it.
    pub has_offline_access: bool,
    /// All names in other languages.
    registered_names: Vec<LocalizedName<'a>>,
}

/// A client's name for the readers of one language (RFC 7591 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalizedName<'a> {
    /// The language.
    pub language: &'a LanguageTag,
    /// The name, at most [`Consent::MAX_NAME_CHARS`] characters of it.
    pub name: &'a str,
}

impl<'a> Consent<'a> {
    /// The most characters of a name that are shown.
    ///
    /// A tenant's limit for names is lower by default, but a stored name may be older than that limit.
    /// What is cut off here is neither shown nor compared with protected names, so nothing is shown
    /// that was not compared.
    pub const MAX_NAME_CHARS: usize = 512;

    pub(super) fn new(content: &'a DecisionContent, client: &'a Client) -> Self {
        let texts = client.metadata().texts().iter();
        let registered_names: Vec<_> = texts.filter_map(localized_name).collect();
        let registered = client.metadata().redirect_uris();
        let mut redirect_hosts = Vec::new();
        for destination in registered.iter().map(RedirectUri::destination) {
            if !redirect_hosts.contains(&destination) {
                redirect_hosts.push(destination);
            }
        }
        Self {
            client_id: client.id(),
            client_name: client.metadata().client_name().map(shown_part),
            localized_names: Vec::new(),
            names_left_out: registered_names.len(),
            is_verified: false,
            registered_at: client.issued_at(),
            destination: content.redirect_uri.destination(),
            redirect_hosts,
            is_all_loopback: registered.iter().all(RedirectUri::is_loopback),
            apis: content.access.by_api(),
            has_offline_access: content.access.has_offline_access(),
            registered_names,
        }
    }

    /// The same, with names in other languages to show: the first `most` of those for whose language
    /// `pick` returns `true`, in the order in which the client registered them.
    ///
    /// A client may have a hundred names. Only those picked here are in the consent, and with the
    /// feature `confusables` only those are compared with protected names.
    #[must_use]
    pub fn with_localized_names(
        mut self,
        most: usize,
        mut pick: impl FnMut(&LanguageTag) -> bool,
    ) -> Self {
        let names = self.registered_names.iter().copied();
        let picked = names.filter(|it| pick(it.language)).take(most);
        self.localized_names = picked.collect();
        let shown = self.localized_names.len();
        self.names_left_out = self.registered_names.len().saturating_sub(shown);
        self
    }
}

fn localized_name(text: &LocalizedText) -> Option<LocalizedName<'_>> {
    if text.field() != Field::ClientName {
        return None;
    }
    text.language().map(|language| LocalizedName {
        language,
        name: shown_part(text.value()),
    })
}

/// The start of `name`, at most [`Consent::MAX_NAME_CHARS`] characters.
pub(super) fn shown_part(name: &str) -> &str {
    match name.char_indices().nth(Consent::MAX_NAME_CHARS) {
        Some((end, _)) => name.get(..end).unwrap_or(name),
        None => name,
    }
}
