//! The verbs over HTTP: a client of the admin API, for those who do not hold the
//! database. What it answers are the values that the verbs print as `--json`, so the
//! output is the same.

use super::Refused;
use crate::config::secret::Place;
use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Longer than the API works on anything.
const TIME_MAX: Duration = Duration::from_secs(330);
/// Most bytes of an answer.
const ANSWER_MAX: u64 = 64 << 20;
/// Where the token is, if no file is named.
const VARIABLE: &str = "SANDGATE_TOKEN";

/// A client with a token.
pub(super) struct Client {
    agent: ureq::Agent,
    base: String,
    token: String,
}

impl Client {
    /// A client of the API at this URL.
    ///
    /// # Errors
    /// Where there is no token, or it would be shown on the way.
    pub(super) fn of(url: &str, token_file: Option<&Path>, authority: Option<&Path>) -> anyhow::Result<Client> {
        let base = url.trim_end_matches('/').to_owned();
        let parsed: ureq::http::Uri = base.parse().with_context(|| format!("--api {url}: write https://HOST:PORT"))?;
        let host = parsed.host().unwrap_or_default().trim_matches(['[', ']']);
        let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|host| host.is_loopback());
        match parsed.scheme_str() {
            Some("https") => {}
            Some("http") if is_here => {}
            Some("http") => bail!("--api {url}: the token would go there without TLS; write https://"),
            _ => bail!("--api {url}: write https://HOST:PORT"),
        }
        ensure!(parsed.path().trim_matches('/').is_empty(), "--api {url}: write it without a path");
        let place = match token_file {
            Some(file) => Place::File(file.to_owned()),
            None => Place::Environment(VARIABLE.to_owned()),
        };
        let token = place.content().map_err(|missing| {
            anyhow::anyhow!(
                "there is no token: {missing}; `sandgate token create` makes one, for {VARIABLE} or --token-file"
            )
        })?;
        let is_sound = token.bytes().all(|byte| byte.is_ascii_graphic());
        ensure!(is_sound, "what is given as the token holds other characters than a token does");
        let mut config =
            ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).timeout_global(Some(TIME_MAX));
        if let Some(file) = authority {
            let pem = std::fs::read(file).with_context(|| format!("--ca {} cannot be read", file.display()))?;
            let roots = ureq::tls::parse_pem(&pem).filter_map(|item| match item {
                Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(Ok(certificate)),
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            });
            let roots = roots.collect::<Result<Vec<_>, _>>().with_context(|| format!("--ca {}", file.display()))?;
            ensure!(!roots.is_empty(), "--ca {}: there is no certificate in it", file.display());
            let roots = ureq::tls::RootCerts::new_with_certs(&roots);
            config = config.tls_config(ureq::tls::TlsConfig::builder().root_certs(roots).build());
        }
        Ok(Client { agent: config.build().new_agent(), base, token })
    }

    /// What is there; nothing where it is not.
    ///
    /// # Errors
    /// What the API says instead.
    pub(super) fn find(&self, path: &str) -> anyhow::Result<Option<Value>> {
        match self.ask("GET", path, None)? {
            (404, _) => Ok(None),
            (status, text) => answer(status, &text).map(Some),
        }
    }

    /// What is there.
    ///
    /// # Errors
    /// What the API says instead.
    pub(super) fn get(&self, path: &str) -> anyhow::Result<Value> {
        let (status, text) = self.ask("GET", path, None)?;
        answer(status, &text)
    }

    /// All rows of something that comes in pages.
    ///
    /// # Errors
    /// What the API says instead.
    pub(super) fn all(&self, path: &str, rows: &str) -> anyhow::Result<Vec<Value>> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let mut page = self.get(&format!("{path}?limit=1000{after}"))?;
            if let Value::Array(rows) = page[rows].take() {
                all.extend(rows);
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={}", escaped(next)),
                None => return Ok(all),
            }
        }
    }

    /// Does something.
    ///
    /// # Errors
    /// What the API says instead.
    pub(super) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let (status, text) = self.ask(method, path, body)?;
        answer(status, &text)
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<(u16, String)> {
        let url = format!("{}{path}", self.base);
        let request = ureq::http::Request::builder().method(method).uri(&url);
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let sent = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json").body(body.to_string())?;
                self.agent.run(request)
            }
            None => self.agent.run(request.body(())?),
        };
        let told = || format!("{} cannot be asked; check --api, --ca, and that it runs", self.base);
        let mut sent = sent.with_context(told)?;
        let status = sent.status().as_u16();
        let text = sent.body_mut().with_config().limit(ANSWER_MAX).read_to_string().with_context(told)?;
        Ok((status, text))
    }
}

/// What was answered, or the problem that it is.
fn answer(status: u16, text: &str) -> anyhow::Result<Value> {
    let value: Option<Value> = serde_json::from_str(text).ok();
    match value {
        Some(value) if status < 300 => Ok(value),
        Some(problem) if problem["detail"].is_string() => {
            let detail = problem["detail"].as_str().unwrap_or_default().to_owned();
            let steps = ["fetch", "resolve", "cases", "switch"];
            match steps.into_iter().find(|step| problem["step"] == *step) {
                Some(step) => Err(Refused { step, why: detail }.into()),
                None => Err(anyhow::anyhow!(detail)),
            }
        }
        _ => bail!("it answers {status} and nothing that the admin API would say; check --api"),
    }
}

/// A part of a path or of a query.
pub(super) fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// The path of a tenant.
pub(super) fn tenant(name: &str, rest: &str) -> String {
    format!("/v1/tenants/{}{rest}", escaped(name))
}

#[cfg(test)]
mod tests {
    use super::{Client, answer, escaped, tenant};
    use std::path::Path;

    #[test]
    fn a_name_is_one_part_of_a_path_whatever_is_in_it() {
        assert_eq!(tenant("a/b ü?", "/freeze"), "/v1/tenants/a%2Fb%20%C3%BC%3F/freeze");
        assert_eq!(escaped("A-z_0.~"), "A-z_0.~");
    }

    #[test]
    fn a_token_goes_nowhere_without_tls_but_to_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "sandgate_1_2\n").unwrap();
        let of = |url: &str| Client::of(url, Some(&file), None).map(|_| ()).map_err(|error| error.to_string());
        for url in
            ["https://a.example:9465", "https://a.example/", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost"]
        {
            assert_eq!(of(url), Ok(()), "{url}");
        }
        for (url, told) in [
            ("http://a.example", "without TLS"),
            ("http://127.0.0.1.a.example", "without TLS"),
            ("ftp://127.0.0.1", "write https"),
            ("127.0.0.1:9465", "write https"),
            ("https://a.example/v1", "without a path"),
        ] {
            assert!(of(url).unwrap_err().contains(told), "{url}: {:?}", of(url));
        }
        let none = Client::of("https://a.example", Some(Path::new("/no/such/file")), None).map(|_| ());
        assert!(none.unwrap_err().to_string().contains("there is no token"));
    }

    #[test]
    fn an_answer_that_is_none_of_the_apis_is_told_as_such() {
        assert!(answer(200, "{}").is_ok());
        assert!(answer(502, "<html>").unwrap_err().to_string().contains("answers 502"));
        let told = answer(422, r#"{"step": "cases", "detail": "no"}"#).unwrap_err().to_string();
        assert_eq!(told, "refused at the step cases: no");
        assert_eq!(answer(409, r#"{"detail": "frozen"}"#).unwrap_err().to_string(), "frozen");
    }
}
