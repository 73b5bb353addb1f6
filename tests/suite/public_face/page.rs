//! What a newcomer finds on the page of a module: its purpose, an example, and its main types.

use std::collections::BTreeSet;

use syn::{AttrStyle, Attribute, Expr, Item, Lit, LitStr, Meta};

use super::markdown::{Markdown, Part, linked_paths, sentences};
use crate::source_tree::{SourceTree, modules::name, names::Meaning, outside::Outside};

/// The most sentences that an opening may have.
const MOST_SENTENCES: usize = 2;
/// The fewest items that the page of a larger module must link.
const FEWEST_LINKS: usize = 2;

/// The documentation in `attributes`; `read` returns the text of an included file.
pub(super) fn documentation(attributes: &[Attribute], read: &dyn Fn(&str) -> String) -> String {
    let of_documentation = attributes.iter().filter(|it| it.path().is_ident("doc"));
    let mut text = String::new();
    for attribute in of_documentation {
        let Meta::NameValue(pair) = &attribute.meta else {
            continue;
        };
        match &pair.value {
            Expr::Lit(value) => {
                let Lit::Str(line) = &value.lit else { continue };
                let line = line.value();
                text += line.strip_prefix(' ').unwrap_or(&line);
            }
            Expr::Macro(included) => {
                let file: LitStr = included.mac.parse_body().expect("a file to include");
                text += &read(&file.value());
            }
            _ => panic!("documentation that is neither text nor a file"),
        }
        text.push('\n');
    }
    text
}

/// What is wrong with the beginning of a page.
pub(super) fn opening_fault(name: &str, page: &str) -> Option<String> {
    let opening = Markdown::new(page).opening();
    let Some(opening) = opening else {
        return Some(format!("{name} does not open with a paragraph"));
    };
    let count = sentences(&opening);
    let is_short = count.is_some_and(|it| it <= MOST_SENTENCES);
    let fault = format!("{name} does not open with one or two whole sentences: {opening}");
    (!is_short).then_some(fault)
}

/// What is wrong with the page of a public module.
pub(super) fn module_page_faults(
    tree: &SourceTree,
    outside: &Outside,
    module: &[String],
) -> Vec<String> {
    let name = module.join("::");
    let page = module_documentation(tree, module);
    let parts = Markdown::new(&page).parts;
    let mut faults: Vec<_> = opening_fault(&name, &page).into_iter().collect();
    let Some(example) = parts.iter().position(is_example) else {
        faults.push(format!("{name} has no example of its use that compiles"));
        return faults;
    };
    let items = public_items(outside, module);
    let linked: BTreeSet<_> = parts[example..]
        .iter()
        .filter_map(|part| match part {
            Part::Prose(prose) => Some(linked_paths(prose, &page)),
            Part::Code { .. } => None,
        })
        .flatten()
        .flat_map(|path| tree.names.look_up(module, &path))
        .filter(|it| items.contains(it))
        .collect();
    let fewest = FEWEST_LINKS.min(items.len());
    if linked.len() < fewest {
        let count = linked.len();
        faults.push(format!(
            "{name} links {count} of its items after its example: link the main ones, in order of use"
        ));
    }
    faults
}

fn is_example(part: &Part) -> bool {
    match part {
        Part::Code { text, .. } => part.is_compiled() && text.contains("oauth_dcr"),
        Part::Prose(_) => false,
    }
}

/// The documentation inside the module: documentation before it is for readers of its parent.
fn module_documentation(tree: &SourceTree, module: &[String]) -> String {
    let file = tree.file_of(module);
    let attributes = if file.module() == module {
        file.syntax.attrs.clone()
    } else {
        let (own, outer) = module.split_last().expect("the root has a file");
        let mut items = tree.names.modules[outer].items.iter();
        let found = items.find_map(|item| match item {
            Item::Mod(it) if name(item).as_deref() == Some(own) => Some(it),
            _ => None,
        });
        found.expect("the parent has its child").attrs.clone()
    };
    let is_inner = |it: &Attribute| matches!(it.style, AttrStyle::Inner(_));
    let inner: Vec<_> = attributes.into_iter().filter(is_inner).collect();
    documentation(&inner, &|file| panic!("a module includes {file}"))
}

/// The items that users find on the page of a module.
fn public_items<'a>(outside: &'a Outside, module: &[String]) -> BTreeSet<&'a Meaning> {
    let entries = outside.entries.iter();
    let of_module = entries.filter(|(name, meaning)| {
        let is_module = matches!(meaning, Meaning::Module(_));
        name.split_last().is_some_and(|(_, outer)| outer == module) && !is_module
    });
    of_module.map(|(_, meaning)| meaning).collect()
}

#[cfg(test)]
mod tests {
    use super::{module_page_faults, opening_fault};
    use crate::source_tree::{SourceTree, outside::Outside};

    const ITEMS: &str = "mod rule { pub struct Rule; } pub use rule::Rule; pub struct Acl;";
    const EXAMPLE: &str = "```\nuse oauth_dcr::acl::Acl;\n```\n";

    /// The faults of the page of a module with these items.
    fn faults_with(items: &str, page: &str) -> Vec<String> {
        let lines = page.lines().map(|line| format!("//! {line}\n"));
        let text = lines.collect::<String>() + items;
        let tree = SourceTree::of(&[("lib.rs", "pub mod acl;"), ("acl.rs", &text)]);
        let outside = Outside::of(&tree.names);
        module_page_faults(&tree, &outside, &["acl".to_owned()])
    }

    fn faults(page: &str) -> Vec<String> {
        faults_with(ITEMS, page)
    }

    #[test]
    fn complete_page_has_no_fault() {
        let page = format!("What it is for.\n\n{EXAMPLE}\n[`Rule`], then [the list](Acl::new).\n");
        assert_eq!(faults(&page), [""; 0]);
    }

    #[test]
    fn a_page_without_an_example_is_found() {
        let expected = ["acl has no example of its use that compiles"];
        let blocks = ["", "ignore", "text", "compile_fail"];
        for language in blocks {
            let code = if language.is_empty() { "" } else { EXAMPLE };
            let code = code.replacen("```", &format!("```{language}"), 1);
            let page = format!("What it is for.\n\n{code}\n[`Rule`] [`Acl`]\n");
            assert_eq!(faults(&page), expected, "{page}");
        }
        let of_nothing = "What it is for.\n\n```\nlet it = 1;\n```\n\n[`Rule`] [`Acl`]\n";
        assert_eq!(faults(of_nothing), expected);
    }

    #[test]
    fn a_page_without_an_opening_is_found() {
        let rest = format!("{EXAMPLE}\n[`Rule`] [`Acl`]\n");
        let page = faults(&rest);
        assert_eq!(page, ["acl does not open with a paragraph"]);
        for opening in ["No end", "One. Two. Three."] {
            let expected = format!("acl does not open with one or two whole sentences: {opening}");
            assert_eq!(faults(&format!("{opening}\n\n{rest}")), [expected]);
        }
    }

    #[test]
    fn page_that_links_too_few_items_is_found() {
        let pages = [
            format!("For.\n\n{EXAMPLE}\n"),
            format!("For.\n\n{EXAMPLE}\n[`Rule`], [`rule::Rule`], [`Missing`].\n"),
            format!("For [`Acl`] and [`Rule`].\n\n{EXAMPLE}\n[`Rule`]\n"),
        ];
        for (page, count) in pages.iter().zip([0, 1, 1]) {
            let expected = format!(
                "acl links {count} of its items after its example: link the main ones, in order of use"
            );
            assert_eq!(faults(page), [expected], "{page}");
        }
    }

    #[test]
    fn a_module_of_one_item_links_it() {
        let page = format!("For.\n\n{EXAMPLE}\n[`routes`]\n");
        assert_eq!(faults_with("pub fn routes() {}", &page), [""; 0]);
        assert_eq!(faults_with("pub mod inner {}", EXAMPLE).len(), 1);
    }

    #[test]
    fn an_opening_is_one_or_two_sentences() {
        assert_eq!(opening_fault("page", "One. Two.\n\nThree."), None);
        assert!(opening_fault("page", "# Title\n\nOne.").is_some());
    }
}
