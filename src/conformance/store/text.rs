//! Shortens long values for messages.

use std::fmt::{Display, Write as _};

/// The largest number of characters of a value in a message, and of entries of a list.
const MAX_CHARACTERS: usize = 200;
const MAX_ENTRIES: usize = 10;

/// Shortens a long text to its first characters.
pub(super) fn cut(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(MAX_CHARACTERS) else {
        return text.to_owned();
    };
    let more = text.chars().count().saturating_sub(MAX_CHARACTERS);
    let (start, _) = text.split_at(end);
    format!("{start}… and {more} more characters")
}

/// Shows the first entries of a list.
pub(super) fn listed<T: Display>(entries: impl ExactSizeIterator<Item = T>) -> String {
    let more = entries.len().saturating_sub(MAX_ENTRIES);
    let mut text = String::from("[");
    for (index, entry) in entries.take(MAX_ENTRIES).enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        // Writing to a `String` does not fail.
        let _written = write!(text, "{separator}{entry}");
    }
    if more > 0 {
        let _written = write!(text, " and {more} more");
    }
    text + "]"
}

/// Shows the first difference of two lists.
pub(super) fn difference<T: Display + PartialEq>(seen: &[T], expected: &[T]) -> String {
    let lengths = format!("{} entries instead of {}", seen.len(), expected.len());
    let index = seen
        .iter()
        .zip(expected)
        .take_while(|(a, b)| a == b)
        .count();
    let entry = |list: &[T]| {
        let entry = list.get(index);
        entry.map_or_else(|| "nothing".to_owned(), |entry| cut(&entry.to_string()))
    };
    format!(
        "{lengths}; entry {} is {}",
        index + 1,
        instead(&entry(seen), &entry(expected))
    )
}

/// Shows the seen and the expected value. Both texts may be the same.
pub(super) fn instead(seen: &str, expected: &str) -> String {
    if seen == expected {
        return format!("{seen}, which differs in a field that is not shown");
    }
    format!("{seen} instead of {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(cut("a short text"), "a short text");
        let expected = format!("{}… and 3 more characters", "ä".repeat(200));
        assert_eq!(cut(&"ä".repeat(203)), expected);
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(listed([1, 2].into_iter()), "[1, 2]");
        let numbers: Vec<u32> = (1..=13).collect();
        let expected = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 3 more]";
        assert_eq!(listed(numbers.iter()), expected);
    }

    #[test]
    fn the_first_difference_is_named() {
        let expected = "2 entries instead of 3; entry 2 is c instead of b";
        assert_eq!(difference(&["a", "c"], &["a", "b", "c"]), expected);
        let expected = "1 entries instead of 2; entry 2 is nothing instead of b";
        assert_eq!(difference(&["a"], &["a", "b"]), expected);
    }

    #[test]
    fn hidden_differences_are_mentioned() {
        let expected = "a, which differs in a field that is not shown";
        assert_eq!(instead("a", "a"), expected);
    }
}
