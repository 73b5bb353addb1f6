use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A setting of the JSON whose feature this version does not have: it can be read and written with
/// its default only, so that nobody relies on a protection that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OnlyDefault<T>(PhantomData<T>);

impl<T> Default for OnlyDefault<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Default + Serialize> Serialize for OnlyDefault<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::default().serialize(serializer)
    }
}

impl<'de, T: Default + PartialEq + Deserialize<'de>> Deserialize<'de> for OnlyDefault<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if T::deserialize(deserializer)? == T::default() {
            Ok(Self::default())
        } else {
            Err(D::Error::custom(
                "this version supports the default of this setting only",
            ))
        }
    }
}
