//! Under which conditions (`#[cfg(…)]`) something is compiled.

use std::collections::BTreeSet;

use quote::ToTokens as _;
use syn::{Attribute, Expr, Lit, Meta, Token, parse_quote, punctuated::Punctuated};

/// Conditions that all have to hold, as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gates(BTreeSet<String>);

impl Gates {
    /// Those among `attributes`.
    pub(crate) fn of(attributes: &[Attribute]) -> Self {
        let cfgs = attributes.iter().filter(|it| it.path().is_ident("cfg"));
        let conditions = cfgs.map(|it| it.parse_args::<Meta>().expect("a condition"));
        Self(conditions.map(|it| text(&it)).collect())
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// What remains to be said where `other` has been said.
    pub(crate) fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// Whether it is there for tests and documentation only, which no user of the crate can use.
    pub(crate) fn shut_out_users(&self) -> bool {
        self.conditions()
            .any(|it| holds_for_users(&it) == Some(false))
    }

    /// Whether they hold only where one of `features` is on.
    pub(crate) fn imply_one_of(&self, features: &BTreeSet<String>) -> bool {
        self.conditions().any(|it| implies(&it, features))
    }

    pub(crate) fn attributes(&self) -> Vec<Attribute> {
        let written = |condition: Meta| parse_quote!(#[cfg(#condition)]);
        self.conditions().map(written).collect()
    }

    fn conditions(&self) -> impl Iterator<Item = Meta> {
        let parsed = |text: &String| syn::parse_str(text).expect("it was one before");
        self.0.iter().map(parsed)
    }
}

fn text(condition: &Meta) -> String {
    condition.to_token_stream().to_string()
}

/// The conditions inside `all(…)`, `any(…)` or `not(…)`.
fn inner(condition: &Meta) -> Vec<Meta> {
    let Meta::List(list) = condition else {
        return Vec::new();
    };
    let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
    let parsed = list.parse_args_with(parser).expect("conditions");
    parsed.into_iter().collect()
}

/// `None` where it depends.
fn holds_for_users(condition: &Meta) -> Option<bool> {
    let path = condition.path();
    let mut parts = inner(condition).into_iter().map(|it| holds_for_users(&it));
    if path.is_ident("test") || path.is_ident("doc") || path.is_ident("doctest") {
        Some(false)
    } else if path.is_ident("not") {
        parts.next().expect("a condition").map(|holds| !holds)
    } else if path.is_ident("all") {
        worst(parts)
    } else if path.is_ident("any") {
        worst(parts.map(|holds| holds.map(|it| !it))).map(|holds| !holds)
    } else {
        None
    }
}

/// `false` if one is, `true` if all are.
fn worst(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let parts: Vec<_> = parts.collect();
    if parts.contains(&Some(false)) {
        Some(false)
    } else if parts.contains(&None) {
        None
    } else {
        Some(true)
    }
}

fn implies(condition: &Meta, features: &BTreeSet<String>) -> bool {
    let mut parts = inner(condition)
        .into_iter()
        .map(|it| implies(&it, features));
    if let Meta::NameValue(pair) = condition {
        let Expr::Lit(value) = &pair.value else {
            return false;
        };
        let Lit::Str(name) = &value.lit else {
            return false;
        };
        pair.path.is_ident("feature") && features.contains(&name.value())
    } else if condition.path().is_ident("all") {
        parts.any(|it| it)
    } else {
        condition.path().is_ident("any") && parts.len() > 0 && parts.all(|it| it)
    }
}
