//! What of an item is seen from outside: no private fields, no bodies, no values, no documentation.

use quote::ToTokens as _;
use syn::{
    Attribute, Block, Field, Fields, FieldsNamed, FnArg, ImplItem, Item, ItemImpl, Pat, Path,
    Signature, Token, TraitItem, Visibility, parse_quote, punctuated::Punctuated,
};

use super::{gates::Gates, modules::attributes};

/// Stands where private fields were.
pub(super) const PRIVATE_FIELDS: &str = "__private_fields";

/// Those that say something to users. `from` makes an implementation, and `default` chooses one.
const TELLING: [&str; 5] = ["cfg_attr", "default", "from", "non_exhaustive", "repr"];

/// The item as users see it, with these conditions.
pub(super) fn shown(item: &Item, gates: &Gates) -> Item {
    let mut item = item.clone();
    let own = telling(attributes(&item), gates);
    match &mut item {
        Item::Const(it) => {
            it.attrs = own;
            *it.expr = parse_quote!(_);
        }
        Item::Enum(it) => {
            it.attrs = own;
            for variant in &mut it.variants {
                keep_telling(&mut variant.attrs);
                fields_of_variant(&mut variant.fields);
            }
        }
        Item::Fn(it) => {
            it.attrs = own;
            *it.block = nothing();
            without_mut(&mut it.sig);
        }
        Item::Static(it) => {
            it.attrs = own;
            *it.expr = parse_quote!(_);
        }
        Item::Struct(it) => {
            it.attrs = own;
            without_private_fields(&mut it.fields);
        }
        Item::Trait(it) => {
            it.attrs = own;
            it.items.iter_mut().for_each(trait_item);
            it.items.sort_by_cached_key(trait_item_name);
        }
        Item::TraitAlias(it) => it.attrs = own,
        Item::Type(it) => it.attrs = own,
        Item::Union(it) => {
            it.attrs = own;
            without_private_named(&mut it.fields);
        }
        _ => panic!("not an item with a name"),
    }
    item
}

/// An `impl` as users see it, with these conditions. `None` if nothing of it is public.
pub(super) fn shown_impl(implementation: &ItemImpl, gates: &Gates) -> Option<ItemImpl> {
    let mut shown = implementation.clone();
    shown.attrs = telling(&shown.attrs, gates);
    let is_of_trait = shown.trait_.is_some();
    shown.items.retain_mut(|item| match item {
        // The trait says which functions and constants there are.
        ImplItem::Fn(_) | ImplItem::Const(_) if is_of_trait => false,
        ImplItem::Fn(it) => {
            keep_telling(&mut it.attrs);
            it.block = nothing();
            without_mut(&mut it.sig);
            matches!(it.vis, Visibility::Public(_)) && !Gates::of(&it.attrs).shut_out_users()
        }
        ImplItem::Const(it) => {
            keep_telling(&mut it.attrs);
            it.expr = parse_quote!(_);
            matches!(it.vis, Visibility::Public(_)) && !Gates::of(&it.attrs).shut_out_users()
        }
        ImplItem::Type(it) => {
            keep_telling(&mut it.attrs);
            true
        }
        _ => panic!("the lister doesn't know this kind of item in an `impl`: teach it"),
    });
    shown.items.sort_by_cached_key(|item| match item {
        ImplItem::Const(it) => (0, it.ident.to_string()),
        ImplItem::Type(it) => (1, it.ident.to_string()),
        ImplItem::Fn(it) => (2, it.sig.ident.to_string()),
        _ => unreachable!("the others were refused"),
    });
    (is_of_trait || !shown.items.is_empty()).then_some(shown)
}

fn trait_item(item: &mut TraitItem) {
    match item {
        TraitItem::Const(it) => {
            keep_telling(&mut it.attrs);
            it.default = it.default.as_ref().map(|(eq, _)| (*eq, parse_quote!(_)));
        }
        TraitItem::Fn(it) => {
            keep_telling(&mut it.attrs);
            it.default = it.default.as_ref().map(|_| nothing());
        }
        TraitItem::Type(it) => keep_telling(&mut it.attrs),
        _ => panic!("the lister doesn't know this kind of item in a trait: teach it"),
    }
}

fn trait_item_name(item: &TraitItem) -> (u8, String) {
    match item {
        TraitItem::Const(it) => (0, it.ident.to_string()),
        TraitItem::Type(it) => (1, it.ident.to_string()),
        TraitItem::Fn(it) => (2, it.sig.ident.to_string()),
        _ => unreachable!("the others were refused"),
    }
}

/// `mut self` is the body's affair.
fn without_mut(signature: &mut Signature) {
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) if receiver.reference.is_none() => receiver.mutability = None,
            FnArg::Typed(typed) => {
                if let Pat::Ident(name) = &mut *typed.pat {
                    name.mutability = None;
                }
            }
            FnArg::Receiver(_) => {}
        }
    }
}

fn nothing() -> Block {
    parse_quote!({})
}

fn keep_telling(attributes: &mut Vec<Attribute>) {
    *attributes = telling(attributes, &Gates::of(attributes));
}

/// The conditions first, then what else there is to know.
fn telling(attributes: &[Attribute], gates: &Gates) -> Vec<Attribute> {
    let mut kept = gates.attributes();
    for attribute in attributes {
        let is = |name: &str| attribute.path().is_ident(name);
        if is("derive") {
            kept.push(in_order(attribute));
        } else if is("must_use") || is("deprecated") {
            // Without its words.
            let name = attribute.path();
            kept.push(parse_quote!(#[#name]));
        } else if is_telling(attribute) {
            kept.push(attribute.clone());
        }
    }
    kept
}

/// `Clone, Debug`, however it was written.
fn in_order(derive: &Attribute) -> Attribute {
    let parser = Punctuated::<Path, Token![,]>::parse_terminated;
    let derived = derive.parse_args_with(parser).expect("traits");
    let mut derived: Vec<_> = derived.into_iter().collect();
    derived.sort_by_cached_key(|it| it.to_token_stream().to_string());
    parse_quote!(#[derive(#(#derived),*)])
}

fn is_telling(attribute: &Attribute) -> bool {
    let is_named = TELLING.iter().any(|name| attribute.path().is_ident(name));
    is_named && !is_about_documentation(attribute) || is_doc_hidden(attribute)
}

/// `#[cfg_attr(docsrs, doc(cfg(…)))]` and the like.
fn is_about_documentation(attribute: &Attribute) -> bool {
    let text = attribute.to_token_stream().to_string();
    text.contains("docsrs") || text.contains(", doc")
}

fn is_doc_hidden(attribute: &Attribute) -> bool {
    attribute.path().is_ident("doc")
        && attribute
            .parse_args::<Path>()
            .is_ok_and(|it| it.is_ident("hidden"))
}

fn fields_of_variant(fields: &mut Fields) {
    for field in fields.iter_mut() {
        keep_telling(&mut field.attrs);
    }
}

fn without_private_fields(fields: &mut Fields) {
    match fields {
        Fields::Named(named) => without_private_named(named),
        Fields::Unnamed(unnamed) => {
            for field in &mut unnamed.unnamed {
                keep_telling(&mut field.attrs);
                if !is_seen(field) {
                    field.attrs.clear();
                    field.vis = Visibility::Inherited;
                    field.ty = parse_quote!(_);
                }
            }
        }
        Fields::Unit => {}
    }
}

/// Whether it is public, or makes an implementation of `From` its type.
fn is_seen(field: &Field) -> bool {
    matches!(field.vis, Visibility::Public(_))
        || field.attrs.iter().any(|it| it.path().is_ident("from"))
}

fn without_private_named(fields: &mut FieldsNamed) {
    let count = fields.named.len();
    let mut kept: Punctuated<_, Token![,]> =
        fields.named.clone().into_iter().filter(is_seen).collect();
    for field in &mut kept {
        keep_telling(&mut field.attrs);
    }
    if kept.len() < count {
        let marker: FieldsNamed = parse_quote!({ __private_fields: _ });
        kept.extend(marker.named);
    }
    fields.named = kept;
}
