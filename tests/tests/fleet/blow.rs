//! What happens to hosts and to what they are fed, at moments that chance chooses.
//! After each blow at least one host runs.

use crate::run::{PATIENCE, Run};
use rdkafka::producer::Producer as _;
use sandgate_tests::servers::rest;
use sandgate_tests::servers::topic::Record;
use std::time::Duration;

/// A blow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Blow {
    /// `kill -9` in the midst of its work; it comes back under its name, or another host comes.
    Kill,
    /// `kill -9` between two steps of a commit: some milliseconds behind a feed.
    KillInCommit,
    /// `kill -9` while it starts, joins, and takes over.
    KillInStart,
    /// `kill -9` of a host that was asked to end.
    KillInDrain,
    /// `kill -9` of a host, and of the one that takes over from it.
    KillSuccessor,
    /// A host is asked to end, and starts again.
    Stop,
    /// A host is asked to end, and others take over.
    Leave,
    /// Another host joins.
    Join,
    /// Two more hosts join while a batch is in flight, and one of them leaves.
    JoinTwo,
    /// A host stands still until others have taken over, and wants to go on.
    Freeze,
    /// Somebody takes a host's transactional id: its commit is aborted.
    Fence,
    /// A commit that is open in the changelog while a lane is taken over.
    OpenCommit,
    /// The producer sends again what it has sent.
    Again,
    /// Records that nobody can use, among them those that no file can hold.
    Poison,
}

impl Blow {
    pub(crate) const ALL: [Blow; 14] = [
        Blow::Kill,
        Blow::Join,
        Blow::KillInCommit,
        Blow::Freeze,
        Blow::Fence,
        Blow::KillSuccessor,
        Blow::Poison,
        Blow::Leave,
        Blow::KillInDrain,
        Blow::OpenCommit,
        Blow::Again,
        Blow::KillInStart,
        Blow::JoinTwo,
        Blow::Stop,
    ];

    pub(crate) fn words(self) -> &'static str {
        match self {
            Blow::Kill => "hosts killed at work",
            Blow::KillInCommit => "hosts killed in a commit",
            Blow::KillInStart => "hosts killed in their start",
            Blow::KillInDrain => "hosts killed in their drain",
            Blow::KillSuccessor => "successors killed",
            Blow::Stop => "hosts stopped and started",
            Blow::Leave => "hosts that left",
            Blow::Join => "hosts that joined",
            Blow::JoinTwo => "pairs of hosts that joined",
            Blow::Freeze => "hosts frozen",
            Blow::Fence => "hosts fenced",
            Blow::OpenCommit => "foreign commits left open",
            Blow::Again => "portions sent again",
            Blow::Poison => "portions of poison",
        }
    }

    /// Feeds a portion and strikes.
    pub(crate) fn strike(self, run: &mut Run<'_>) {
        run.feed();
        match self {
            Blow::KillInCommit | Blow::JoinTwo | Blow::Fence => {}
            _ => run.wait_for_some(),
        }
        let host = run.some_host();
        match self {
            Blow::Kill => {
                run.fleet.kill(&host);
                run.back_or_another(&host);
            }
            Blow::KillInCommit => {
                run.rest_below(60);
                run.fleet.kill(&host);
                run.back_or_another(&host);
            }
            Blow::KillInStart => {
                run.fleet.kill(&host);
                for _ in 0..2 {
                    run.fleet.start(&host);
                    run.rest_below(800);
                    run.fleet.kill(&host);
                }
                run.fleet.start(&host);
            }
            Blow::KillInDrain => {
                run.feed_some();
                run.fleet.ask_to_end(&host);
                run.rest_below(150);
                run.fleet.kill(&host);
                run.back_or_another(&host);
            }
            Blow::KillSuccessor => {
                let successor = run.second(&host);
                run.fleet.kill(&host);
                // until the group has missed it, and the other takes over
                run.rest_below(9_000);
                run.fleet.kill(&successor);
                run.back_or_another(&host);
            }
            Blow::Stop => {
                run.stop(&host);
                run.fleet.start(&host);
            }
            Blow::Leave => {
                run.second(&host);
                run.stop(&host);
            }
            Blow::Join => run.join(),
            Blow::JoinTwo => {
                run.join();
                run.join();
                run.rest_below(3_000);
                let leaving = run.some_host();
                run.stop(&leaving);
            }
            Blow::Freeze => {
                run.second(&host);
                // its session ends and others take over; then it wants to go on
                run.fleet.freeze(&host);
                let left = run.fleet.hosts().len() - 1;
                run.fleet.group().wait_for_members(left, PATIENCE);
                run.rest_below(2_000);
                run.fleet.thaw(&host);
            }
            Blow::Fence => {
                for _ in 0..3 {
                    run.rest_below(100);
                    let id = format!("{}-{host}-0-{}", run.fleet.name(), run.chance.below(2));
                    drop(run.fleet.intruder(&id));
                }
            }
            Blow::OpenCommit => {
                let partition = run.some_partition();
                let open = run.fleet.open_commit(partition);
                run.fleet.kill(&host);
                run.back_or_another(&host);
                run.feed_some();
                run.rest_below(4_000);
                let aborted = open.abort_transaction(Duration::from_secs(30));
                aborted.unwrap_or_else(|error| panic!("the open commit: {error}"));
            }
            Blow::Again => run.feed_again(),
            Blow::Poison => poison(run),
        }
        // more than three would only wait for partitions
        if run.fleet.hosts().len() > 3 {
            let host = run.some_host();
            run.stop(&host);
        }
        rest(Duration::from_millis(run.chance.below(2) * 200));
    }
}

/// One of each that no file can hold.
fn poison(run: &mut Run<'_>) {
    let number = run.fleet.sent();
    let lying = format!(
        "{{\"transaction_id\":\"lie-{number}\",\"account_id\":\"a\",\"timestamp\":1774735200000,\"price\":\"1.00\"}}"
    );
    let all = [
        (Record { value: None, ..Record::new("a", "") }, "not-json"),
        (Record::new("a", Vec::new()), "not-json"),
        (Record::new("a", vec![0xff; 100]), "utf-8"),
        (Record::new("a", format!("{{\"transaction_id\":\"{}\"}}", "x".repeat(200_000))), "size"),
        (Record::new("b", lying.clone()), "key"),
        (Record { key: None, ..Record::new("", lying) }, "key"),
    ];
    for (record, cause) in all {
        let partition = run.some_partition();
        run.fleet.poison(partition, record, cause);
    }
}
