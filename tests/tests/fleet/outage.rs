//! What happens to the servers that a fleet stands on.

use crate::condition::Kind;
use crate::run::Run;
use sandgate_tests::proxy::Manner;
use sandgate_tests::servers::rest;
use std::time::Duration;

/// A server fails for a while. Payments go in meanwhile, where they can.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outage {
    /// The broker is killed and started again.
    BrokerKilled,
    /// Nothing passes between the broker and anybody: what became of commits is unknown.
    BrokerSilent,
    /// All connections to the broker are cut, again and again.
    BrokerCut,
    /// The broker answers late.
    BrokerSlow,
    /// Nobody answers for Redis.
    RedisGone,
    /// Redis answers late.
    RedisSlow,
    /// Nobody answers for PostgreSQL.
    DatabaseGone,
    /// PostgreSQL answers late.
    DatabaseSlow,
    /// Nobody answers for either.
    BothGone,
}

impl Outage {
    pub(crate) const ALL: [Outage; 9] = [
        Outage::BrokerKilled,
        Outage::BrokerSilent,
        Outage::BrokerCut,
        Outage::BrokerSlow,
        Outage::RedisGone,
        Outage::RedisSlow,
        Outage::DatabaseGone,
        Outage::DatabaseSlow,
        Outage::BothGone,
    ];

    pub(crate) fn words(self) -> &'static str {
        match self {
            Outage::BrokerKilled => "brokers killed and started again",
            Outage::BrokerSilent => "brokers silent for a while",
            Outage::BrokerCut => "brokers cut off again and again",
            Outage::BrokerSlow => "brokers slow",
            Outage::RedisGone => "Redis gone",
            Outage::RedisSlow => "Redis slow",
            Outage::DatabaseGone => "PostgreSQL gone",
            Outage::DatabaseSlow => "PostgreSQL slow",
            Outage::BothGone => "Redis and PostgreSQL gone",
        }
    }

    /// What may happen to the servers of such a fleet in the midst of its run.
    pub(crate) fn of(kind: Kind) -> &'static [Outage] {
        match kind {
            Kind::Broker => &[Outage::BrokerKilled, Outage::BrokerSilent, Outage::BrokerCut, Outage::BrokerSlow],
            Kind::Tags => &[Outage::BothGone, Outage::RedisGone, Outage::DatabaseGone, Outage::DatabaseSlow],
            Kind::Waits => &[Outage::RedisGone, Outage::RedisSlow],
            // without Redis only at the end: a host that ends meanwhile takes events with it that wait for Redis
            Kind::Decides => &[Outage::RedisSlow],
            Kind::Plain | Kind::Traps | Kind::Topics | Kind::Sooner => &[],
        }
    }

    /// It comes, lasts for a portion and a while, and goes.
    pub(crate) fn strike(self, run: &mut Run<'_>) {
        let servers = run.servers;
        match self {
            Outage::BrokerKilled => {
                let (own, _) = servers.broker();
                run.feed();
                run.rest_below(100);
                own.kill();
                run.kill_now_and_then();
                own.restart();
            }
            Outage::BrokerSilent => {
                let (_, proxy) = servers.broker();
                run.feed();
                run.rest_below(100);
                proxy.set(Manner::Silent);
                // a moment, longer than a request, longer than a session
                let while_ms = [300, 3_000, 8_000][run.chance.below(3) as usize];
                rest(Duration::from_millis(while_ms / 2));
                run.kill_now_and_then();
                rest(Duration::from_millis(while_ms / 2));
                proxy.set(Manner::Pass);
            }
            Outage::BrokerCut => {
                let (_, proxy) = servers.broker();
                run.feed();
                for _ in 0..10 {
                    run.rest_below(150);
                    proxy.cut();
                }
            }
            Outage::BrokerSlow => {
                let (_, proxy) = servers.broker();
                proxy.set(Manner::Delay(Duration::from_millis(10 + run.chance.below(90))));
                run.feed();
                run.kill_now_and_then();
                run.rest_below(1_000);
                proxy.set(Manner::Pass);
            }
            Outage::RedisGone | Outage::RedisSlow | Outage::DatabaseGone | Outage::DatabaseSlow | Outage::BothGone => {
                let slow = matches!(self, Outage::RedisSlow | Outage::DatabaseSlow);
                let manner = if slow {
                    Manner::Delay(Duration::from_millis(10 + run.chance.below(190)))
                } else {
                    Manner::Refuse
                };
                self.set(run, manner);
                run.feed();
                run.rest_below(1_500);
                run.kill_now_and_then();
                run.rest_below(1_500);
                self.set(run, Manner::Pass);
            }
        }
    }

    /// It comes, lasts until a portion is decided all the same, and goes.
    pub(crate) fn strike_and_wait(self, run: &mut Run<'_>) {
        self.set(run, Manner::Refuse);
        run.feed();
        run.wait_for_all();
        self.set(run, Manner::Pass);
    }

    fn set(self, run: &Run<'_>, manner: Manner) {
        if !matches!(self, Outage::DatabaseGone | Outage::DatabaseSlow) {
            run.servers.redis_proxy().set(manner);
        }
        if matches!(self, Outage::DatabaseGone | Outage::DatabaseSlow | Outage::BothGone) {
            run.servers.database_proxy().set(manner);
        }
    }
}
