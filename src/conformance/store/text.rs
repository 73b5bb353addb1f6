//! Short texts about long values.

use std::fmt::{Display, Write as _};

/// The most characters of a value in a message, and the most entries of a list.
const MOST_CHARACTERS: usize = 200;
const MOST_ENTRIES: usize = 10;

/// The beginning of a long text.
pub(super) fn cut(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(MOST_CHARACTERS) else {
        return text.to_owned();
    };
    let more = text.chars().count().saturating_sub(MOST_CHARACTERS);
    let (start, _) = text.split_at(end);
    format!("{start}… and {more} more characters")
}

/// The first entries of a list.
pub(super) fn listed<T: Display>(entries: impl ExactSizeIterator<Item = T>) -> String {
    let more = entries.len().saturating_sub(MOST_ENTRIES);
    let mut text = String::from("[");
    for (place, entry) in entries.take(MOST_ENTRIES).enumerate() {
        let separator = if place == 0 { "" } else { ", " };
        // Writing to a `String` does not fail.
        let _written = write!(text, "{separator}{entry}");
    }
    if more > 0 {
        let _written = write!(text, " and {more} more");
    }
    text + "]"
}

/// Where two lists differ first.
pub(super) fn difference<T: Display + PartialEq>(seen: &[T], expected: &[T]) -> String {
    let lengths = format!("{} entries instead of {}", seen.len(), expected.len());
    let place = seen
        .iter()
        .zip(expected)
        .take_while(|(a, b)| a == b)
        .count();
    let entry = |list: &[T]| {
        let entry = list.get(place);
        entry.map_or_else(|| "nothing".to_owned(), |it| cut(&it.to_string()))
    };
    let (is, should) = (entry(seen), entry(expected));
    format!(
        "{lengths}; number {} is {}",
        place + 1,
        instead(&is, &should)
    )
}

/// What is seen and what is expected, which may look the same.
pub(super) fn instead(seen: &str, expected: &str) -> String {
    if seen == expected {
        return format!("{seen} with another value of a field that is not shown");
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
        let expected = "2 entries instead of 3; number 2 is c instead of b";
        assert_eq!(difference(&["a", "c"], &["a", "b", "c"]), expected);
        let expected = "1 entries instead of 2; number 2 is nothing instead of b";
        assert_eq!(difference(&["a"], &["a", "b"]), expected);
    }

    #[test]
    fn hidden_differences_are_told() {
        let expected = "a with another value of a field that is not shown";
        assert_eq!(instead("a", "a"), expected);
    }
}
