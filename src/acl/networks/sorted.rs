//! Sorted networks of one address family.

use std::ops::Range;

/// An address as a number.
pub(super) trait Bits: Copy + Ord {
    const WIDTH: u8;

    /// The first `length` bits. The other bits become zero.
    fn prefix(self, length: u8) -> Self;

    /// The number of the part that has this address. The parts begin at `first`, and each has 2 to the
    /// power of `shift` addresses. The result is `None` if the address is before `first`.
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

/// Disjoint networks of one address family, sorted by their first address.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Sorted<T> {
    starts: Box<[T]>,
    lengths: Box<[u8]>,
    /// For each part and for the end of the last part: the number of networks that begin before it. Small
    /// sets have no index.
    index: Box<[u32]>,
    /// The width of a part, as a power of 2.
    shift: u8,
}

/// The size from which a set has an index. In smaller sets, the index would cost more than it saves.
const INDEX_FROM: usize = 64;

/// The number of parts for each network. It is large enough that most parts have at most one network.
const PARTS_EACH: usize = 4;

/// The largest number of parts. It is small enough that the index fits into the CPU's caches.
const MAX_PARTS: usize = 1 << 16;

impl<T> Sorted<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }
}

impl<T: Bits> Sorted<T> {
    pub(super) fn new(mut networks: Vec<(T, u8)>) -> Self {
        // If two networks begin at the same address, the wider network comes first, so that the narrower
        // network is found to be inside it.
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
        // The address can also be in the network before the candidates, if that network is wide.
        let at = first.saturating_add(range.partition_point(|&start| start <= address));
        let Some(at) = at.checked_sub(1) else {
            return false;
        };
        match (self.starts.get(at), self.lengths.get(at)) {
            (Some(&start), Some(&length)) => address.prefix(length) == start,
            _ => false,
        }
    }

    /// The range of networks in which to search for the first network that begins after `address`.
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
            // The address is after the last part.
            _ => all.end..all.end,
        }
    }

    /// Whether the networks contain every address. They do not overlap, so it is enough to add up their
    /// sizes.
    pub(super) fn covers_everything(&self) -> bool {
        // The number of all IPv6 addresses does not fit into 128 bits, so there the sum must overflow.
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

/// The index of `starts`, and the width of its parts as a power of 2. The parts are as narrow as possible,
/// while the largest allowed number of parts reaches from the first network to the last.
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
        // Adds an entry for each part up to the part of this network, if the part has no entry yet.
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
