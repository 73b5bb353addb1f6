use crate::{
    access::ApiScopes,
    authorization::decision_content::DecisionContent,
    client::Client,
    redirect_uri::{Destination, RedirectUri},
    registration::{Field, LocalizedText},
    types::{ClientId, LanguageTag, Timestamp},
};

/// The facts that a consent page has to show about a third-party client.
///
/// The client chose its name itself, and anyone can register. So show prominently that the client is not verified,
/// and where the code goes. The host writes the HTML: it has to escape every text here, and to send a header that
/// forbids framing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Consent<'a> {
    /// The client's identifier.
    pub client_id: &'a ClientId,
    /// The name that the client chose, at most [`Self::MAX_NAME_CHARS`] characters of it.
    pub client_name: Option<&'a str>,
    /// The names in other languages that the page shows. The client chose these, too.
    ///
    /// The list is empty until the host picks names by [`with_localized_names`](Self::with_localized_names).
    pub localized_names: Vec<LocalizedName<'a>>,
    /// How many other names in other languages the client has.
    pub names_left_out: usize,
    /// Whether somebody has verified the client's identity. This is always false.
    pub is_verified: bool,
    /// When the client registered, by the clock of the store. [`Registrar::store_time`](crate::Registrar::store_time)
    /// returns the current time of the same clock.
    pub registered_at: Timestamp,
    /// Where the code of this request goes.
    pub destination: Destination<'a>,
    /// All places where codes of this client may go, without duplicates.
    pub redirect_hosts: Vec<Destination<'a>>,
    /// Whether all of these places are on the user's own device. Then any program on the device can impersonate
    /// this client (RFC 8252 section 8.6).
    pub is_all_loopback: bool,
    /// The APIs and scopes that the client asks for.
    pub apis: Vec<ApiScopes<'a>>,
    /// Whether the client keeps access while the user is away. It then gets a refresh token, either because it asks
    /// for `offline_access` or because the tenant gives a refresh token to every client that registered for it.
    pub has_offline_access: bool,
    /// All names in other languages.
    registered_names: Vec<LocalizedName<'a>>,
}

/// The name of a client in one language (RFC 7591 section 2.2).
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
    /// A tenant's limit for names is lower by default, but a stored name may be older than this limit. The rest of
    /// a longer name is neither shown nor compared with protected names, so every character that is shown was
    /// compared.
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

    /// Adds names in other languages: the first `most` names for whose language `pick` returns `true`, in the order
    /// in which the client registered them.
    ///
    /// A client may have a hundred names. Only the names that are picked here are in the consent. With the feature
    /// `confusables`, only these are compared with protected names.
    #[must_use]
    pub fn with_localized_names(
        mut self,
        most: usize,
        mut pick: impl FnMut(&LanguageTag) -> bool,
    ) -> Self {
        let names = self.registered_names.iter().copied();
        let picked = names.filter(|name| pick(name.language)).take(most);
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
