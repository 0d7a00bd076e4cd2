//! Shared series in a real cluster: spread over its masters, while a slot moves from
//! one to another, and after one of them was killed.

use crate::lanes::sliding;
use crate::stream::{Dice, HOUR, Record, World, config, open};
use sandgate_model::manifest::Aggregate;
use sandgate_shared::{Config, Lane, Url};
use sandgate_state::Answered;
use sandgate_tests::servers::cluster::Cluster;
use std::collections::BTreeSet;

/// Where the series of a world are: of each its name and its node.
fn series(cluster: &Cluster, world: &World) -> Vec<(String, usize)> {
    let pattern = format!("sandgate:1:{{{}:*", world.tenant);
    let of = |node| cluster.ask::<Vec<String>>(node, &["KEYS", &pattern]).into_iter().map(move |name| (name, node));
    (0..3).flat_map(of).collect()
}

#[test]
fn a_cluster_answers_what_embedded_lanes_do_while_slots_move_and_after_a_master_was_killed() {
    let cluster = Cluster::start();
    let store = open(config(&cluster.url(0)));
    let mut dice = Dice::new(7);
    let world = World::new(&dice.windows());
    let (embedded, shared) = (world.embedded(), Lane::new(store.clone(), 3));
    let records = dice.records(600);
    let mut moved = None;
    let mut answered = 0;
    for (number, batch) in (0..).zip(dice.cut(&records, 40)) {
        // every few batches a slot begins to move, and a few batches later it is elsewhere
        match (number % 6, moved) {
            (3, None) => {
                let all = series(&cluster, &world);
                let (name, from) = &all[dice.below(all.len() as u64) as usize];
                let (slot, home) = cluster.place_of(name);
                if *from == home {
                    moved = Some((slot, home, (home + 1) % 3));
                    cluster.begin_move(slot, home, (home + 1) % 3);
                }
            }
            (0, Some((slot, from, to))) => {
                cluster.finish_move(slot, from, to);
                assert!(series(&cluster, &world).iter().any(|(_, node)| *node == to));
                moved = None;
            }
            _ => {}
        }
        let [expected, told] = world.pass((&embedded, number), (&shared, number), batch);
        assert_eq!(told, expected, "batch {number}");
        answered += told.len();
        embedded.commit(number);
        shared.committed(number);
    }
    assert_eq!(answered, records.len());
    // fifteen series, by a name of this run alone: all three masters is likely and not sure
    let nodes: BTreeSet<usize> = series(&cluster, &world).into_iter().map(|(_, node)| node).collect();
    assert!(nodes.len() > 1, "{nodes:?}");

    // the node that the configuration names is killed: the others say who has what
    let world = World::new(&[sliding(Aggregate::Count, None, HOUR)]);
    let lane = Lane::new(store, 0);
    cluster.node(0).kill();
    cluster.node(0).restart();
    for (number, device) in (0..).zip(["a", "b", "c", "d", "e", "f"]) {
        let record = Record::plain(number, number as i64, device, 1);
        assert_eq!(world.ask(&lane, number, &[record])[0], [Answered::Integer(1)], "{device}");
    }
}

#[test]
fn several_nodes_may_be_named_and_some_of_them_be_gone() {
    let cluster = Cluster::start();
    let urls = [0, 1].map(|node| Url::parse(&cluster.url(node)).unwrap());
    let gone = Url::parse(&cluster.url(0).replace(cluster.node(0).address(), "127.0.0.1:1")).unwrap();
    let config = Config { urls: [vec![gone], urls.to_vec()].concat(), ..config(&cluster.url(0)) };
    let world = World::new(&[sliding(Aggregate::Count, None, HOUR)]);
    let lane = Lane::new(open(config), 0);
    assert_eq!(world.ask(&lane, 0, &[Record::plain(0, 0, "d", 1)])[0], [Answered::Integer(1)]);
}
