//! A cluster of three servers.

use std::{sync::Arc, thread, time::Duration};

use oauth_dcr::{conformance, redis::RedisRateLimiter};
use private_servers::{PrivateRedis, free_port};
use redis::cluster::ClusterClient;

use crate::{WAIT_LIMIT, acquire, connection, quota};

pub(crate) const SLOTS: u32 = 16_384;

/// Three servers that know each other and share the slots.
pub(crate) fn cluster() -> Vec<PrivateRedis> {
    let nodes: Vec<_> = (0..3).map(|_| node()).collect();
    share_slots(&nodes);
    nodes
}

fn share_slots(nodes: &[PrivateRedis]) {
    for (node, number) in nodes.iter().zip(0..) {
        let mut connection = connection(node);
        let (first, last) = (number * SLOTS / 3, (number + 1) * SLOTS / 3 - 1);
        let mut slots = redis::cmd("CLUSTER");
        slots.arg("ADDSLOTSRANGE").arg(first).arg(last);
        slots.exec(&mut connection).unwrap();
        let mut epoch = redis::cmd("CLUSTER");
        epoch.arg("SET-CONFIG-EPOCH").arg(number + 1);
        epoch.exec(&mut connection).unwrap();
        meet(node, &nodes[0]);
    }
    await_cluster_of(nodes);
}

/// Makes `node` known to the servers that `other` knows.
fn meet(node: &PrivateRedis, other: &PrivateRedis) {
    // The command needs both ports.
    let mut meet = redis::cmd("CLUSTER");
    meet.arg("MEET").arg("127.0.0.1").arg(other.port());
    let meet = meet.arg(bus_port(other));
    meet.exec(&mut connection(node)).unwrap();
}

/// Waits until each of these servers knows exactly the others.
fn await_cluster_of(nodes: &[PrivateRedis]) {
    let known = format!("cluster_known_nodes:{}", nodes.len());
    let knows_all = |node: &PrivateRedis| {
        let info: String = redis::cmd("CLUSTER")
            .arg("INFO")
            .query(&mut connection(node))
            .unwrap();
        info.contains("cluster_state:ok") && info.contains(&known)
    };
    for _ in 0..600 {
        if nodes.iter().all(knows_all) {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the servers don't find each other");
}

/// One server that knows no other.
fn node() -> PrivateRedis {
    // Without this option the bus port is the port plus 10,000, which may not exist.
    let bus_port = free_port().to_string();
    PrivateRedis::start_with(&["--cluster-enabled", "yes", "--cluster-port", &bus_port])
}

fn bus_port(node: &PrivateRedis) -> u16 {
    let (_, port): (String, u16) = redis::cmd("CONFIG")
        .arg("GET")
        .arg("cluster-port")
        .query(&mut connection(node))
        .unwrap();
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limiter_over_a_cluster_keeps_the_rules() {
    let nodes = cluster();
    let client = ClusterClient::new(nodes.iter().map(PrivateRedis::url)).unwrap();
    let limiter = RedisRateLimiter::from_cluster(client.get_async_connection().await.unwrap());
    let limiter = Arc::new(limiter.wait_at_most(WAIT_LIMIT));
    conformance::rate_limiter(Arc::clone(&limiter)).await;
    for number in 0..60 {
        acquire(&limiter, &format!("tenant-{number}"), quota(1, 60))
            .await
            .unwrap();
    }
    for node in &nodes {
        let keys: u32 = redis::cmd("DBSIZE").query(&mut connection(node)).unwrap();
        assert!(keys > 0, "tenants are on all servers");
    }
}
