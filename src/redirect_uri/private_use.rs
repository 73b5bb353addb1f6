//! The rules that decide which schemes can be private-use schemes (RFC 8252 section 7.1).

use crate::uri::is_dns_label;

/// Schemes that no policy can allow: a browser or an operating system handles them itself, and a URI
/// with such a scheme can run code, read a file or start a message.
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

/// Families of schemes that no policy can allow, by their prefix.
///
/// Those with a dot look like schemes in reverse-domain form, but they belong to the operating system: it
/// handles such a URI itself, so no client can receive it. A new release may add schemes to a family, so
/// the whole family is refused, not only the schemes that are known today.
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
    // Windows handles these classes of its registry like schemes: `explorer.assocprotocol.search-ms`,
    // `explorer.erasedisc`, `wmp11.assocprotocol.mms`. `com.microsoft.` is not listed, because the
    // company's applications use it, and they may be clients.
    "explorer.",
    "wmp11.",
    // Apple's systems: `x-apple.systempreferences`, `x-apple-reminder`; `com.apple.preferences`,
    // `com.apple.tv`. The parts of the systems use the company's reverse domain.
    "x-apple.",
    "x-apple-",
    "com.apple.",
    // Android: `android.resource`, and the system's packages, such as `com.android.settings`.
    "android.",
    "com.android.",
];

/// More classes of the Windows registry. `ie.` is not a family, because it begins the reverse domains of
/// Ireland.
pub(super) const NEVER_DOTTED: [&str; 3] = ["ie.ftp", "ie.http", "ie.https"];

/// Whether a browser or an operating system owns `scheme`, in any letter case.
pub(super) fn is_never_allowed(scheme: &str) -> bool {
    let belongs_to = |family: &&str| {
        let start = scheme.get(..family.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(family))
    };
    let mut names = NEVER.iter().chain(&NEVER_DOTTED);
    names.any(|name| scheme.eq_ignore_ascii_case(name)) || NEVER_FAMILIES.iter().any(belongs_to)
}

/// Whether `scheme` is a reversed domain name with at least one dot (RFC 8252 section 7.1).
pub(super) fn is_reverse_domain(scheme: &str) -> bool {
    scheme.contains('.') && scheme.split('.').all(is_dns_label)
}
