use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A list of names without duplicates, in the order in which they were added, without a heap allocation.
///
/// Its capacity is larger than the number of names that any list of this module has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct OrderedSet<T>([Option<T>; CAPACITY]);

const CAPACITY: usize = 8;

impl<T: Copy + PartialEq> OrderedSet<T> {
    /// Adds `member` at the end, unless the set contains it already.
    pub(super) fn insert(&mut self, member: T) {
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

    /// Whether the set contains `member`.
    pub(super) fn contains(&self, member: T) -> bool {
        self.0.contains(&Some(member))
    }

    /// The members, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().map_while(|slot| *slot)
    }

    /// Whether the set is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl<T: Copy + PartialEq + fmt::Debug> fmt::Debug for OrderedSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Copy> Default for OrderedSet<T> {
    fn default() -> Self {
        Self([None; CAPACITY])
    }
}

impl<T: Copy + PartialEq> FromIterator<T> for OrderedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        let mut set = Self::default();
        members.into_iter().for_each(|member| set.insert(member));
        set
    }
}

impl<T: Copy + PartialEq + Serialize> Serialize for OrderedSet<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Copy + PartialEq + Deserialize<'de>> Deserialize<'de> for OrderedSet<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<T>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_keeps_the_first_of_each_duplicate() {
        let set: OrderedSet<u8> = [3, 1, 3, 2, 1].into_iter().collect();
        assert!(set.iter().eq([3, 1, 2]));
        assert!(set.contains(1) && !set.contains(4));
        assert!(!set.is_empty());
        assert!(OrderedSet::<u8>::default().is_empty());
    }
}
