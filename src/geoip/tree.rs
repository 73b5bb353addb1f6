//! The search tree of a MaxMind DB, checked before anything walks it.
//!
//! A walk of every network is as long as the tree is large if each node has one way to it. A broken
//! or hostile file can have a hundred nodes and more ways through them than can ever be counted.

use maxminddb::Metadata;

/// Where IPv4 addresses begin in a tree of IPv6 addresses.
const IPV4_DEPTH: u8 = 96;

/// Why a search tree is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TreeFault {
    #[error("the search tree is longer than the file")]
    Truncated,
    #[error("two ways of the search tree lead to node {0}")]
    TwoWays(u32),
    #[error("the search tree goes on at node {0} after the last bit of an address")]
    TooDeep(u32),
}

/// The nodes of a search tree: each has a record for the next bit being 0 and one for 1. A record
/// is another node, or the number of nodes where nothing is known, or more than that: data.
struct Tree<'a> {
    bytes: &'a [u8],
    node_bytes: usize,
    count: u32,
    /// The nodes that a way was found to.
    seen: Vec<bool>,
    /// How many records are data.
    data: usize,
}

/// How many records of the tree lead to data, if it is sound: each node has one way to it, except
/// for the first one of IPv4, which stands for several networks of IPv6, and no way is longer than
/// an address.
///
/// # Errors
/// [`TreeFault`] if it is not.
pub(super) fn check(bytes: &[u8], metadata: &Metadata) -> Result<usize, TreeFault> {
    let node_bytes = usize::from(metadata.record_size / 4);
    let count = metadata.node_count as usize;
    let length = count.checked_mul(node_bytes).ok_or(TreeFault::Truncated)?;
    let mut tree = Tree {
        bytes: bytes.get(..length).ok_or(TreeFault::Truncated)?,
        node_bytes,
        count: metadata.node_count,
        seen: vec![false; count],
        data: 0,
    };
    if metadata.ip_version == 4 {
        tree.walk(0, 32, None)?;
        return Ok(tree.data);
    }
    let ipv4 = tree.ipv4_root()?;
    if let Some(root) = ipv4 {
        tree.walk(root, 32, None)?;
    }
    tree.walk(0, 128, ipv4)?;
    Ok(tree.data)
}

impl Tree<'_> {
    /// The node at which IPv4 addresses begin; `None` if all of them have the same record.
    fn ipv4_root(&self) -> Result<Option<u32>, TreeFault> {
        let mut node = 0;
        for _ in 0..IPV4_DEPTH {
            let [zero, _] = self.records(node)?;
            node = zero;
            if node >= self.count {
                return Ok(None);
            }
        }
        Ok(Some(node))
    }

    /// Goes all ways from `root`, of at most `bits` steps, and none beyond `known`.
    fn walk(&mut self, root: u32, bits: u8, known: Option<u32>) -> Result<(), TreeFault> {
        let mut ahead = vec![(root, bits)];
        while let Some((record, bits)) = ahead.pop() {
            if record >= self.count {
                let is_data = usize::from(record > self.count);
                self.data = self.data.saturating_add(is_data);
                continue;
            }
            if Some(record) == known {
                continue;
            }
            let left = bits.checked_sub(1).ok_or(TreeFault::TooDeep(record))?;
            match self.seen.get_mut(record as usize) {
                Some(seen) if !*seen => *seen = true,
                _ => return Err(TreeFault::TwoWays(record)),
            }
            ahead.extend(self.records(record)?.map(|next| (next, left)));
        }
        Ok(())
    }

    /// The two records of `node`.
    fn records(&self, node: u32) -> Result<[u32; 2], TreeFault> {
        let start = (node as usize).checked_mul(self.node_bytes);
        let rest = start.and_then(|start| self.bytes.get(start..));
        let number = u32::from_be_bytes;
        match rest.and_then(|rest| rest.get(..self.node_bytes)) {
            Some(&[l0, l1, l2, r0, r1, r2]) => {
                Ok([number([0, l0, l1, l2]), number([0, r0, r1, r2])])
            }
            // The byte in the middle holds the first half byte of both.
            Some(&[l0, l1, l2, middle, r0, r1, r2]) => Ok([
                number([middle >> 4, l0, l1, l2]),
                number([middle & 15, r0, r1, r2]),
            ]),
            Some(&[l0, l1, l2, l3, r0, r1, r2, r3]) => {
                Ok([number([l0, l1, l2, l3]), number([r0, r1, r2, r3])])
            }
            _ => Err(TreeFault::Truncated),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_beyond_the_file_is_truncated() {
        for node_bytes in [0, 6, 7, 8, usize::MAX] {
            let tree = Tree {
                bytes: &[0; 16],
                node_bytes,
                count: u32::MAX,
                seen: Vec::new(),
                data: 0,
            };
            for node in [3, u32::MAX] {
                assert_eq!(tree.records(node), Err(TreeFault::Truncated));
            }
        }
    }
}
