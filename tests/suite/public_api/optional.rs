//! What optional dependencies show in the public items, and whether their feature has to be on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use syn::{
    Attribute, Field, ImplItemFn, ImplItemType, Path, TraitItemFn, TraitItemType, Variant, visit,
    visit::Visit,
};

use super::{
    entries::{entries, names},
    gates::Gates,
    modules::Crate,
    names::Meaning,
    outside::Outside,
};

/// The crate name of each optional dependency, and the features that bring it in.
pub(super) struct OptionalDependencies(pub(super) BTreeMap<String, BTreeSet<String>>);

impl OptionalDependencies {
    /// Those of a package as `cargo metadata` describes it.
    pub(super) fn of(package: &Value) -> Self {
        let features = package["features"].as_object().expect("features");
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        let optional = dependencies
            .iter()
            .filter(|it| it["kind"].is_null() && it["optional"] == true);
        let named = optional.map(|it| it["rename"].as_str().or(it["name"].as_str()));
        let found = named.map(|name| {
            let name = name.expect("a name");
            let on = features.keys().filter(|it| turns_on(features, it, name));
            (name.replace('-', "_"), on.cloned().collect())
        });
        Self(found.collect())
    }
}

fn turns_on(features: &serde_json::Map<String, Value>, feature: &str, dependency: &str) -> bool {
    let parts = features[feature].as_array().expect("a list");
    parts.iter().filter_map(Value::as_str).any(|part| {
        let of_dependency = part.split_once('/').map_or(part, |(name, _)| name);
        let is_it = part.strip_prefix("dep:") == Some(dependency)
            || part.contains('/') && of_dependency == dependency;
        is_it || features.contains_key(part) && turns_on(features, part, dependency)
    })
}

/// Where a user could see an optional dependency without having turned on its feature.
pub(super) fn ungated(sources: &Crate, optional: &OptionalDependencies) -> Vec<String> {
    let outside = Outside::of(sources);
    let mut found = Vec::new();
    for (name, gates) in outside.foreign() {
        found.extend(complaint(optional, gates, name, "a re-export"));
    }
    for entry in entries(sources, &outside) {
        let place = entry.name.join("::");
        let mut seen = Seen {
            sources,
            optional,
            place: &place,
            module: &entry.module,
            gates: entry.gates,
            found: Vec::new(),
        };
        seen.visit_item(&entry.item);
        for implementation in &entry.implementations {
            seen.module = &implementation.module;
            seen.gates = implementation.gates.clone();
            seen.visit_item_impl(&implementation.item);
        }
        found.append(&mut seen.found);
    }
    found
}

fn complaint(
    optional: &OptionalDependencies,
    gates: &Gates,
    name: &str,
    place: &str,
) -> Option<String> {
    let features = optional.0.get(name)?;
    (!gates.imply_one_of(features))
        .then(|| format!("`{place}` shows `{name}` without one of the features {features:?}"))
}

/// Looks through a signature.
struct Seen<'a> {
    sources: &'a Crate,
    optional: &'a OptionalDependencies,
    place: &'a str,
    module: &'a [String],
    gates: Gates,
    found: Vec<String>,
}

impl Seen<'_> {
    fn under(&mut self, attributes: &[Attribute], look: impl FnOnce(&mut Self)) {
        let outer = self.gates.clone();
        self.gates = outer.and(&Gates::of(attributes));
        look(self);
        self.gates = outer;
    }
}

impl<'a> Visit<'a> for Seen<'_> {
    fn visit_path(&mut self, path: &'a Path) {
        for (meaning, _) in self.sources.look_up(self.module, &names(path)) {
            let Meaning::Foreign(path) = meaning else {
                continue;
            };
            let complaint = complaint(self.optional, &self.gates, &path[0], self.place);
            self.found.extend(complaint);
        }
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, _: &'a Attribute) {}

    fn visit_field(&mut self, it: &'a Field) {
        self.under(&it.attrs, |seen| visit::visit_field(seen, it));
    }

    fn visit_variant(&mut self, it: &'a Variant) {
        self.under(&it.attrs, |seen| visit::visit_variant(seen, it));
    }

    fn visit_impl_item_fn(&mut self, it: &'a ImplItemFn) {
        self.under(&it.attrs, |seen| visit::visit_impl_item_fn(seen, it));
    }

    fn visit_impl_item_type(&mut self, it: &'a ImplItemType) {
        self.under(&it.attrs, |seen| visit::visit_impl_item_type(seen, it));
    }

    fn visit_trait_item_fn(&mut self, it: &'a TraitItemFn) {
        self.under(&it.attrs, |seen| visit::visit_trait_item_fn(seen, it));
    }

    fn visit_trait_item_type(&mut self, it: &'a TraitItemType) {
        self.under(&it.attrs, |seen| visit::visit_trait_item_type(seen, it));
    }
}
