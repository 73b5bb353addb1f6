use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::types::{
    grant_type::GrantType, response_type::ResponseType,
    token_endpoint_auth_method::TokenEndpointAuthMethod,
};

/// Different words of one list, in the order in which they came, without a heap allocation.
///
/// It has room for more words than any list of this module has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OrderedSet<T>([Option<T>; CAPACITY]);

const CAPACITY: usize = 8;

/// A word of one of the closed lists of this crate.
pub trait Word: Copy + PartialEq + sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for GrantType {}
impl sealed::Sealed for ResponseType {}
impl sealed::Sealed for TokenEndpointAuthMethod {}

impl Word for GrantType {}
impl Word for ResponseType {}
impl Word for TokenEndpointAuthMethod {}

impl<T: Word> OrderedSet<T> {
    /// The set with no members.
    pub const fn new() -> Self {
        Self([None; CAPACITY])
    }

    /// Adds `member` at the end, unless it is there already.
    pub fn insert(&mut self, member: T) {
        for slot in &mut self.0 {
            match slot {
                Some(known) if *known == member => return,
                Some(_) => {}
                None => {
                    *slot = Some(member);
                    return;
                }
            }
        }
    }

    /// Whether `member` is in the set.
    pub fn contains(&self, member: T) -> bool {
        self.0.contains(&Some(member))
    }

    /// The members, in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().map_while(|slot| *slot)
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl<T: Word + fmt::Debug> fmt::Debug for OrderedSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Word> Default for OrderedSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Word> FromIterator<T> for OrderedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        let mut set = Self::new();
        members.into_iter().for_each(|member| set.insert(member));
        set
    }
}

impl<T: Word + Serialize> Serialize for OrderedSet<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Word + Deserialize<'de>> Deserialize<'de> for OrderedSet<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<T>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::security_mode::SecurityMode;

    #[test]
    fn a_set_keeps_the_first_of_each_in_order() {
        use GrantType::{AuthorizationCode, DeviceCode, Implicit, RefreshToken};
        let given = [
            RefreshToken,
            Implicit,
            RefreshToken,
            AuthorizationCode,
            Implicit,
        ];
        let set: OrderedSet<GrantType> = given.into_iter().collect();
        assert!(set.iter().eq([RefreshToken, Implicit, AuthorizationCode]));
        assert!(set.contains(Implicit) && !set.contains(DeviceCode));
        assert!(OrderedSet::<GrantType>::new().is_empty());
        let all = ResponseType::allowed_in(SecurityMode::Permissive);
        let whole: OrderedSet<ResponseType> = all.iter().copied().collect();
        assert_eq!(whole.iter().count(), all.len());
    }
}
