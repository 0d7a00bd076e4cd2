//! The shared Redis and PostgreSQL.

use sandgate_tests::servers::{database, postgres, redis, sql, unique};

#[test]
fn redis_knows_its_password() {
    let client = redis::Client::open(redis()).unwrap_or_else(|error| panic!("{error}"));
    let mut connection = client.get_connection().unwrap_or_else(|error| panic!("{error}"));
    let key = unique("key");
    let _: () = redis::cmd("SET").arg(&key).arg(7).arg("EX").arg(60).query(&mut connection).expect("set");
    let value: i64 = redis::cmd("GET").arg(&key).query(&mut connection).expect("get");
    assert_eq!(value, 7);

    let behind = redis().rsplit_once('@').expect("a password").1;
    assert!(redis::Client::open(format!("redis://:wrong@{behind}")).expect("a URL").get_connection().is_err());
    assert!(
        redis::Client::open(format!("redis://{behind}"))
            .expect("a URL")
            .get_connection()
            .and_then(|mut open| { redis::cmd("GET").arg(&key).query::<Option<String>>(&mut open) })
            .is_err()
    );
}

#[test]
fn database_is_empty_and_of_its_own() {
    let [one, other] = [database(), database()];
    sql(&one, "CREATE TABLE tags (id text PRIMARY KEY); INSERT INTO tags VALUES ('A')");
    assert_eq!(sql(&one, "SELECT id FROM tags"), "A");
    assert_eq!(sql(&other, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
}

#[test]
#[should_panic(expected = "password authentication failed")]
fn postgres_knows_its_password() {
    let (scheme, rest) = postgres().split_once("://").expect("a URL");
    let behind = rest.rsplit_once('@').expect("a password").1;
    sql(&format!("{scheme}://sandgate:wrong@{behind}"), "SELECT 1");
}
