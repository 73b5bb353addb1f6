use crate::registration::Field;

/// A field, and the language tag in the name of its member.
pub(super) type Place = (Field, Option<String>);

/// The field and the language tag of a member with this name.
pub(super) fn field_named(name: &str) -> Option<Place> {
    let (base, language) = match name.split_once('#') {
        Some((base, language)) => (base, Some(language.to_owned())),
        None => (name, None),
    };
    let field = Field::from_name(base)?;
    let is_field = language.is_none() || field.is_human_readable();
    is_field.then_some((field, language))
}
