//! `docs/configuration.md` shows every key; what it shows is what the program
//! takes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_tests::{Desk, policies, root, text};

/// The block of the document that is fenced as `toml NAME`.
fn block(name: &str) -> String {
    let document = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let (_, behind) = document.split_once(&format!("```toml {name}\n")).unwrap();
    behind.split_once("```").unwrap().0.to_owned()
}

/// The paths of all values in a block: lists of tables with `[]`.
fn paths(value: &toml::Value, path: &str, all: &mut Vec<(String, toml::Value)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        toml::Value::Table(table) => table.iter().for_each(|(name, value)| paths(value, &below(name), all)),
        toml::Value::Array(elements) if elements.iter().any(toml::Value::is_table) => {
            elements.iter().for_each(|element| paths(element, &format!("{path}[]"), all));
        }
        value => all.push((path.to_owned(), value.clone())),
    }
}

/// A value with a length of time in microseconds, so that 60s is 1m.
fn plain(value: &toml::Value) -> String {
    let time = value.as_str().and_then(|text| sandgate_model::quantity::parse_duration(text).ok());
    time.map_or_else(|| value.to_string(), |time| time.as_micros().to_string())
}

/// Whether a key of the program, in which `NAME` is any name, is the one of a path.
fn is_asked(key: &str, path: &str) -> bool {
    let (keys, parts): (Vec<&str>, Vec<&str>) = (key.split('.').collect(), path.split('.').collect());
    // what stands below a name of the writer's choice may be anything: `secrets."sasl.password"`
    let open = keys.last() == Some(&"NAME") && parts.len() >= keys.len();
    let same = |(key, part): (&&str, &&str)| key == part || *key == "NAME";
    (keys.len() == parts.len() || open) && keys.iter().zip(&parts).all(same)
}

#[test]
fn every_key_is_documented_and_no_other_with_its_default() {
    let output = Desk::new().succeed(["check", "--keys", "--json"]);
    let all: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let document = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    for block_name in ["host", "tenant"] {
        let keys = all[block_name].as_array().unwrap();
        assert!(keys.len() >= 15, "{keys:?}");
        let mut written = Vec::new();
        paths(&block(block_name).parse::<toml::Table>().unwrap().into(), "", &mut written);
        for (path, value) in &written {
            // what may be one of several things is looked into no further
            let several = |key: &serde_json::Value| {
                key["kind"] == "several" && path.starts_with(&format!("{}[].", key["key"].as_str().unwrap()))
            };
            let is_it = |key: &&serde_json::Value| is_asked(key["key"].as_str().unwrap(), path) || several(key);
            let asked = keys.iter().find(is_it);
            assert!(asked.is_some(), "docs/configuration.md has {path}, which nobody asks for");
            // below a name of the writer's choice stands an example
            let asked = asked.filter(|key| !key["key"].as_str().unwrap().contains("NAME"));
            if let Some(default) = asked.and_then(|key| key["default"].as_str()) {
                let default = &format!("x = {default}").parse::<toml::Table>().unwrap()["x"];
                assert_eq!(plain(default), plain(value), "{path}");
            }
        }
        for key in keys.iter().filter(|key| !key["kind"].as_str().unwrap().ends_with("table")) {
            let path = key["key"].as_str().unwrap();
            let last = path.rsplit('.').next().unwrap().trim_end_matches("[]");
            let is_named = ["`", "`, ", " =", " = "].iter().any(|end| document.contains(&format!("{last}{end}")));
            assert!(last == "NAME" || is_named, "{path} is not in docs/configuration.md");
        }
    }
    let told = text(&Desk::new().succeed(["check", "--keys"]).stdout);
    assert!(
        told.contains("  engine.batch                             whole number    256          1 to 4096\n"),
        "{told}"
    );
}

fn desk(host: &str, tenant: &str) -> Desk {
    let desk = Desk::new();
    desk.write("sandgate.toml", host);
    desk.write("tenants/payments.toml", tenant);
    for policy in ["account_risk.wasm", "risk_matrix.wasm"] {
        std::fs::copy(policies().join(policy), desk.path("tenants").join(policy)).unwrap();
    }
    desk
}

#[test]
fn the_documented_files_pass() {
    let output = desk(&block("host"), &block("tenant")).succeed(["check", "--config", "sandgate.toml"]);
    assert!(text(&output.stdout).ends_with("no problems\n"));
}

#[test]
fn the_documented_values_are_the_defaults() {
    // without its optional keys the host's file means the same set
    let set = |host: &str, tenant: &str| {
        let told = text(&desk(host, tenant).succeed(["check", "--config", "sandgate.toml"]).stdout);
        // a note names the line that it is about, which differs
        told.lines().filter(|line| !line.starts_with("note: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let host = block("host");
    let (head, _) = host.split_once("[sink]").unwrap();
    let optional = ["path = \"payments", "topic", "key", "wrong_key", "observe", "earliest", "latest", "size"];
    let least: String = head
        .lines()
        .filter(|line| !optional.iter().any(|key| line.starts_with(key)))
        .fold(String::new(), |all, line| all + line + "\n");
    let tenant = block("tenant");
    let default = ["budget", "keep", "fallback = \"review\"", "parameters"];
    let least_tenant: String = tenant
        .lines()
        .filter(|line| !default.iter().any(|key| line.starts_with(key)))
        .fold(String::new(), |all, line| all + line + "\n");
    assert_eq!(set(&host, &tenant), set(&least, &least_tenant));
    assert_ne!(
        set(&host, &tenant),
        set(&host.replace("batch = 256", "batch = 1").replace("100us", "99us"), &least_tenant)
    );
}

#[test]
fn every_key_of_the_tags_is_documented() {
    let host = block("host");
    let (_, section) = host.split_once("[tags]\n").unwrap();
    let (section, _) = section.split_once("\n\n").unwrap();
    let documented: Vec<&str> = section.lines().filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
    let source = std::fs::read_to_string(root().join("host/cli/src/config/tags.rs")).unwrap();
    for key in ["sql", "redis", "ttl", "stale", "entries", "absent", "filter", "warm", "poll", "breaker"] {
        assert!(documented.contains(&key) && source.contains(&format!("\"{key}\"")), "{key}");
    }
    for key in documented {
        assert!(source.contains(&format!("\"{key}\"")), "{key} is documented and not read");
        let wrong = section.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
        let told = desk(&host.replace(wrong, &format!("{key} = -1")), &block("tenant")).run([
            "check",
            "--config",
            "sandgate.toml",
        ]);
        let told = text(&told.stdout) + &text(&told.stderr);
        assert!(told.contains(&format!("tags.{key}: ")), "{key}: {told}");
    }
}

#[test]
fn what_comes_later_is_refused_or_noted() {
    let host = block("host");
    let told = |host: &str| {
        let output = desk(host, &block("tenant")).run(["check", "--config", "sandgate.toml"]);
        text(&output.stdout) + &text(&output.stderr)
    };
    let table = [
        (host.replace("observe = false", "observe = true"), "every source is only observed"),
        (host.replace("redis = \"\"", "redis = \"http://r\""), "tags.redis: must begin with redis://"),
        (host.replace("deadline = \"off\"", "deadline = \"5ms\""), "has no deadline"),
        (host.replace("sqlite:tags.db", "mysql://p"), "tags.sql: names a mysql database"),
        (
            host.replace("sqlite:tags.db", "postgres://u:p@h\"\nsql_password = { env = \"P\" }\nredis_password = \"x"),
            "tags.redis_password: ",
        ),
    ];
    for (host, what) in table {
        let told = told(&host);
        assert!(told.contains(what), "{what}\nis not in\n{told}");
    }
}
