//! The initial access token of a request (RFC 7591 section 3, RFC 6750 section 2.1).

use http::{HeaderMap, header::AUTHORIZATION};

use crate::engine::InitialAccessToken;

/// Reads the token in the `Authorization` header, which must occur only once.
pub(super) fn initial_access_token(headers: &HeaderMap) -> InitialAccessToken<'_> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => InitialAccessToken::Absent,
        (Some(only), None) => only
            .to_str()
            .ok()
            .and_then(token)
            .map_or(InitialAccessToken::Unusable, InitialAccessToken::Presented),
        (Some(_), Some(_)) => InitialAccessToken::Unusable,
    }
}

/// The `b64token` after `Bearer`. The letter case of `Bearer` does not matter.
fn token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_matches(' ');
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let is_bearer = scheme.eq_ignore_ascii_case("Bearer");
    (is_bearer && !token.is_empty() && token.bytes().all(is_token)).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        match initial_access_token(&headers) {
            InitialAccessToken::Absent => "absent".to_owned(),
            InitialAccessToken::Presented(token) => token.to_owned(),
            InitialAccessToken::Unusable => "unusable".to_owned(),
        }
    }

    #[test]
    fn one_header_with_one_token_is_usable() {
        assert_eq!(of(&[]), "absent");
        for value in [
            "Bearer abc.DEF-1~2+3/4==",
            "bearer  abc.DEF-1~2+3/4==",
            "BEARER abc.DEF-1~2+3/4== ",
        ] {
            assert_eq!(of(&[value]), "abc.DEF-1~2+3/4==", "{value}");
        }
        for value in [
            "Bearer",
            "Bearer ",
            "Basic abc",
            "Bearer a b",
            "Bearer \"a\"",
            "abc",
        ] {
            assert_eq!(of(&[value]), "unusable", "{value}");
        }
        assert_eq!(of(&["Bearer a", "Bearer a"]), "unusable");
    }
}
