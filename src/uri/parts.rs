use crate::uri::{
    authority::Authority,
    fault::UriFault,
    grammar::{check_bytes, is_scheme},
};

/// A URI, split by RFC 3986. Every part is a slice of the text.
pub(crate) struct UriParts<'a> {
    /// The whole URI, as written.
    pub(super) text: &'a str,
    pub(crate) scheme: &'a str,
    /// `None` without `//`. Everything after the scheme is path then.
    pub(crate) authority: Option<Authority<'a>>,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    /// Whether there is a fragment, even an empty one.
    pub(crate) has_fragment: bool,
}

impl<'a> UriParts<'a> {
    /// Splits `text`, and refuses it if it breaks the grammar of a URI without userinfo.
    pub(crate) fn read(text: &'a str) -> Result<Self, UriFault> {
        check_bytes(text)?;
        let (scheme, rest) = text.split_once(':').ok_or(UriFault::NotAbsolute)?;
        if !is_scheme(scheme) {
            return Err(UriFault::NotAbsolute);
        }
        let (rest, fragment) = match rest.split_once('#') {
            Some((before, fragment)) => (before, Some(fragment)),
            None => (rest, None),
        };
        let (hierarchy, query) = match rest.split_once('?') {
            Some((hierarchy, query)) => (hierarchy, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = match hierarchy.strip_prefix("//") {
            Some(after) => {
                let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
                (Some(Authority::read(authority)?), path)
            }
            None => (None, hierarchy),
        };
        // Brackets are legal only around an IPv6 literal, and `#` only at the start of the fragment.
        let parts = [
            path,
            query.unwrap_or_default(),
            fragment.unwrap_or_default(),
        ];
        if parts.iter().any(|part| part.contains(['[', ']', '#'])) {
            return Err(UriFault::Character);
        }
        Ok(Self {
            text,
            scheme,
            authority,
            path,
            query,
            has_fragment: fragment.is_some(),
        })
    }

    /// Whether the scheme is https, in any letter case.
    pub(crate) const fn is_https(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("https")
    }

    /// Whether the scheme is http, in any letter case.
    pub(crate) const fn is_http(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("http")
    }

    /// Whether a segment of the path is `.` or `..`. Percent-encoded dots and slashes count too, because a
    /// server may decode the path before it routes.
    pub(crate) fn has_dot_segment(&self) -> bool {
        if !self.path.contains('%') {
            return self
                .path
                .split('/')
                .any(|segment| matches!(segment, "." | ".."));
        }
        let path = self.path.to_ascii_lowercase();
        let plain = path
            .replace("%2e", ".")
            .replace("%2f", "/")
            .replace("%5c", "/");
        plain
            .split('/')
            .any(|segment| matches!(segment, "." | ".."))
    }
}
