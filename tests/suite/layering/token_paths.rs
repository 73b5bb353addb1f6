//! Paths in unparsed tokens: the arguments of macros and attributes.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::{Lit, Path};

use super::used_paths::{line, text};

/// Every sequence that looks like a path of two or more names, and the line of its last name.
pub(super) fn token_paths(tokens: TokenStream) -> Vec<(Vec<String>, usize)> {
    let mut paths = TokenPaths(Vec::new());
    paths.add_tokens(tokens);
    paths.0
}

/// The strings that are paths, as in `#[serde(with = "crate::acl::json")]`, and their lines.
pub(super) fn string_paths(tokens: TokenStream) -> Vec<(Path, usize)> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => found.extend(string_paths(group.stream())),
            TokenTree::Literal(literal) => {
                let line = literal.span().start().line;
                if let Lit::Str(string) = Lit::new(literal)
                    && let Ok(path) = string.parse::<Path>()
                {
                    found.push((path, line));
                }
            }
            _ => {}
        }
    }
    found
}

struct TokenPaths(Vec<(Vec<String>, usize)>);

impl TokenPaths {
    fn add_tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut rest = &tokens[..];
        while let Some((first, after)) = rest.split_first() {
            rest = match first {
                TokenTree::Ident(_) => self.add_token_path(rest, &[]),
                // A name after `::` belongs to another crate or to the preceding name.
                TokenTree::Punct(_) if after_colons(rest).is_some() => {
                    let after = after_colons(rest).unwrap_or_default();
                    let is_name = matches!(after.first(), Some(TokenTree::Ident(_)));
                    &after[usize::from(is_name)..]
                }
                TokenTree::Group(group) => {
                    self.add_tokens(group.stream());
                    after
                }
                _ => after,
            };
        }
    }

    /// Adds the path or paths at the start of `tokens`, and returns the remaining tokens.
    fn add_token_path<'a>(&mut self, tokens: &'a [TokenTree], outer: &[String]) -> &'a [TokenTree] {
        let mut names = outer.to_vec();
        let (mut rest, mut at) = (tokens, 0);
        while let Some((first, after)) = rest.split_first() {
            match first {
                TokenTree::Ident(ident) => {
                    if ident != "self" || names.is_empty() {
                        names.push(text(ident));
                    }
                    at = line(ident);
                    rest = after;
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let inside: Vec<_> = group.stream().into_iter().collect();
                    for part in inside.split(is_comma).filter(|it| !it.is_empty()) {
                        self.add_token_path(part, &names);
                    }
                    return after;
                }
                _ => break,
            }
            match after_colons(rest) {
                Some(inner) => rest = inner,
                None => break,
            }
        }
        if names.len() > 1 {
            self.0.push((names, at));
        }
        rest
    }
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(it) if it.as_char() == ',')
}

/// The tokens after a `::` at the start of `tokens`.
fn after_colons(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    match tokens {
        [TokenTree::Punct(first), TokenTree::Punct(second), rest @ ..] => {
            let is_joint = first.spacing() == Spacing::Joint;
            let are_colons = first.as_char() == ':' && second.as_char() == ':';
            (is_joint && are_colons).then_some(rest)
        }
        _ => None,
    }
}
