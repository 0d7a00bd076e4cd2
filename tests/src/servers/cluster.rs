//! A Redis cluster of three masters that belongs to one test: it moves slots and
//! kills nodes. It is gone when the test ends.

use super::own::Own;
use super::{PATIENCE, eventually, unique};
use redis::FromRedisValue;

/// The first and the last slot of each node, until slots are moved.
const SLOTS: [(u16, u16); 3] = [(0, 5_460), (5_461, 10_922), (10_923, 16_383)];

/// Three masters that share the slots.
pub struct Cluster {
    nodes: Vec<Own>,
    secret: String,
}

impl Cluster {
    /// Starts the nodes, and waits until they agree.
    pub fn start() -> Cluster {
        let secret = unique("cluster");
        let nodes = std::thread::scope(|scope| {
            let starting: Vec<_> = SLOTS.iter().map(|_| scope.spawn(|| Own::redis_node(&secret))).collect();
            let started = starting.into_iter().map(|node| node.join());
            started.map(|node| node.unwrap_or_else(|_| panic!("a node did not start"))).collect()
        });
        let cluster = Cluster { nodes, secret };
        for (node, (first, last)) in SLOTS.iter().enumerate() {
            let () = cluster.ask(node, &["CLUSTER", "SET-CONFIG-EPOCH", &(node + 1).to_string()]);
            let () = cluster.ask(node, &["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
        }
        for node in 1..SLOTS.len() {
            let (host, port) = cluster.place(node);
            let bus: Vec<String> = cluster.ask(node, &["CONFIG", "GET", "cluster-port"]);
            let () = cluster.ask(0, &["CLUSTER", "MEET", host, port, &bus[1]]);
        }
        cluster.wait();
        cluster
    }

    /// Waits until every node finds the cluster whole.
    pub fn wait(&self) {
        let whole = |node| {
            let told: String = self.ask(node, &["CLUSTER", "INFO"]);
            told.contains("cluster_state:ok") && told.contains("cluster_known_nodes:3")
        };
        eventually("the cluster is whole", PATIENCE, || (0..SLOTS.len()).all(whole));
    }

    /// The URL of a node, by which the whole cluster is found.
    pub fn url(&self, node: usize) -> String {
        format!("redis+cluster://:{}@{}/", self.secret, self.nodes[node].address())
    }

    /// A node.
    pub fn node(&self, node: usize) -> &Own {
        &self.nodes[node]
    }

    /// The slot of a key, and the node that has it as long as no slot was moved.
    pub fn place_of(&self, key: &str) -> (u16, usize) {
        let slot: u16 = self.ask(0, &["CLUSTER", "KEYSLOT", key]);
        let node = SLOTS.iter().position(|(first, last)| (*first..=*last).contains(&slot));
        (slot, node.unwrap_or_else(|| panic!("slot {slot}")))
    }

    /// Begins to move a slot, its keys already: who asks for one is sent on, and has
    /// to say that it was (`ASK`).
    pub fn begin_move(&self, slot: u16, from: usize, to: usize) {
        let slot = slot.to_string();
        let () = self.ask(to, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &self.id(from)]);
        let () = self.ask(from, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &self.id(to)]);
        let keys: Vec<String> = self.ask(from, &["CLUSTER", "GETKEYSINSLOT", &slot, "10000"]);
        let (host, port) = self.place(to);
        for key in keys {
            let _: String = self.ask(from, &["MIGRATE", host, port, &key, "0", "10000", "AUTH", &self.secret]);
        }
    }

    /// Tells every node who has the slot now: who asks the old one learns it (`MOVED`).
    pub fn finish_move(&self, slot: u16, from: usize, to: usize) {
        let id = self.id(to);
        for node in [to, from].into_iter().chain((0..SLOTS.len()).filter(|node| ![to, from].contains(node))) {
            let () = self.ask(node, &["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &id]);
        }
    }

    /// What a node answers to a command.
    ///
    /// # Panics
    /// Where it answers with an error, or not at all.
    pub fn ask<T: FromRedisValue>(&self, node: usize, words: &[&str]) -> T {
        let url = format!("redis://:{}@{}/", self.secret, self.nodes[node].address());
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        let answer = redis::Client::open(url).and_then(|client| command.query(&mut client.get_connection()?));
        answer.unwrap_or_else(|error| panic!("{words:?} of node {node}: {error}"))
    }

    fn id(&self, node: usize) -> String {
        self.ask(node, &["CLUSTER", "MYID"])
    }

    fn place(&self, node: usize) -> (&str, &str) {
        self.nodes[node].address().rsplit_once(':').unwrap_or_else(|| panic!("an address"))
    }
}
