//! The parts of a documentation page that its tests use.

use std::collections::BTreeMap;

use syn::Path;

/// A page, split at its code blocks.
#[derive(Debug, Default)]
pub(super) struct Markdown {
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Prose(String),
    Code { language: String, text: String },
}

impl Markdown {
    pub(super) fn new(page: &str) -> Self {
        let mut parts = Vec::new();
        let mut prose = String::new();
        let mut lines = page.lines();
        while let Some(line) = lines.next() {
            let Some(language) = line.trim_start().strip_prefix("```") else {
                prose = prose + line + "\n";
                continue;
            };
            parts.push(Part::Prose(std::mem::take(&mut prose)));
            let inside = lines.by_ref().take_while(|it| it.trim_start() != "```");
            parts.push(Part::Code {
                language: language.to_owned(),
                text: inside.collect::<Vec<_>>().join("\n"),
            });
        }
        parts.push(Part::Prose(prose));
        Self { parts }
    }

    /// The opening paragraph, on one line; empty if the page starts with something else.
    pub(super) fn opening(&self) -> Option<String> {
        let Part::Prose(prose) = self.parts.first()? else {
            return None;
        };
        let lines = prose.trim_start().lines();
        let lines: Vec<_> = lines.take_while(|it| !it.trim().is_empty()).collect();
        let opening = lines.join(" ");
        let is_prose = opening.starts_with(|it: char| !"#|>-*".contains(it));
        is_prose.then_some(opening)
    }
}

impl Part {
    /// Whether the block is Rust that rustdoc compiles.
    pub(super) fn is_compiled(&self) -> bool {
        let Self::Code { language, .. } = self else {
            return false;
        };
        let is_compiled = |word: &str| {
            let known = ["", "rust", "no_run", "should_panic"];
            known.contains(&word) || word.starts_with("edition20")
        };
        language.split(',').all(|word| is_compiled(word.trim()))
    }
}

/// How many sentences a paragraph has; zero if the last sentence has no end.
pub(super) fn sentences(paragraph: &str) -> Option<usize> {
    let is_end = |word: &str| word.ends_with(['.', '?', '!']);
    let words: Vec<_> = paragraph.split_whitespace().collect();
    let ends_last = words.last().is_some_and(|it| is_end(it));
    ends_last.then(|| words.iter().copied().filter(|it| is_end(it)).count())
}

/// The Rust paths that links in `prose` lead to, using the link definitions of `page`.
pub(super) fn linked_paths(prose: &str, page: &str) -> Vec<Vec<String>> {
    let definitions: BTreeMap<_, _> = page.lines().filter_map(definition).collect();
    let lines = prose.lines().filter(|it| definition(it).is_none());
    let text = lines.collect::<Vec<_>>().join(" ");
    let openings = text.split('[').skip(1);
    let targets = openings.filter_map(|it| it.split_once(']')).map(|it| {
        let (label, after) = it;
        let target = after.strip_prefix('(').and_then(|it| it.split_once(')'));
        let target = target.map_or(label, |(target, _)| target);
        *definitions.get(target).unwrap_or(&target)
    });
    targets.filter_map(path).collect()
}

/// The label and the target of `[label]: target`.
fn definition(line: &str) -> Option<(&str, &str)> {
    let (label, target) = line.trim().strip_prefix('[')?.split_once("]:")?;
    Some((label, target.trim()))
}

/// Its names, if it is a path.
fn path(target: &str) -> Option<Vec<String>> {
    let target = target.trim_matches('`');
    let target = target.split_once('@').map_or(target, |(_, path)| path);
    let target = target.trim_end_matches("()").trim_end_matches('!');
    let path: Path = syn::parse_str(target).ok()?;
    let names = path.segments.iter().map(|it| it.ident.to_string());
    Some(names.collect())
}

#[cfg(test)]
mod tests {
    use super::{Markdown, linked_paths, sentences};

    #[test]
    fn opening_is_the_first_paragraph() {
        let opening = |page: &str| Markdown::new(page).opening();
        assert_eq!(opening("One\ntwo.\n\nThree."), Some("One two.".to_owned()));
        for page in [
            "",
            "\n",
            "# Title\n",
            "```\ncode\n```\nText.",
            "| a |",
            "- a",
            "> a",
        ] {
            assert_eq!(opening(page), None, "{page}");
        }
    }

    #[test]
    fn sentences_are_counted() {
        assert_eq!(sentences("One, of version 1.2."), Some(1));
        assert_eq!(sentences("One. Two?"), Some(2));
        assert_eq!(sentences("One. Two"), None);
        assert_eq!(sentences(""), None);
    }

    #[test]
    fn only_code_that_rustdoc_compiles_is_compiled() {
        let is_compiled = |language: &str| {
            let page = Markdown::new(&format!("Text.\n\n```{language}\nlet it = 1;\n```\n"));
            page.parts[1].is_compiled()
        };
        for language in ["", "rust", "no_run", "rust,no_run", "rust, should_panic"] {
            assert!(is_compiled(language), "{language}");
        }
        let others = [
            "ignore",
            "rust,ignore",
            "text",
            "compile_fail",
            "json",
            "ignore-wasm32",
        ];
        for language in others {
            assert!(!is_compiled(language), "{language}");
        }
    }

    #[test]
    fn links_lead_to_paths() {
        let links = "[`A`] [b](crate::x::B) [c][`C`] [`D::new()`], [e] [web](https://example.com)";
        let definitions = "[e]: struct@super::E\n[`C`]: self::C";
        let page = format!("{links}\n\n{definitions}\n");
        let found: Vec<_> = linked_paths(&page, &page)
            .into_iter()
            .map(|it| it.join("::"))
            .collect();
        let expected = ["A", "crate::x::B", "c", "self::C", "D::new", "super::E"];
        assert_eq!(found, expected);
    }
}
