//! The declared paths of a schema as a tree of keys.

use sandgate_model::schema::Field;

/// The declared keys of one object.
#[derive(Debug)]
pub(super) struct Node {
    edges: Vec<Edge>,
    /// The first edge of each bucket, as its index plus one.
    buckets: [u16; Node::BUCKETS],
}

/// One declared key.
#[derive(Debug)]
pub(super) struct Edge {
    key: Box<str>,
    /// Where its value is noted: the field's index, or a place behind all fields
    /// for an object that a path leads through.
    pub(super) slot: usize,
    /// The object that a path leads into; `None` at its end.
    pub(super) into: Option<usize>,
    /// The next edge of the same bucket, as its index plus one.
    next: u16,
}

/// The tree: node 0 is the record's own object.
#[derive(Debug)]
pub(super) struct Paths {
    nodes: Vec<Node>,
    /// How many slots a record needs.
    pub(super) slots: usize,
}

impl Paths {
    /// The tree of these fields' paths, of which none leads through another
    /// (a checked schema has no others).
    pub(super) fn new(fields: &[Field]) -> Paths {
        let mut paths = Paths { nodes: vec![Node::new()], slots: fields.len() };
        for (slot, field) in fields.iter().enumerate() {
            let mut node = 0;
            if let Some((last, through)) = field.path.split_last() {
                for key in through {
                    node = paths.object(node, key);
                }
                paths.nodes[node].add(last, slot, None);
            }
        }
        paths
    }

    /// The object that the key leads into, made if it is not there yet.
    fn object(&mut self, node: usize, key: &str) -> usize {
        if let Some(into) = self.nodes[node].edge(key).and_then(|edge| edge.into) {
            return into;
        }
        let into = self.nodes.len();
        self.nodes[node].add(key, self.slots, Some(into));
        self.nodes.push(Node::new());
        self.slots += 1;
        into
    }

    #[inline]
    pub(super) fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }
}

impl Node {
    /// Enough that most keys which are not declared meet an empty bucket.
    const BUCKETS: usize = 64;

    fn new() -> Node {
        Node { edges: Vec::new(), buckets: [0; Node::BUCKETS] }
    }

    fn add(&mut self, key: &str, slot: usize, into: Option<usize>) {
        let bucket = Node::bucket(key);
        self.edges.push(Edge { key: key.into(), slot, into, next: self.buckets[bucket] });
        self.buckets[bucket] = u16::try_from(self.edges.len()).unwrap_or(u16::MAX);
    }

    /// The edge of that key.
    #[inline]
    pub(super) fn edge(&self, key: &str) -> Option<&Edge> {
        let mut next = self.buckets[Node::bucket(key)];
        while next != 0 {
            let edge = &self.edges[usize::from(next - 1)];
            if *edge.key == *key {
                return Some(edge);
            }
            next = edge.next;
        }
        None
    }

    /// Keys differ in length, first and last letter more often than not, and
    /// looking at those costs less than hashing them whole.
    #[inline]
    fn bucket(key: &str) -> usize {
        let (first, last) = match key.as_bytes() {
            [first, .., last] => (usize::from(*first), usize::from(*last)),
            [only] => (usize::from(*only), 0),
            [] => (0, 0),
        };
        (key.len() * 11 + first * 5 + last) % Node::BUCKETS
    }
}
