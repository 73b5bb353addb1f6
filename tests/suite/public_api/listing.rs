//! The public items of a crate as text to review, one file for each of its top-level modules.

use std::collections::BTreeMap;

use quote::ToTokens as _;
use syn::{File, ImplItem, Item, ItemImpl, parse_quote};

use super::{
    entries::{Entry, entries},
    gates::Gates,
    modules::Crate,
    names::Meaning,
    outside::Outside,
    shown::PRIVATE_FIELDS,
};

/// By the top-level module that defines them: moving an item between files of a module changes
/// nothing. Modules, and items that have a second name, are listed as `lib`.
pub(super) fn listing(sources: &Crate, crate_name: &str) -> BTreeMap<String, String> {
    let outside = Outside::of(sources);
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let names = names(&outside, crate_name);
    if !names.is_empty() {
        files.insert("lib".to_owned(), vec![names]);
    }
    for entry in entries(sources, &outside) {
        let file = entry.module.first().map_or("lib", String::as_str);
        let heading = format!("// {crate_name}::{}\n", entry.name.join("::"));
        let texts = files.entry(file.to_owned()).or_default();
        texts.push(heading + &text(entry));
    }
    let joined = |(file, texts): (_, Vec<String>)| (file, texts.join("\n"));
    files.into_iter().map(joined).collect()
}

/// Modules, second names, and names of other crates.
fn names(outside: &Outside, crate_name: &str) -> String {
    let mut lines = String::new();
    for ((name, meaning), gates) in &outside.entries {
        let shortest = outside.name_of(meaning).unwrap_or_default();
        let public = format!("{crate_name}::{}", name.join("::"));
        let line = match meaning {
            Meaning::Module(_) if shortest == name => format!("pub mod {public};\n"),
            Meaning::Foreign(path) => format!("pub use {} as {public};\n", path.join("::")),
            _ if shortest == name => continue,
            _ => format!(
                "pub use {crate_name}::{} as {public};\n",
                shortest.join("::")
            ),
        };
        lines += &(conditions(gates) + &line);
    }
    lines
}

fn conditions(gates: &Gates) -> String {
    let attributes = gates.attributes();
    let text = printed(parse_quote!(#(#attributes)* struct Stand;));
    text.replace("struct Stand;\n", "")
}

fn text(entry: Entry) -> String {
    let mut inherent: BTreeMap<String, ItemImpl> = BTreeMap::new();
    let mut of_traits = Vec::new();
    for mut item in entry.implementations.into_iter().map(|it| it.item) {
        if item.trait_.is_some() {
            of_traits.push(printed(Item::Impl(item)));
            continue;
        }
        let items = std::mem::take(&mut item.items);
        let heading = item.to_token_stream().to_string();
        let merged = inherent.entry(heading).or_insert(item);
        merged.items.extend(items);
    }
    of_traits.sort();
    let mut text = printed(entry.item);
    for mut item in inherent.into_values() {
        item.items.sort_by_cached_key(order);
        text += &printed(Item::Impl(item));
    }
    text + &of_traits.concat()
}

/// Constants, then functions, by name.
fn order(item: &ImplItem) -> (u8, String) {
    match item {
        ImplItem::Const(it) => (0, it.ident.to_string()),
        ImplItem::Fn(it) => (1, it.sig.ident.to_string()),
        _ => (2, item.to_token_stream().to_string()),
    }
}

/// Formatted, without the empty bodies and the placeholders that only make it valid Rust.
fn printed(item: Item) -> String {
    let is_trait = matches!(item, Item::Trait(_));
    let has_bodies = matches!(item, Item::Fn(_) | Item::Impl(_));
    let text = prettyplease::unparse(&File {
        shebang: None,
        attrs: Vec::new(),
        items: vec![item],
    });
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = if has_bodies && line.trim() == "{}" {
            let last = lines.pop().unwrap_or_default();
            format!("{};", last.trim_end_matches(','))
        } else if has_bodies && line.ends_with(" {}") {
            format!("{};", line.trim_end_matches(" {}"))
        } else if is_trait && line.starts_with(' ') && line.ends_with("{}") {
            line.replace("{}", "{ .. }")
        } else if !is_trait && line.ends_with(" = _;") {
            line.replace(" = _;", ";")
        } else {
            line.replace(&format!("{PRIVATE_FIELDS}: _,"), "..")
        };
        lines.push(line);
    }
    let text = lines.join("\n") + "\n";
    text.replace(" {\n    ..\n}", " { .. }")
}
