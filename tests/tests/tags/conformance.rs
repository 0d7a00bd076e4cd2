//! What every store of tags promises, asked of each: the two databases by
//! themselves, and the cascades over them with and without Redis.

use crate::{LONG, config, level, postgres, redis};
use sandgate_tags::database::{CHANGES_MAX, Database, Name, Since};
use sandgate_tags::writer::{Writer, reader};
use sandgate_tags::{Answer, Config, Location, Store, Tag, Wanted};
use sandgate_tests::servers::unique;
use std::sync::Arc;
use tempfile::TempDir;

/// Databases to ask, with what must stay while they are asked.
fn databases() -> Vec<(Location, Option<TempDir>)> {
    let folder = tempfile::tempdir().unwrap();
    let file = Location::Sqlite(folder.path().join("tags.db"));
    vec![(file, Some(folder)), (postgres(), None)]
}

fn load(sql: &Location, tags: &[Tag<'_>]) {
    let mut loading = Writer::open(sql).unwrap().load().unwrap();
    tags.iter().for_each(|tag| loading.put(*tag).unwrap());
    loading.commit().unwrap();
}

/// A database behind the seam, as it is.
struct Bare(Box<dyn Database>);

impl Store for Bare {
    fn look_up(&self, wanted: &[Wanted<'_>], found: &mut Vec<Answer>) {
        let mut values = Vec::new();
        self.0.look_up(wanted, LONG, &mut values).unwrap();
        found.clear();
        found.extend(values.into_iter().map(Answer::of));
    }
}

/// Every store over a database.
fn stores(sql: &Location) -> Vec<(&'static str, Box<dyn Store>)> {
    let plain = config(sql.clone());
    let shared = Config { redis: redis(), ..plain.clone() };
    let full = Config { filter_max: 1 << 20, warm_max: 1_000, ..shared.clone() };
    vec![
        ("the database", Box::new(Bare(reader(sql).unwrap()))),
        ("the cascade", Box::new(sandgate_tags::open(&plain).unwrap())),
        ("the cascade with Redis", Box::new(sandgate_tags::open(&shared).unwrap())),
        // the second one finds what the first has written to Redis
        ("the cascade with Redis, again", Box::new(sandgate_tags::open(&shared).unwrap())),
        ("the cascade with a filter and a warm cache", Box::new(sandgate_tags::open(&full).unwrap())),
    ]
}

#[test]
fn every_text_comes_back_as_it_was_put() {
    for (sql, _folder) in databases() {
        let long = "长".repeat(341);
        // Redis is one for all tests
        let entity = unique("entity");
        let tag = |id, value| Tag { entity: &entity, id, attribute: "risk_level", value };
        let tags = [
            tag("account123", "3"),
            tag("a\"b\\c", "\"\\"),
            tag("\\.", "\\N"),
            tag("'); DROP TABLE sandgate_tags; --", "' OR 1=1 --"),
            tag("客户", &long),
            tag("1", "1.0"),
            tag("1.0", "true"),
            tag("null", "null"),
            tag("a:b{c}%3A", "=-"),
            Tag { entity: &entity, id: "account123", attribute: "opened", value: "{}" },
            Tag { entity: &entity, id: "account123", attribute: "risk:level", value: "[\"x\"]" },
        ];
        load(&sql, &tags);
        // the batch asks backwards, for one name twice, and for some that are not there
        let mut wanted: Vec<Wanted<'_>> = tags.iter().rev().map(Tag::name).collect();
        let mut expected: Vec<Answer> = tags.iter().rev().map(|tag| crate::found(tag.value)).collect();
        for id in ["nobody", "ACCOUNT123", "account123 2"] {
            wanted.push(Wanted { entity: &entity, attribute: "risk_level", id });
            expected.push(Answer::Absent);
        }
        wanted.push(tags[0].name());
        expected.push(crate::found("3"));
        for (what, store) in stores(&sql) {
            for round in 0..3 {
                let mut found = vec![Answer::Found("left over".into())];
                store.look_up(&wanted, &mut found);
                assert_eq!(found, expected, "{what} over {sql}, round {round}");
                store.look_up(&[], &mut found);
                assert_eq!(found, []);
            }
        }
    }
}

#[test]
fn a_large_batch_is_answered_name_by_name() {
    for (sql, _folder) in databases() {
        let entity = unique("entity");
        let ids: Vec<String> = (0..10_000).map(|id| id.to_string()).collect();
        let known: Vec<Tag<'_>> =
            ids.iter().step_by(3).map(|id| Tag { entity: &entity, id, attribute: "risk_level", value: id }).collect();
        load(&sql, &known);
        let wanted: Vec<Wanted<'_>> =
            ids.iter().map(|id| Wanted { entity: &entity, attribute: "risk_level", id }).collect();
        for (what, store) in stores(&sql) {
            let mut found = Vec::new();
            store.look_up(&wanted, &mut found);
            for (at, (id, answer)) in ids.iter().zip(&found).enumerate() {
                let expected = Answer::of((at % 3 == 0).then(|| Arc::from(id.as_str())));
                assert_eq!(*answer, expected, "{id} in {what} over {sql}");
            }
        }
    }
}

#[test]
fn all_of_a_load_is_there_or_nothing_of_it_and_the_later_line_counts() {
    for (sql, _folder) in databases() {
        load(&sql, &[level("a", "1"), level("b", "1"), level("a", "2")]);
        let ids: Vec<String> = (0..30_000).map(|id| format!("new {id}")).collect();
        let mut loading = Writer::open(&sql).unwrap().load().unwrap();
        ids.iter().for_each(|id| loading.put(level(id, "9")).unwrap());
        loading.put(level("a", "9")).unwrap();
        drop(loading);
        load(&sql, &[level("b", "3")]);
        let store = Bare(reader(&sql).unwrap());
        let answers = crate::look_up(&store, &["a", "b", "new 0"]);
        assert_eq!(answers, [crate::found("2"), crate::found("3"), Answer::Absent], "{sql}");
    }
}

#[test]
fn tags_are_listed_and_deleted() {
    for (sql, _folder) in databases() {
        let opened = Tag { entity: "account", id: "a", attribute: "opened", value: "2026-01-01" };
        load(&sql, &[level("a", "1"), opened, level("b", "2")]);
        let list = |attribute| reader(&sql).unwrap().list("account", "a", attribute).unwrap();
        let pair = |tag: &Tag<'_>| (tag.attribute.to_owned(), tag.value.to_owned());
        assert_eq!(list(None), [pair(&opened), pair(&level("a", "1"))]);
        assert_eq!(list(Some("opened")), [pair(&opened)]);
        let delete = |attribute| Writer::open(&sql).unwrap().delete("account", "a", attribute).unwrap();
        assert_eq!((delete(Some("opened")), delete(Some("opened"))), (1, 0));
        assert_eq!(list(None), [pair(&level("a", "1"))]);
        assert_eq!(delete(None), 1);
        assert_eq!(list(None), []);
        assert_eq!(crate::look_up(&Bare(reader(&sql).unwrap()), &["b"]), [crate::found("2")]);
    }
}

#[test]
fn each_change_is_told_once_and_in_order_and_too_many_are_everything() {
    for (sql, _folder) in databases() {
        load(&sql, &[level("a", "1")]);
        let reader = reader(&sql).unwrap();
        let changes = |since| reader.changes(since, LONG).unwrap().unwrap();
        let start = changes(Since::Ago(LONG));
        let name = |id: &str| Name { entity: "account".into(), attribute: "risk_level".into(), id: id.into() };
        assert_eq!((start.names, start.all), (vec![name("a")], false), "{sql}");
        assert!(changes(Since::Number(start.last)).names.is_empty());
        load(&sql, &[level("b", "1"), level("c", "1")]);
        Writer::open(&sql).unwrap().delete("account", "a", None).unwrap();
        let next = changes(Since::Number(start.last));
        let mut seen = next.names.clone();
        seen.dedup();
        assert_eq!(seen, [name("b"), name("c"), name("a")], "{sql}");
        let ids: Vec<String> = (0..=CHANGES_MAX).map(|id| id.to_string()).collect();
        load(&sql, &ids.iter().map(|id| level(id, "1")).collect::<Vec<_>>());
        let many = changes(Since::Number(next.last));
        assert!(many.all && many.names.is_empty(), "{sql}");
        assert!(changes(Since::Number(many.last + 1)).all, "a number from another database");
    }
}

#[test]
fn a_walk_meets_every_tag_once() {
    for (sql, _folder) in databases() {
        let ids: Vec<String> = (0..25_000).map(|id| format!("{id:05}")).collect();
        load(&sql, &ids.iter().map(|id| level(id, id)).collect::<Vec<_>>());
        let mut met = Vec::new();
        let each = &mut |tag: Tag<'_>| {
            assert_eq!((tag.entity, tag.attribute), ("account", "risk_level"));
            met.push(tag.id.to_owned());
            true
        };
        reader(&sql).unwrap().walk(LONG, each).unwrap();
        assert_eq!(met, ids, "{sql}");
    }
}
