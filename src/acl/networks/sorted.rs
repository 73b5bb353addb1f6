//! Networks of one family, sorted for the search.

use std::ops::Range;

/// An address as a number.
pub(super) trait Bits: Copy + Ord {
    const WIDTH: u8;

    /// The first `length` bits, the rest zero.
    fn prefix(self, length: u8) -> Self;

    /// In which part it is, of those of 2 to the power of `shift` addresses each that follow
    /// `first`; `None` before that.
    fn part(self, first: Self, shift: u8) -> Option<usize>;
}

impl Bits for u32 {
    const WIDTH: u8 = 32;

    fn prefix(self, length: u8) -> Self {
        self & Self::MAX
            .checked_shl(u32::from(Self::WIDTH.saturating_sub(length)))
            .unwrap_or(0)
    }

    fn part(self, first: Self, shift: u8) -> Option<usize> {
        let part = self.checked_sub(first)? >> shift;
        Some(usize::try_from(part).unwrap_or(usize::MAX))
    }
}

impl Bits for u128 {
    const WIDTH: u8 = 128;

    fn prefix(self, length: u8) -> Self {
        self & Self::MAX
            .checked_shl(u32::from(Self::WIDTH.saturating_sub(length)))
            .unwrap_or(0)
    }

    fn part(self, first: Self, shift: u8) -> Option<usize> {
        let part = self.checked_sub(first)? >> shift;
        Some(usize::try_from(part).unwrap_or(usize::MAX))
    }
}

/// Disjoint networks of one family, by where they begin.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Sorted<T> {
    starts: Box<[T]>,
    lengths: Box<[u8]>,
    /// For each part, and for the end, how many networks begin before it; empty in a small set.
    index: Box<[u32]>,
    /// How wide a part is, as a power of 2.
    shift: u8,
}

/// Sets below this size are searched as they are: the index would cost more than it saves.
const INDEX_FROM: usize = 64;

/// How many parts an index has for each network, and at most: with more of them most have one network
/// or none, with fewer they stay in the caches.
const PARTS_EACH: usize = 4;
const MAX_PARTS: usize = 1 << 16;

impl<T> Sorted<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }
}

impl<T: Bits> Sorted<T> {
    pub(super) fn new(mut networks: Vec<(T, u8)>) -> Self {
        // Wider networks first where two begin alike, so that the narrower is seen to be within.
        networks.sort_unstable();
        let mut last: Option<(T, u8)> = None;
        networks.retain(|&(start, length)| {
            let within = last.is_some_and(|(outer, width)| start.prefix(width) == outer);
            if !within {
                last = Some((start, length));
            }
            !within
        });
        let starts: Box<[T]> = networks.iter().map(|&(start, _)| start).collect();
        let lengths = networks.iter().map(|&(_, length)| length).collect();
        let (index, shift) = if starts.len() < INDEX_FROM {
            (Box::default(), 0)
        } else {
            index_of(&starts)
        };
        Self {
            starts,
            lengths,
            index,
            shift,
        }
    }

    pub(super) fn contains(&self, address: T) -> bool {
        let candidates = self.candidates(address);
        let first = candidates.start;
        let Some(range) = self.starts.get(candidates) else {
            return false;
        };
        // The network before the candidates may be a wide one that reaches over them.
        let at = first.saturating_add(range.partition_point(|&start| start <= address));
        let Some(at) = at.checked_sub(1) else {
            return false;
        };
        match (self.starts.get(at), self.lengths.get(at)) {
            (Some(&start), Some(&length)) => address.prefix(length) == start,
            _ => false,
        }
    }

    /// Which networks may be the first that begins after `address`: the search is over those.
    fn candidates(&self, address: T) -> Range<usize> {
        let all = 0..self.starts.len();
        let Some(&first) = self.starts.first().filter(|_| !self.index.is_empty()) else {
            return all;
        };
        let Some(part) = address.part(first, self.shift) else {
            return 0..0;
        };
        match (self.index.get(part), self.index.get(part.saturating_add(1))) {
            (Some(&from), Some(&to)) => from as usize..to as usize,
            // After the last part.
            _ => all.end..all.end,
        }
    }

    /// The networks don't overlap, so they cover everything if their sizes add up to it.
    pub(super) fn covers_everything(&self) -> bool {
        // In units of the smallest network, and short of everything by one: all of them would not fit.
        let size = |length: u8| 1_u128.checked_shl(u32::from(T::WIDTH.saturating_sub(length)));
        let all = self
            .lengths
            .iter()
            .try_fold(0_u128, |all, length| all.checked_add(size(*length)?));
        match size(0) {
            Some(whole) => all == Some(whole),
            None => all.is_none(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (T, u8)> + '_ {
        self.starts
            .iter()
            .copied()
            .zip(self.lengths.iter().copied())
    }
}

/// How many of `starts` come before each part, and how wide the parts are: no wider than they have to
/// be to reach from the first to the last.
fn index_of<T: Bits>(starts: &[T]) -> (Box<[u32]>, u8) {
    let (Some(&first), Some(&last)) = (starts.first(), starts.last()) else {
        return (Box::default(), 0);
    };
    let most = starts.len().saturating_mul(PARTS_EACH).min(MAX_PARTS);
    let parts = |shift| {
        last.part(first, shift)
            .map_or(0, |part| part.saturating_add(1))
    };
    let shift = (0..T::WIDTH).find(|&shift| parts(shift) <= most);
    let shift = shift.unwrap_or(T::WIDTH.saturating_sub(1));

    let mut index = Vec::with_capacity(parts(shift).saturating_add(1));
    for (before, start) in (0_u32..).zip(starts) {
        let part = start.part(first, shift).unwrap_or_default();
        // One entry for each part up to this network's, and none if it was there.
        while index.len() <= part {
            index.push(before);
        }
    }
    index.push(u32::try_from(starts.len()).unwrap_or(u32::MAX));
    (index.into_boxed_slice(), shift)
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self {
            starts: Box::default(),
            lengths: Box::default(),
            index: Box::default(),
            shift: 0,
        }
    }
}
