//! The lister itself, on small sources.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    difference::difference,
    listing::listing,
    modules::Crate,
    optional::{OptionalDependencies, ungated},
};

fn one_file(root: &str) -> Crate {
    Crate::new(root, &|file| panic!("nobody has {file}"))
}

fn listed(root: &str) -> String {
    listing(&one_file(root), "small").into_values().collect()
}

#[test]
fn a_definition_is_shown_without_what_is_private() {
    let text = listed(
        r#"
        /// Documentation.
        #[derive(Debug, Clone)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub struct Mixed<'a, T: Clone> { pub seen: &'a T, unseen: u8, pub(crate) within: u8 }
        pub struct Hidden { unseen: u8 }
        pub struct Tuple(u8, pub u16);
        #[must_use = "for a reason"]
        pub fn make(count: usize) -> Hidden { Hidden { unseen: 1 } }
        pub const LIMIT: usize = 3;
        struct Private;
        pub(crate) fn within() {}
        "#,
    );
    let expected = "\
// small::Hidden
pub struct Hidden { .. }

// small::LIMIT
pub const LIMIT: usize;

// small::Mixed
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Mixed<'a, T: Clone> {
    pub seen: &'a T,
    ..
}

// small::Tuple
pub struct Tuple(_, pub u16);

// small::make
#[must_use]
pub fn make(count: usize) -> Hidden;
";
    assert_eq!(text, expected);
}

#[test]
fn variants_and_implementations_are_shown() {
    let text = listed(
        r#"
        use std::fmt;
        #[derive(thiserror::Error)]
        pub enum Fault {
            #[error("words")]
            Io(#[from] std::io::Error),
            At { index: usize },
        }
        impl Fault {
            pub const fn second(&self) -> bool { true }
            fn private(&self) {}
        }
        impl Fault {
            pub async fn first<T>(mut self, mut it: T) where T: fmt::Debug {}
        }
        impl fmt::Display for Fault {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { Ok(()) }
        }
        impl Iterator for Fault { type Item = u8; fn next(&mut self) -> Option<u8> { None } }
        impl From<Fault> for String { fn from(it: Fault) -> Self { String::new() } }
        impl<'a> IntoIterator for &'a Fault { type Item = u8; }
        "#,
    );
    let expected = "\
// small::Fault
#[derive(thiserror::Error)]
pub enum Fault {
    Io(#[from] std::io::Error),
    At { index: usize },
}
impl Fault {
    pub async fn first<T>(self, it: T)
    where
        T: fmt::Debug;
    pub const fn second(&self) -> bool;
}
impl From<Fault> for String;
impl Iterator for Fault {
    type Item = u8;
}
impl fmt::Display for Fault;
impl<'a> IntoIterator for &'a Fault {
    type Item = u8;
}
";
    assert_eq!(text, expected);
}

#[test]
fn a_trait_shows_what_it_asks_for_and_what_it_gives() {
    let text = listed(
        r"
        pub trait Port: Send {
            const LIMIT: usize;
            type Item;
            fn given(&self) -> u8 { 1 }
            fn asked(&self) -> impl Future<Output = u8> + Send;
        }
        trait Twin {}
        impl<T: Port> Twin for T {}
        impl<T: Port> Port for Box<T> { type Item = u8; }
        ",
    );
    let expected = "\
// small::Port
pub trait Port: Send {
    const LIMIT: usize;
    type Item;
    fn asked(&self) -> impl Future<Output = u8> + Send;
    fn given(&self) -> u8 { .. }
}
impl<T: Port> Port for Box<T> {
    type Item = u8;
}
";
    assert_eq!(text, expected);
}

#[test]
fn a_re_export_is_followed_under_its_new_name() {
    let text = listed(
        r"
        mod inner {
            pub struct Old;
            pub struct Unreachable;
            impl Old { pub fn new() -> Self { Old } }
        }
        pub use inner::Old as New;
        ",
    );
    let expected = "// small::New\npub struct Old;\nimpl Old {\n    pub fn new() -> Self;\n}\n";
    assert_eq!(text, expected);
}

#[test]
fn re_exports_lead_on_and_a_second_name_is_said() {
    let text = listed(
        r"
        mod deep {
            mod deeper { pub struct Thing; }
            pub use deeper::*;
            pub(crate) use self::deeper::Thing as Other;
        }
        pub mod shop {
            pub use crate::deep::Thing;
            pub use super::deep::Thing as Again;
            pub use http::Method;
        }
        pub use deep::*;
        ",
    );
    let expected = "\
// small::Thing
pub struct Thing;
pub mod small::shop;
pub use small::Thing as small::shop::Again;
pub use http::Method as small::shop::Method;
pub use small::Thing as small::shop::Thing;
";
    assert_eq!(text, expected);
}

#[test]
fn conditions_of_modules_and_re_exports_are_gathered() {
    let text = listed(
        r#"
        #[cfg(unix)]
        mod inner {
            pub struct Thing;
            impl Thing { #[cfg(feature = "c")] pub fn new() -> Self { Thing } }
            #[cfg(feature = "b")]
            impl Clone for Thing {}
        }
        #[cfg(feature = "a")]
        pub use inner::Thing;
        "#,
    );
    let expected = r#"// small::Thing
#[cfg(feature = "a")]
#[cfg(unix)]
pub struct Thing;
impl Thing {
    #[cfg(feature = "c")]
    pub fn new() -> Self;
}
#[cfg(feature = "b")]
impl Clone for Thing;
"#;
    assert_eq!(text, expected);
}

#[test]
fn items_for_tests_and_documentation_are_not_listed() {
    let text = listed(
        r#"
        #[cfg(any(doc, doctest))]
        pub mod guide { pub struct Page; }
        #[cfg(test)]
        pub fn for_tests() {}
        #[cfg(all(test, unix))]
        mod tests { use super::*; }
        #[cfg(not(doc))]
        pub fn for_all() {}
        #[cfg(any(doc, feature = "a"))]
        pub fn for_some() {}
        "#,
    );
    let functions: Vec<_> = text.lines().filter(|it| it.starts_with("pub")).collect();
    assert_eq!(functions, ["pub fn for_all();", "pub fn for_some();"]);
}

#[test]
fn modules_are_read_from_their_files_and_listed_apart() {
    let files = BTreeMap::from([
        ("acl.rs", "mod rule; pub use rule::Rule;"),
        ("acl/rule.rs", "pub struct Rule;"),
        ("values.rs", "pub struct Id;"),
    ]);
    let read = |file: &str| files[file].to_owned();
    let sources = Crate::new("pub mod acl; mod values; pub use values::Id;", &read);
    let listed = listing(&sources, "small");
    let expected = [
        ("acl", "// small::acl::Rule\npub struct Rule;\n"),
        ("lib", "pub mod small::acl;\n"),
        ("values", "// small::Id\npub struct Id;\n"),
    ];
    let expected = expected.map(|(file, text)| (file.to_owned(), text.to_owned()));
    assert_eq!(listed, BTreeMap::from(expected));
}

#[test]
fn every_kind_of_change_shows() {
    let before = "pub struct A; impl A { pub fn f(&self, it: u8) {} } impl Clone for A {}";
    let changes = [
        "pub struct A;",
        "pub struct A(); impl A { pub fn f(&self, it: u8) {} } impl Clone for A {}",
        "pub struct A; impl A { pub fn f(&self, it: u16) {} } impl Clone for A {}",
        "pub struct A; impl A { pub fn f(&self, it: u8) {} }",
        "pub struct A; impl A { pub fn f(&self, it: u8) {} } impl Copy for A {}",
        "pub struct A; impl A { pub(crate) fn f(&self, it: u8) {} } impl Clone for A {}",
        "pub struct A; impl A { #[must_use] pub fn f(&self, it: u8) {} } impl Clone for A {}",
        "#[derive(Debug)] pub struct A; impl A { pub fn f(&self, it: u8) {} } impl Clone for A {}",
        "pub struct A; impl A { pub fn f(&self, it: u8) {} } impl Clone for A {} pub struct B;",
    ];
    for change in changes {
        assert_ne!(listed(before), listed(change), "{change}");
    }
}

#[test]
#[should_panic = "what `invent!` makes"]
fn a_macro_that_may_make_items_is_refused() {
    listed("invent! { pub struct A; }");
}

#[test]
fn a_difference_names_what_came_and_went() {
    let text = difference("one\ntwo\nthree\n", "one\nthree\nfour\n");
    assert_eq!(text, "-two\n+four\n");
    assert_eq!(difference("one\n", "one\n"), "");
}

fn complaints(root: &str) -> Vec<String> {
    let package = json!({
        "features": {
            "default": ["plain"], "plain": [], "sql": ["dep:some-sql"], "more": ["sql"],
            "part": ["some-sql/part"],
        },
        "dependencies": [
            { "name": "some-sql", "rename": null, "kind": null, "optional": true },
            { "name": "http", "rename": null, "kind": null, "optional": false },
        ],
    });
    ungated(&one_file(root), &OptionalDependencies::of(&package))
}

#[test]
fn an_optional_dependency_is_found_wherever_it_shows() {
    let sources = [
        "pub fn open(pool: some_sql::Pool) {}",
        "use some_sql::Pool; pub fn open(pool: &[Pool]) {}",
        "use some_sql::Pool as P; pub struct A { pub pool: Option<P> }",
        "use some_sql as sql; pub trait A { fn f() -> impl Future<Output = sql::Row>; }",
        "pub struct A; impl From<some_sql::Row> for A {}",
        "pub struct A; impl ::some_sql::Encode for A {}",
        "pub enum A { B(some_sql::Row) }",
        "pub fn f<T: some_sql::Encode>(it: T) {}",
        "pub use some_sql::Row;",
        "#[cfg(feature = \"plain\")] pub fn open(pool: some_sql::Pool) {}",
        "#[cfg(any(feature = \"sql\", feature = \"plain\"))] pub fn open(pool: some_sql::Pool) {}",
        "#[cfg(not(feature = \"sql\"))] pub fn open(pool: some_sql::Pool) {}",
        "mod a { pub struct A; impl A { pub fn f(it: some_sql::Row) {} } } pub use a::A;",
    ];
    for source in sources {
        assert_eq!(complaints(source).len(), 1, "{source}");
    }
}

#[test]
fn an_optional_dependency_behind_its_feature_is_no_fault() {
    let sources = [
        "#[cfg(feature = \"sql\")] pub fn open(pool: some_sql::Pool) {}",
        "#[cfg(feature = \"more\")] pub fn open(pool: some_sql::Pool) {}",
        "#[cfg(any(feature = \"sql\", feature = \"part\"))] pub fn open(pool: some_sql::Pool) {}",
        "#[cfg(all(unix, feature = \"sql\"))] pub use some_sql::Row;",
        "#[cfg(feature = \"sql\")] mod a { pub struct A(some_sql::Row); impl A { pub fn f(it: some_sql::Row) {} } } #[cfg(feature = \"sql\")] pub use a::A;",
        "pub struct A; impl A { #[cfg(feature = \"sql\")] pub fn f(it: some_sql::Row) {} }",
        "pub enum A { #[cfg(feature = \"sql\")] B(some_sql::Row) }",
        "pub struct A { pool: some_sql::Pool }",
        "pub fn f() { some_sql::go() } fn g(it: some_sql::Row) {}",
        "mod some_sql { pub struct Own; } pub fn f(it: some_sql::Own) {}",
    ];
    for source in sources {
        assert_eq!(complaints(source), [""; 0], "{source}");
    }
}
