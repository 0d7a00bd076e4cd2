//! Servers of this program alone, because it stops them: started when a seed asks
//! for them first, and the same for all later ones.

use sandgate_tests::proxy::{Proxy, address};
use sandgate_tests::servers::own::Own;
use sandgate_tests::servers::postgres;
use std::cell::OnceCell;

/// The servers, each behind a proxy.
#[derive(Default)]
pub(crate) struct Servers {
    broker: OnceCell<(Own, Proxy)>,
    redis: OnceCell<(Own, Proxy)>,
    /// To the database that all tests share.
    database: OnceCell<Proxy>,
}

impl Servers {
    /// A broker whose clients reach it through its proxy only.
    pub(crate) fn broker(&self) -> &(Own, Proxy) {
        self.broker.get_or_init(Own::kafka_behind_proxy)
    }

    fn redis(&self) -> &(Own, Proxy) {
        self.redis.get_or_init(|| {
            let own = Own::redis();
            let proxy = Proxy::to(own.address());
            (own, proxy)
        })
    }

    /// The URL of Redis through its proxy.
    pub(crate) fn redis_url(&self) -> String {
        let (own, proxy) = self.redis();
        own.url_through(proxy)
    }

    /// What stands before Redis.
    pub(crate) fn redis_proxy(&self) -> &Proxy {
        &self.redis().1
    }

    /// What stands before PostgreSQL.
    pub(crate) fn database_proxy(&self) -> &Proxy {
        self.database.get_or_init(|| Proxy::to(address(postgres())))
    }

    /// The URL of a database through its proxy.
    pub(crate) fn through_database(&self, url: &str) -> String {
        self.database_proxy().through(url)
    }
}
