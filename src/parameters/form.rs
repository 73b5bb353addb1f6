//! The parser of `application/x-www-form-urlencoded` by the URL Standard (section 5.1).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The pairs of an encoded text, in order.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

/// Decodes a name or value.
///
/// The buffer is large enough from the start. If it had to grow, copies of a secret would stay in memory
/// without being overwritten.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    for (at, part) in text.split('+').enumerate() {
        if at > 0 {
            bytes.push(b' ');
        }
        bytes.extend(percent_decode_str(part));
    }
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Cow::Owned(String::from_utf8(bytes).unwrap_or_else(|error| lossy(error.as_bytes())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::form_urlencoded;

    use super::*;

    fn assert_same_as_library(text: &str) {
        let parsed: Vec<_> = pairs(text).collect();
        let by_library: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
        assert_eq!(parsed, by_library, "{text:?}");
    }

    #[test]
    fn unusual_texts_are_read_by_the_url_standard() {
        for text in [
            "",
            "&",
            "=",
            "&&a&=b&c=",
            "a=b=c",
            "a+b=%2B+%20+",
            "%",
            "%+1=%2",
            "%zz=%2+0",
            "+",
            "a=%E2%82%AC",
            "a=%FF%FE",
            "%26=%3D",
            "a=\u{e9}+%C3",
            "%EF%BB%BFa=1",
        ] {
            assert_same_as_library(text);
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_as_by_the_library(text in "([a-f0-9&=+%é]|%[0-9a-fA-F]{2}){0,40}") {
            assert_same_as_library(&text);
        }
    }

    #[test]
    fn a_decoded_value_never_outgrows_its_buffer() {
        for text in ["%41%42+c", "%", "+", "a%2Fb%2Fc%2Fd%2Fe%2Ff"] {
            let Cow::Owned(value) = decoded(text) else {
                panic!("it is decoded");
            };
            assert_eq!(value.capacity(), text.len());
        }
        assert!(matches!(decoded("abc"), Cow::Borrowed("abc")));
    }
}
