use std::fmt;

use serde::{Deserialize, Serialize};

use crate::uri::{is_dns_label, is_scheme};

/// Schemes that no policy can allow: a browser or an operating system gives them a meaning of its
/// own, and following one can run code, read a file or start a message.
const NEVER: [&str; 43] = [
    "about",
    "blob",
    "chrome",
    "content",
    "data",
    "dav",
    "devtools",
    "edge",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "gopher",
    "http",
    "https",
    "intent",
    "jar",
    "javascript",
    "ldap",
    "ldaps",
    "livescript",
    "mailto",
    "mhtml",
    "mk",
    "mocha",
    "nfs",
    "opera",
    "res",
    "resource",
    "search-ms",
    "sftp",
    "shell",
    "smb",
    "sms",
    "ssh",
    "tel",
    "telnet",
    "urn",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// Families of such schemes, by how they begin.
///
/// With a dot they look like schemes in reverse-domain form, yet the operating system owns them: it
/// hands such a URI to a part of itself, which no client can be, and a new release may add others to a
/// family. So the family is refused, not only the members that are known today.
const NEVER_FAMILIES: [&str; 13] = [
    // Browsers.
    "chrome-",
    "edge-",
    "moz-",
    // Windows: `ms-settings`, `ms-msdt`; `microsoft.windows.camera`, `microsoft.windows.photos.crop`,
    // `microsoft.workfolders`; `windows.tbauth`, `windows.gadget`.
    "ms-",
    "microsoft.",
    "windows.",
    // Windows starts these classes of its registry like schemes: `explorer.assocprotocol.search-ms`,
    // `explorer.erasedisc`, `wmp11.assocprotocol.mms`. `com.microsoft.` is not here: that is the
    // company's name for its applications, which may be clients.
    "explorer.",
    "wmp11.",
    // Apple's systems: `x-apple.systempreferences`, `x-apple-reminder`; `com.apple.preferences`,
    // `com.apple.tv`. Its reverse domain names the parts of its systems.
    "x-apple.",
    "x-apple-",
    "com.apple.",
    // Android: `android.resource`; the packages of the system, such as `com.android.settings`.
    "android.",
    "com.android.",
];

/// Classes of the registry of Windows again. `ie.` as a whole is the reverse domain of Ireland.
const NEVER_DOTTED: [&str; 3] = ["ie.ftp", "ie.http", "ie.https"];

/// Whether a browser or an operating system owns `scheme`, in any letter case.
pub(super) fn is_never_allowed(scheme: &str) -> bool {
    let begins = |family: &&str| {
        let start = scheme.get(..family.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(family))
    };
    let mut names = NEVER.iter().chain(&NEVER_DOTTED);
    names.any(|name| scheme.eq_ignore_ascii_case(name)) || NEVER_FAMILIES.iter().any(begins)
}

/// Whether `scheme` is a domain name reversed (RFC 8252 section 7.1). It has a dot at least.
pub(super) fn is_reverse_domain(scheme: &str) -> bool {
    scheme.contains('.') && scheme.split('.').all(is_dns_label)
}

/// A private-use scheme that a policy lists, such as `cursor` or `com.example.app`.
///
/// A scheme without a dot can be registered only where the policy lists it. A scheme in reverse-domain
/// form needs to be listed only for clients that register as `web`. `javascript`, `data`, `file`, `http`
/// and other schemes with a meaning of their own can't be listed, nor can the schemes of an operating
/// system, such as `x-apple.systempreferences`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowedScheme(Box<str>);

/// A text is not a scheme that a policy can allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScheme {
    /// It is not a scheme of RFC 3986 section 3.1, or it has a dot and is not in reverse-domain form
    /// (RFC 8252 section 7.1).
    #[error(
        "this is not a scheme that can be listed: write its name without the colon, such as \"cursor\", or \
         one in reverse-domain form, such as \"com.example.app\""
    )]
    Malformed,
    /// Following such a URI can run code, read a file or start a message.
    #[error(
        "this scheme can never be used in a redirect URI: remove it; https and http need not be listed"
    )]
    NeverAllowed,
}

impl AllowedScheme {
    /// The scheme that `text` names, without the colon; letter case does not matter.
    ///
    /// # Errors
    /// [`InvalidScheme`] says whether it is malformed or one that is never allowed.
    pub fn parse(text: &str) -> Result<Self, InvalidScheme> {
        if is_never_allowed(text) {
            return Err(InvalidScheme::NeverAllowed);
        }
        let has_right_form = !text.contains('.') || is_reverse_domain(text);
        if !is_scheme(text) || !has_right_form {
            return Err(InvalidScheme::Malformed);
        }
        Ok(Self(text.to_ascii_lowercase().into_boxed_str()))
    }

    /// The scheme in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AllowedScheme {
    type Error = InvalidScheme;

    fn try_from(text: String) -> Result<Self, InvalidScheme> {
        Self::parse(&text)
    }
}

impl From<AllowedScheme> for String {
    fn from(scheme: AllowedScheme) -> Self {
        scheme.0.into_string()
    }
}

impl fmt::Display for AllowedScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which redirect URIs a client may register, and how freely a loopback port may differ later.
///
/// ```
/// use oauth_dcr::redirect_uri::{AllowedScheme, RedirectPolicy, RedirectUri};
///
/// let mut policy = RedirectPolicy::default();
/// assert!(RedirectUri::parse("cursor://anysphere.cursor-mcp/cb", &policy).is_err());
///
/// policy.schemes.push(AllowedScheme::parse("cursor")?);
/// assert!(RedirectUri::parse("cursor://anysphere.cursor-mcp/cb", &policy).is_ok());
/// # Ok::<(), oauth_dcr::redirect_uri::InvalidScheme>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RedirectPolicy {
    /// The most redirect URIs in one registration, duplicates counted. Default 32.
    pub max: usize,
    /// The longest redirect URI, in bytes. Default 2048.
    pub max_bytes: usize,
    /// Private-use schemes that are allowed although they have no dot, or although the client registers
    /// as `web`. Default none.
    pub schemes: Vec<AllowedScheme>,
    /// Whether https hosts of one label, such as `https://intranet/`, are allowed; `localhost`
    /// always is. Default `false`.
    pub single_label_hosts: bool,
    /// Whether the port of `http://127.0.0.1` and `http://[::1]` may differ from the registered
    /// one (RFC 8252 section 7.3). Default `true`.
    pub loopback_any_port: bool,
    /// Whether the same holds for `http://localhost`. Default `false`.
    pub localhost_any_port: bool,
}

impl Default for RedirectPolicy {
    fn default() -> Self {
        Self {
            max: 32,
            max_bytes: 2048,
            schemes: Vec::new(),
            single_label_hosts: false,
            loopback_any_port: true,
            localhost_any_port: false,
        }
    }
}

impl RedirectPolicy {
    /// What hosts of native agents need: the port of `localhost` may differ too, and the schemes
    /// `cursor`, `vscode`, `vscode-insiders` and `windsurf` are allowed.
    ///
    /// Such a scheme can be claimed by any program on the user's device, and `localhost` can be
    /// bound by another user of it: PKCE is what keeps the code useless to them.
    pub fn native_agents() -> Self {
        let schemes = ["cursor", "vscode", "vscode-insiders", "windsurf"];
        Self {
            schemes: schemes.map(|scheme| AllowedScheme(scheme.into())).into(),
            localhost_any_port: true,
            ..Self::default()
        }
    }

    /// Whether the port of http to the loopback host `host` may differ from the registered one.
    pub(crate) fn lets_port_differ(&self, host: &str) -> bool {
        if host == "localhost" {
            self.localhost_any_port
        } else {
            self.loopback_any_port
        }
    }

    /// Whether the policy lists `scheme`, in any letter case.
    pub(crate) fn lists(&self, scheme: &str) -> bool {
        let is_listed = |listed: &AllowedScheme| listed.as_str().eq_ignore_ascii_case(scheme);
        self.schemes.iter().any(is_listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_policy_can_allow_a_dangerous_scheme() {
        let families = NEVER_FAMILIES.map(|family| format!("{family}x"));
        let listed = NEVER.into_iter().chain(NEVER_DOTTED).map(String::from);
        for scheme in listed.chain(families) {
            assert_eq!(
                AllowedScheme::parse(&scheme),
                Err(InvalidScheme::NeverAllowed)
            );
            let shouted = scheme.to_ascii_uppercase();
            assert_eq!(
                AllowedScheme::parse(&shouted),
                Err(InvalidScheme::NeverAllowed)
            );
        }
        for text in [
            "",
            "cursor:",
            "1st",
            "a b",
            "é",
            "a_b",
            "a..b",
            ".a",
            "a.",
            "com.-a",
            "com.a-",
            "1com.a",
            "com.a+b",
            "com.example.app:",
            "com.é",
        ] {
            assert_eq!(
                AllowedScheme::parse(text),
                Err(InvalidScheme::Malformed),
                "{text}"
            );
        }
        let json = r#"{"schemes": ["javascript"]}"#;
        assert!(serde_json::from_str::<RedirectPolicy>(json).is_err());
    }

    #[test]
    fn a_scheme_is_listed_with_or_without_dots() {
        for scheme in [
            "cursor",
            "web+app",
            "my-app",
            "com.example.app",
            "com.example.my-app",
        ] {
            let shouted = AllowedScheme::parse(&scheme.to_ascii_uppercase()).unwrap();
            assert_eq!(shouted.as_str(), scheme);
        }
    }

    #[test]
    fn the_preset_holds_schemes_that_could_be_listed_by_hand() {
        for scheme in RedirectPolicy::native_agents().schemes {
            assert_eq!(AllowedScheme::parse(scheme.as_str()), Ok(scheme));
        }
    }
}
