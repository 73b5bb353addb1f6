//! The lines of small crates.

use std::{fs, path::Path};

use oauth_dcr_public_api::{describe_file, lines};

/// The lines of a crate with this name and source.
fn listed(name: &str, source: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(name).with_extension("rs");
    fs::write(&file, format!("#![crate_type = \"lib\"]\n{source}")).unwrap();
    lines(&describe_file(&file, folder))
}

#[test]
fn a_type_is_listed_without_its_private_fields() {
    let found = listed(
        "types",
        r"
        /// Documentation.
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub struct Mixed<'a, T: Copy> { pub seen: &'a T, unseen: u8, pub(crate) within: u8 }
        pub struct Tuple(u8, pub u16);
        pub struct Whole { pub seen: u8 }
        struct Private;
        ",
    );
    let expected = [
        "pub mod types",
        "#[non_exhaustive] pub struct types::Mixed<'a, T: core::marker::Copy> { .. }",
        "pub types::Mixed::seen: &'a T",
        "impl<'a, T: core::clone::Clone + core::marker::Copy> core::clone::Clone for types::Mixed<'a, T>",
        "impl<'a, T: core::cmp::PartialEq + core::marker::Copy> core::cmp::PartialEq for types::Mixed<'a, T>",
        "pub struct types::Tuple(_, pub u16)",
        "pub struct types::Whole",
        "pub types::Whole::seen: u8",
    ];
    assert_eq!(found, expected);
}

#[test]
fn attributes_for_users_are_listed() {
    let found = listed(
        "attributes",
        r#"
        #[derive(Default)]
        pub enum Choice { #[default] First, Second(u8), #[non_exhaustive] Third { at: u8 } }
        #[must_use = "for a reason"]
        pub fn make(count: usize) -> u8 { 1 }
        #[deprecated]
        pub const LIMIT: usize = 3;
        #[doc(hidden)]
        pub fn hidden() {}
        pub(crate) fn within() {}
        "#,
    );
    let expected = [
        "pub mod attributes",
        "pub enum attributes::Choice",
        "#[default] pub attributes::Choice::First",
        "pub attributes::Choice::Second(u8)",
        "#[non_exhaustive] pub attributes::Choice::Third",
        "pub attributes::Choice::Third::at: u8",
        "impl core::default::Default for attributes::Choice",
        "#[deprecated] pub const attributes::LIMIT: usize",
        "#[doc(hidden)] pub fn attributes::hidden()",
        "#[must_use] pub fn attributes::make(count: usize) -> u8",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_trait_shows_which_items_it_provides() {
    let found = listed(
        "traits",
        "
        pub trait Port: Send {
            const LIMIT: usize;
            const PROVIDED: usize = 1;
            type Item;
            fn provided(&self) -> u8 { 1 }
            fn required(&self) -> impl Future<Output = u8> + Send;
        }
        trait Twin {}
        impl<T: Port> Twin for T {}
        ",
    );
    let expected = [
        "pub mod traits",
        "pub trait traits::Port: core::marker::Send",
        "pub type traits::Port::Item",
        "pub const traits::Port::LIMIT: usize",
        "pub const traits::Port::PROVIDED: usize { .. }",
        "pub fn traits::Port::provided(&self) -> u8 { .. }",
        "pub fn traits::Port::required(&self) -> impl core::future::future::Future<Output = u8> + core::marker::Send",
    ];
    assert_eq!(found, expected);
}

#[test]
fn implementations_are_listed_without_the_functions_of_their_traits() {
    let found = listed(
        "implementations",
        "
        use std::fmt;
        pub struct Count;
        impl Count {
            pub const fn second(&self) -> bool { true }
            fn private(&self) {}
        }
        impl Count {
            pub async fn first<T>(mut self, mut it: T) where T: fmt::Debug {}
        }
        impl Iterator for Count { type Item = u8; fn next(&mut self) -> Option<u8> { None } }
        impl From<Count> for String { fn from(_: Count) -> Self { Self::new() } }
        ",
    );
    let expected = [
        "pub mod implementations",
        "pub struct implementations::Count",
        "impl implementations::Count",
        "pub async fn implementations::Count::first<T>(self, it: T) where T: core::fmt::Debug",
        "pub const fn implementations::Count::second(&self) -> bool",
        "impl core::convert::From<implementations::Count> for alloc::string::String",
        "impl core::iter::traits::iterator::Iterator for implementations::Count",
        "pub type implementations::Count::Item = u8",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_type_that_cannot_leave_its_thread_is_marked() {
    let found = listed(
        "threads",
        "pub struct Local(*const u8); pub struct Free(u8);",
    );
    let expected = [
        "pub mod threads",
        "pub struct threads::Free(_)",
        "pub struct threads::Local(_)",
        "impl !core::marker::Send for threads::Local",
        "impl !core::marker::Sync for threads::Local",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_re_export_has_its_public_name() {
    let found = listed(
        "exports",
        "
        mod inner {
            pub struct Old;
            pub struct Unreachable;
        }
        pub use inner::Old as New;
        pub mod shop { pub use std::time::Duration; }
        ",
    );
    let expected = [
        "pub mod exports",
        "pub mod exports::shop",
        "pub use exports::shop::Duration",
        "pub struct exports::New",
    ];
    assert_eq!(found, expected);
}
