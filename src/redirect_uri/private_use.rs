//! Which schemes can be private-use schemes (RFC 8252 section 7.1).

use crate::uri::is_dns_label;

/// Schemes that no policy can allow: a browser or an operating system gives them a meaning of its
/// own, and following one can run code, read a file or start a message.
pub(super) const NEVER: [&str; 43] = [
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
pub(super) const NEVER_FAMILIES: [&str; 13] = [
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
pub(super) const NEVER_DOTTED: [&str; 3] = ["ie.ftp", "ie.http", "ie.https"];

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
