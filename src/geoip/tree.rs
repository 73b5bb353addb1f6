//! Checks the search tree of a MaxMind DB before anything walks it.
//!
//! If there is only one path to each node, a walk of all networks takes as many steps as the tree has nodes. A broken or
//! hostile file can have a hundred nodes with more paths through them than can ever be counted.

use maxminddb::Metadata;

/// The depth at which IPv4 addresses begin in a tree of IPv6 addresses.
const IPV4_DEPTH: u8 = 96;

/// Why a search tree is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TreeFault {
    #[error("the search tree is longer than the file")]
    Truncated,
    #[error("two paths of the search tree lead to node {0}")]
    TwoPaths(u32),
    #[error("the search tree continues at node {0} after the last bit of an address")]
    TooDeep(u32),
}

/// The nodes of a search tree. Each node has two records: for the next bit 0, and for the next bit 1. A record is the
/// number of another node. If it equals the number of nodes, nothing is known. If it is greater, it leads to data.
struct Tree<'a> {
    bytes: &'a [u8],
    node_bytes: usize,
    count: u32,
    /// The nodes to which a path was found.
    seen: Vec<bool>,
    /// The number of records that lead to data.
    data: usize,
}

/// Checks the tree, and returns how many records lead to data.
///
/// Each node must have only one path to it, except for the first node of IPv4, which stands for several networks of IPv6.
/// No path may be longer than an address.
///
/// # Errors
/// [`TreeFault`] if the tree is invalid.
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
    /// The node at which IPv4 addresses begin. `None` if all IPv4 addresses have the same record.
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

    /// Walks all paths from `root`, with at most `bits` steps. Does not walk beyond the node `known`.
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
            let remaining = bits.checked_sub(1).ok_or(TreeFault::TooDeep(record))?;
            match self.seen.get_mut(record as usize) {
                Some(seen) if !*seen => *seen = true,
                _ => return Err(TreeFault::TwoPaths(record)),
            }
            ahead.extend(self.records(record)?.map(|next| (next, remaining)));
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
            // The byte in the middle contains the first four bits of both records.
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
