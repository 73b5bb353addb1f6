//! Whether users of a crate can use an item that has conditions (`#[cfg(…)]`).

use syn::{Attribute, Meta, Token, punctuated::Punctuated};

/// Whether users can use an item with these attributes: `false` if the item is only for tests or
/// documentation.
pub(crate) fn is_for_users(attributes: &[Attribute]) -> bool {
    let cfgs = attributes.iter().filter(|it| it.path().is_ident("cfg"));
    let mut conditions = cfgs.map(|it| it.parse_args::<Meta>().expect("a condition"));
    conditions.all(|it| holds_for_users(&it) != Some(false))
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

/// Whether the condition holds for users; `None` if it depends on a feature or platform.
fn holds_for_users(condition: &Meta) -> Option<bool> {
    let path = condition.path();
    let mut parts = inner(condition).into_iter().map(|it| holds_for_users(&it));
    if path.is_ident("test") || path.is_ident("doc") || path.is_ident("doctest") {
        Some(false)
    } else if path.is_ident("not") {
        parts.next().expect("a condition").map(|holds| !holds)
    } else if path.is_ident("all") {
        all(parts)
    } else if path.is_ident("any") {
        all(parts.map(|holds| holds.map(|it| !it))).map(|holds| !holds)
    } else {
        None
    }
}

/// `false` if any part is false, `true` if all parts are true, and otherwise `None`.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let parts: Vec<_> = parts.collect();
    if parts.contains(&Some(false)) {
        Some(false)
    } else if parts.contains(&None) {
        None
    } else {
        Some(true)
    }
}

#[test]
fn items_for_tests_and_documentation_are_not_for_users() {
    let is_for_users_if = |condition: &str| {
        let item = format!("#[cfg({condition})] fn f() {{}}");
        let item: syn::ItemFn = syn::parse_str(&item).unwrap();
        is_for_users(&item.attrs)
    };
    for condition in [
        "test",
        "any(doc, doctest)",
        "all(test, unix)",
        "not(not(doc))",
    ] {
        assert!(!is_for_users_if(condition), "{condition}");
    }
    for condition in ["unix", "not(test)", "any(doc, feature = \"a\")"] {
        assert!(is_for_users_if(condition), "{condition}");
    }
}
