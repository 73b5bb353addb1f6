use std::collections::{BTreeMap, HashMap};

use redis::{FromRedisValue as _, RedisResult, Value, cluster::NodeAddress};

/// Which server has which slots of a cluster.
#[derive(Debug, Default)]
pub(super) struct Topology {
    /// By the last slot of each range: the first slot, and the range's server.
    ranges: BTreeMap<u16, (u16, NodeAddress)>,
    /// What a server has said of single slots since.
    moved: HashMap<u16, NodeAddress>,
}

impl Topology {
    /// What `CLUSTER SLOTS` answers. A server that doesn't know its own host is at the one that was `asked`.
    ///
    /// # Errors
    /// If that is no such answer.
    pub(super) fn read(answer: Value, asked: &NodeAddress) -> RedisResult<Self> {
        let rows = Vec::<Vec<Value>>::from_redis_value(answer)?;
        let mut ranges = BTreeMap::new();
        for row in rows {
            let [first, last, primary, ..] = row.as_slice() else {
                continue;
            };
            let first = u16::from_redis_value_ref(first)?;
            let last = u16::from_redis_value_ref(last)?;
            let primary = Vec::<Value>::from_redis_value_ref(primary)?;
            let [host, port, ..] = primary.as_slice() else {
                continue;
            };
            let host = Option::<String>::from_redis_value_ref(host)?.unwrap_or_default();
            let port = u16::from_redis_value_ref(port)?;
            if let Some(address) = known(&host, port, asked) {
                ranges.insert(last, (first, address));
            }
        }
        let moved = HashMap::new();
        Ok(Self { ranges, moved })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The server of `slot`, if one is known.
    pub(super) fn server_of(&self, slot: u16) -> Option<&NodeAddress> {
        let (first, address) = self.ranges.range(slot..).next()?.1;
        self.moved
            .get(&slot)
            .or_else(|| (*first <= slot).then_some(address))
    }

    /// Remembers that `slot` is at `address` now.
    pub(super) fn moved(&mut self, slot: u16, address: NodeAddress) {
        self.moved.insert(slot, address);
    }

    /// All servers that have slots.
    pub(super) fn servers(&self) -> impl Iterator<Item = &NodeAddress> {
        self.ranges.values().map(|(_, address)| address)
    }
}

/// The server that `to`, such as `10.0.0.1:6379`, names in an answer of the server that was `asked`.
pub(super) fn redirected(to: &str, asked: &NodeAddress) -> Option<NodeAddress> {
    let (host, port) = to.rsplit_once(':')?;
    known(host, port.parse().ok()?, asked)
}

/// An empty host is the host of the server that was asked, and `?` an unknown one.
fn known(host: &str, port: u16, asked: &NodeAddress) -> Option<NodeAddress> {
    match host {
        "" => Some(NodeAddress::new(asked.host(), port)),
        "?" => None,
        host => Some(NodeAddress::new(host, port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str) -> RedisResult<Topology> {
        let answer = redis::parse_redis_value(answer.as_bytes()).unwrap();
        Topology::read(answer, &NodeAddress::new("asked", 1))
    }

    fn server_of(topology: &Topology, slot: u16) -> Option<String> {
        topology.server_of(slot).map(ToString::to_string)
    }

    #[test]
    fn each_slot_has_the_primary_of_its_range() {
        let topology = read(
            "*2\r\n*4\r\n:0\r\n:99\r\n*2\r\n$1\r\na\r\n:7\r\n*2\r\n$1\r\nr\r\n:8\r\n\
             *3\r\n:200\r\n:16383\r\n*2\r\n$1\r\nb\r\n:9\r\n",
        );
        let mut topology = topology.unwrap();
        for (slot, server) in [
            (0, Some("a:7")),
            (99, Some("a:7")),
            (100, None),
            (199, None),
            (200, Some("b:9")),
            (16_383, Some("b:9")),
        ] {
            assert_eq!(server_of(&topology, slot).as_deref(), server, "{slot}");
        }
        topology.moved(99, NodeAddress::new("c", 5));
        assert_eq!(server_of(&topology, 99).unwrap(), "c:5");
        assert_eq!(server_of(&topology, 98).unwrap(), "a:7");
    }

    #[test]
    fn a_missing_host_is_the_host_that_was_asked() {
        for host in ["$0\r\n\r\n", "$-1\r\n", "_\r\n"] {
            let answer = format!("*1\r\n*3\r\n:0\r\n:9\r\n*2\r\n{host}:7\r\n");
            let topology = read(&answer).unwrap();
            assert_eq!(server_of(&topology, 5).unwrap(), "asked:7", "{host:?}");
        }
        let asked = NodeAddress::new("asked", 1);
        assert_eq!(redirected(":7", &asked).unwrap().to_string(), "asked:7");
        assert_eq!(redirected("b:7", &asked).unwrap().to_string(), "b:7");
        assert_eq!(redirected("::1:7", &asked).unwrap().host(), "::1");
    }

    #[test]
    fn what_names_no_server_is_left_out_or_refused() {
        let unknown = read("*1\r\n*3\r\n:0\r\n:9\r\n*2\r\n$1\r\n?\r\n:7\r\n").unwrap();
        assert!(unknown.is_empty());
        assert!(read("*0\r\n").unwrap().is_empty());
        assert!(read("*1\r\n*1\r\n:0\r\n").unwrap().is_empty());
        assert!(read("+OK\r\n").is_err());
        let asked = NodeAddress::new("asked", 1);
        for to in ["", "b", "b:", "b:x", "?:7"] {
            assert!(redirected(to, &asked).is_none(), "{to:?}");
        }
    }
}
