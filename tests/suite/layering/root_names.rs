//! The sources name an item by its module: the root names are for users.

use super::used_paths::used_paths;
use crate::source_tree::SourceTree;

/// Each use of an item by a root name.
pub(super) fn root_names_used(tree: &SourceTree) -> Vec<String> {
    let mut found = Vec::new();
    for file in tree.files.values().filter(|it| !it.is_root()) {
        for used in used_paths(file) {
            let place = format!("src/{}:{}", file.path, used.line);
            match used.path_from_root().as_deref() {
                Some([]) => found.push(format!("{place} uses the root itself")),
                Some([first, ..]) if !tree.names.modules.contains_key(&[first.clone()][..]) => {
                    found.push(format!(
                        "{place} uses crate::{first}, a name of the root: name its module"
                    ));
                }
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::root_names_used;
    use crate::source_tree::SourceTree;

    fn used(text: &str) -> Vec<String> {
        root_names_used(&SourceTree::of(&[
            ("lib.rs", "mod acl; mod client; pub use client::Client;"),
            ("acl.rs", text),
            ("client.rs", "pub struct Client;"),
        ]))
    }

    #[test]
    fn root_name_is_reported_with_its_line() {
        let sources = [
            "\nuse crate::{Client, client};",
            "\nuse super::Client;",
            "\nfn f() -> crate::Client { loop {} }",
            "\nfn f() { vec![crate::Client::new()]; }",
        ];
        for source in sources {
            let expected = "src/acl.rs:2 uses crate::Client, a name of the root: name its module";
            assert_eq!(used(source), [expected], "{source}");
        }
    }

    #[test]
    fn a_glob_of_the_root_is_found() {
        assert_eq!(used("use crate::*;"), ["src/acl.rs:1 uses the root itself"]);
        assert_eq!(
            used("use crate as all;"),
            ["src/acl.rs:1 uses the root itself"]
        );
    }

    #[test]
    fn module_name_is_allowed() {
        let text =
            "//! [`Client`](crate::Client)\nuse crate::client::Client;\nuse self::X; struct X;";
        assert_eq!(used(text), [""; 0]);
    }
}
