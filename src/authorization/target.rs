//! The redirect URI of a response: the requested URI without the parameters that a response has.

use std::mem;

use crate::parameters::decoded;

/// The parameters of authorization responses (RFC 6749 sections 4.1.2 and 4.2.2, RFC 9207, OpenID
/// Connect Core section 3.3.2.5 and Session Management, JARM), except `state`.
const RESPONSE_PARAMETERS: [&str; 12] = [
    "access_token",
    "code",
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "id_token",
    "iss",
    "response",
    "scope",
    "session_state",
    "token_type",
];

/// Removes from the query of `uri` all parameters that a client could take for a part of the response. Otherwise
/// the client would find the parameter twice, and clients differ in which of the two they read. The rest of the
/// query stays byte for byte the same (RFC 6749 section 3.1.2).
///
/// If `keeps_state`, the first `state` in the URI stays: some clients register a URI with `state`, and send none in
/// the request.
pub(super) fn without_response_parameters(uri: &str, keeps_state: bool) -> String {
    let Some((before, query)) = uri.split_once('?') else {
        return uri.to_owned();
    };
    let mut may_keep_state = keeps_state;
    let stays = |pair: &&str| {
        let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
        match &*decoded(name) {
            "state" => mem::take(&mut may_keep_state),
            name => !RESPONSE_PARAMETERS.contains(&name),
        }
    };
    let remaining: Vec<&str> = query.split('&').filter(stays).collect();
    if remaining.is_empty() {
        return before.to_owned();
    }
    format!("{before}?{}", remaining.join("&"))
}

/// The text between `uri` and the first parameter that is added to its query. It avoids empty pairs.
pub(super) fn separator(uri: &str) -> &'static str {
    match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_parameters_are_removed_under_any_spelling() {
        for name in RESPONSE_PARAMETERS.into_iter().chain(["state"]) {
            let (first, rest) = name.split_at(1);
            let escaped = format!("%{:02x}{rest}", first.as_bytes()[0]);
            for pair in [
                name,
                &escaped,
                &format!("{name}="),
                &format!("{escaped}=a=b"),
            ] {
                let uri = format!("https://a.example/cb?x=1&{pair}&y");
                let left = without_response_parameters(&uri, false);
                assert_eq!(left, "https://a.example/cb?x=1&y", "{uri}");
            }
        }
    }

    #[test]
    fn other_pairs_stay_unchanged() {
        for query in [
            "",
            "&",
            "x=1&&y",
            "x=1&",
            "&x",
            "a=%7E+%2b~",
            "State=1",
            "sta+te=1",
            "+state=1",
            "%2573tate=1",
            "state%00=1",
            "x=state",
            "x=1?state=2",
            "code[]=1",
            "st%FFate",
        ] {
            let uri = format!("com.example.app:/cb?{query}");
            assert_eq!(without_response_parameters(&uri, false), uri);
        }
    }

    #[test]
    fn only_the_first_state_can_stay() {
        let uri = "https://a.example/cb?code=1&state=2&iss=3&st%61te=4&state";
        assert_eq!(
            without_response_parameters(uri, true),
            "https://a.example/cb?state=2"
        );
        assert_eq!(
            without_response_parameters(uri, false),
            "https://a.example/cb"
        );
    }

    #[test]
    fn no_empty_pair_is_added() {
        for (uri, extended) in [
            ("https://a.example/cb", "https://a.example/cb?code=c"),
            ("https://a.example/cb?", "https://a.example/cb?code=c"),
            (
                "https://a.example/cb?x=1",
                "https://a.example/cb?x=1&code=c",
            ),
            (
                "https://a.example/cb?x=1&",
                "https://a.example/cb?x=1&code=c",
            ),
            (
                "https://a.example/cb?x=1&state=2&",
                "https://a.example/cb?x=1&code=c",
            ),
            (
                "https://a.example/cb?state=2&x=1",
                "https://a.example/cb?x=1&code=c",
            ),
            (
                "https://a.example/cb?state=2",
                "https://a.example/cb?code=c",
            ),
            (
                "https://a.example/cb?state=2&",
                "https://a.example/cb?code=c",
            ),
            (
                "https://a.example/cb?x=1&&y",
                "https://a.example/cb?x=1&&y&code=c",
            ),
        ] {
            let left = without_response_parameters(uri, false);
            let separator = separator(&left);
            assert_eq!(format!("{left}{separator}code=c"), extended, "{uri}");
        }
    }
}
