//! The hops that the lines of a forwarding header list, from the right.
//!
//! Several parties write the bytes of these lines. The lines are split from the right before anything is
//! decoded, so the text of a client on the left cannot change how the text of a trusted proxy on the right
//! is read.

use std::net::IpAddr;

use crate::acl::hop_address::address;

/// The addresses in lines of `X-Forwarded-For`, from the last to the first. `None` stands for a value that
/// can't be read.
pub(super) fn of_x_forwarded_for<'l>(
    lines: impl DoubleEndedIterator<Item = &'l [u8]>,
) -> impl Iterator<Item = Option<IpAddr>> {
    let values = lines
        .rev()
        .flat_map(|line| line.rsplit(|byte| *byte == b','));
    values.map(|value| address(unquoted(trimmed(value))))
}

/// The addresses in lines of `Forwarded`, from the last to the first. `None` stands for an element that
/// can't be read.
pub(super) fn of_forwarded<'l>(
    lines: impl DoubleEndedIterator<Item = &'l [u8]>,
) -> impl Iterator<Item = Option<IpAddr>> {
    let elements = lines
        .rev()
        .flat_map(|line| rsplit_outside_quotes(line, b','));
    elements.map(element_address)
}

/// Splits `text` from the right at each `separator` that is not inside a quoted string.
///
/// Quotes are paired from the right, where the nearest proxy writes. So an open quote of a client on the left
/// does not affect the text of the proxy.
fn rsplit_outside_quotes(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut quoted = false;
        for (at, &byte) in text.iter().enumerate().rev() {
            quoted ^= byte == b'"' && !is_escaped(text, at);
            if byte == separator && !quoted {
                rest = text.get(..at);
                return text.get(at.saturating_add(1)..);
            }
        }
        rest.take()
    })
}

/// Whether the byte at index `at` follows an odd number of backslashes (RFC 9110 section 5.6.4). A quote that
/// a proxy escaped, such as a quote in the client's `Host`, does not end the string.
fn is_escaped(text: &[u8], at: usize) -> bool {
    let before = text.iter().take(at).rev();
    before.take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The address in the `for` parameter of a `Forwarded` element (RFC 7239 section 4). The result is `None` if
/// the element is malformed, or does not have exactly one `for` parameter.
fn element_address(element: &[u8]) -> Option<IpAddr> {
    let mut node = None;
    let mut rest = without_separators(element);
    while !rest.is_empty() {
        let (name, value, after) = parameter(rest)?;
        if name.eq_ignore_ascii_case(b"for") && node.replace(value).is_some() {
            return None;
        }
        rest = without_separators(after);
    }
    address(node?)
}

/// The parameter at the start of `text`: its name, its value without quotes, and the text after it.
fn parameter(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let name = trimmed(text.get(..equals)?);
    let text = text.get(equals.saturating_add(1)..)?.trim_ascii_start();
    let (value, after) = if let Some(quoted) = text.strip_prefix(b"\"") {
        let is_quote = |at: &usize| quoted.get(*at) == Some(&b'"') && !is_escaped(quoted, *at);
        let end = (0..quoted.len()).find(is_quote)?;
        (quoted.get(..end)?, quoted.get(end.saturating_add(1)..)?)
    } else {
        let end = text.iter().position(|byte| *byte == b';');
        let (value, after) = text.split_at_checked(end.unwrap_or(text.len()))?;
        let value = trimmed(value);
        // More characters than in a token are allowed, because proxies omit the quotes around addresses and
        // hosts with a port. A quote or a backslash could be the end of a string that began further left.
        let is_plain = |byte: &u8| byte.is_ascii_graphic() && !b"\"\\".contains(byte);
        if !value.iter().all(is_plain) {
            return None;
        }
        (value, after)
    };
    let after = after.trim_ascii_start();
    let ends = after.is_empty() || after.starts_with(b";");
    (is_token(name) && ends).then_some((name, value, after))
}

/// Removes semicolons and spaces from the start of `text`, because there may be empty parameters.
fn without_separators(text: &[u8]) -> &[u8] {
    let begin = text
        .iter()
        .position(|&byte| byte != b';' && !is_space(byte));
    begin
        .and_then(|begin| text.get(begin..))
        .unwrap_or_default()
}

/// Whether `text` is a token (RFC 9110 section 5.6.2).
fn is_token(text: &[u8]) -> bool {
    let is_legal = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_legal)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Removes the white space around a value (RFC 9110 section 5.6.3).
pub(crate) fn trimmed(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_space(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_space(*last)
    {
        text = rest;
    }
    text
}

fn unquoted(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inner @ .., b'"'] => inner,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_read_as_a_whole() {
        let read =
            |element: &str| element_address(element.as_bytes()).map(|address| address.to_string());
        for element in [
            "for=203.0.113.5",
            "For=\"203.0.113.5:80\";proto=https",
            "proto=http; FOR = \"203.0.113.5\" ;by=10.0.0.1",
            ";;for=203.0.113.5;",
            "host=\"a,b;for=10.0.0.2\";for=203.0.113.5",
            "host=\"a\\\";for=10.0.0.2\";for=203.0.113.5",
            "for=203.0.113.5:80",
        ] {
            assert_eq!(read(element).as_deref(), Some("203.0.113.5"), "{element}");
        }
        for element in [
            "",
            "203.0.113.5",
            "proto=https",
            "for=unknown",
            "for=",
            "for=203.0.113.5;for=203.0.113.5",
            "for=\"203.0.113.5",
            "for=203.0.113.5\"",
            "for=\"203.0.113.5\"x",
            "for=203.0.113.5;x",
            "x=\", for=203.0.113.5;host=a\"b;for=203.0.113.5",
            "=1;for=203.0.113.5",
            "a b=1;for=203.0.113.5",
            "for=203.0.113.5;x=a b",
            "for=203.0.113.5;x=\\\"",
            "for=203.0.113.5;x=a\"b",
            "for=203.0.113.5;x=\u{e4}",
        ] {
            assert_eq!(read(element), None, "{element}");
        }
    }
}
