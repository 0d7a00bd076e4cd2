//! One request: let in, read within its bounds, done on a thread that may wait, and
//! answered. Everything that is the same for all routes is here.

use super::problem::Problem;
use super::route::{Asked, Kind, Pace, Reply, Route};
use super::sent::NAME_MAX;
use super::{Room, openapi, routes};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{Extension, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, on};
use sandgate_control::Token;
use sandgate_model::digest::Digest;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(60);
/// How long a request waits for its turn.
const TURN: Duration = Duration::from_secs(30);
/// How long what asks the registry a few things may take; each call of it has a deadline of its own.
const QUICK: Duration = Duration::from_secs(90);
/// How long what compiles and replays may take.
const SLOW: Duration = Duration::from_secs(300);
/// Most bytes behind the `?`.
const QUERY_MAX: usize = 4_096;

/// From where a connection comes.
#[derive(Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// All routes, with the document of them.
pub(super) fn router(room: &Arc<Room>) -> Router {
    let document = axum::body::Bytes::from(openapi::document(routes::ROUTES).to_string());
    let mut router = Router::new().route("/openapi.json", get(|| async { json(StatusCode::OK, Body::from(document)) }));
    for route in routes::ROUTES {
        let room = Arc::clone(room);
        let serve = move |Extension(Peer(from)): Extension<Peer>,
                          path: Result<RawPathParams, RawPathParamsRejection>,
                          request: Request| async move {
            let answer = serve(&room, route, from, path, request).await.unwrap_or_else(IntoResponse::into_response);
            room.requests.with([route.id, answer.status().as_str()]).add(1);
            answer
        };
        router = router.route(route.path, on(route.method.filter(), serve));
    }
    let nowhere = || async { Problem::unknown("there is no such path: /openapi.json lists those there are") };
    let no_method = || async {
        let title = "Another method is needed";
        Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "urn:sandgate:problem:method",
            title,
            "see `Allow`, or /openapi.json",
        )
    };
    router.fallback(nowhere).method_not_allowed_fallback(no_method)
}

async fn serve(
    room: &Arc<Room>,
    route: &'static Route,
    from: IpAddr,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    // who comes in is found out before anything of the body is read
    let header = parts.headers.get(header::AUTHORIZATION).map(|value| value.as_bytes().to_vec());
    let at = (room.clock)();
    let gate = Arc::clone(room);
    let admit = move || gate.gate.admit(header.as_deref(), (from, &gate.registry), (Instant::now(), at));
    let token = apart(room, Pace::Quick, admit).await?;
    let path = path.map_err(|_| Problem::malformed("the path is no text"))?;
    let path: BTreeMap<_, _> = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    allowed(route, &token, path.get("tenant").map(String::as_str))?;
    let asked = Asked {
        token,
        from,
        path,
        query: query(route, &parts)?,
        if_match: if route.matches { if_match(&parts.headers)? } else { None },
        body: Vec::new(),
        at,
    };
    let turn = match route.pace {
        // its turn first: so many large bodies at a time
        Pace::Slow => Some(room.turn(Pace::Slow).await?),
        Pace::Quick => None,
    };
    let asked = Asked { body: read(route, &parts.headers, body).await?, ..asked };
    let own = Arc::clone(room);
    let handle = move || (route.handle)(&own, &asked);
    let reply = match turn {
        Some(turn) => {
            let done = move || {
                let _turn = turn;
                handle()
            };
            run(SLOW, done).await?
        }
        None => apart(room, Pace::Quick, handle).await?,
    };
    Ok(answer(reply))
}

impl Room {
    /// Waits for a turn.
    async fn turn(&self, pace: Pace) -> Result<tokio::sync::OwnedSemaphorePermit, Problem> {
        let turns = match pace {
            Pace::Quick => &self.quick,
            Pace::Slow => &self.slow,
        };
        let busy = || Problem::busy("the host has too much to do now");
        // the semaphores are never closed
        timeout(TURN, Arc::clone(turns).acquire_owned()).await.map_err(|_| busy())?.map_err(|_| busy())
    }
}

/// Does something that waits on a thread of its own, in its turn.
async fn apart<T: Send + 'static>(
    room: &Room,
    pace: Pace,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let turn = room.turn(pace).await?;
    let done = move || {
        let _turn = turn;
        work()
    };
    run(QUICK, done).await
}

async fn run<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match timeout(limit, spawn_blocking(work)).await {
        Ok(Ok(done)) => done,
        // a panic was told where it happened
        Ok(Err(_)) => Err(Problem::busy("the host could not do this")),
        Err(_) => Err(Problem::late()),
    }
}

/// Whether this token may do this.
fn allowed(route: &Route, token: &Token, tenant: Option<&str>) -> Result<(), Problem> {
    if token.role < route.role {
        let (has, needs) = (token.role.word(), route.role.word());
        return Err(Problem::forbidden(format!("this needs the role {needs}, and the token has the role {has}")));
    }
    if route.all_tenants && token.tenants.is_some() {
        return Err(Problem::forbidden("this is about all tenants, and the token is for some only"));
    }
    if let Some(tenant) = tenant
        && !token.covers(tenant)
    {
        return Err(Problem::forbidden(format!("this token is not for tenant {tenant:?}")));
    }
    Ok(())
}

/// What stands behind the `?`: each parameter once, and nothing else.
fn query(route: &Route, parts: &Parts) -> Result<BTreeMap<&'static str, String>, Problem> {
    let text = parts.uri.query().unwrap_or_default();
    if text.len() > QUERY_MAX {
        return Err(Problem::malformed(format!("the query has more than {QUERY_MAX} bytes")));
    }
    let mut found = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name)?, decoded(value)?);
        let Some(known) = route.query.iter().find(|known| known.name == name) else {
            let names: Vec<_> = route.query.iter().map(|known| known.name).collect();
            return Err(Problem::malformed(format!("there is no parameter {name:?} here; there are {names:?}")));
        };
        let fits = match known.kind {
            Kind::Whole { least, most } => {
                let digits = value.bytes().all(|byte| byte.is_ascii_digit());
                digits && value.parse::<u64>().is_ok_and(|value| (least..=most).contains(&value))
            }
            Kind::Name => (1..=NAME_MAX).contains(&value.chars().count()) && !value.chars().any(char::is_control),
            Kind::Digest => Digest::parse(&value).is_some_and(|digest| value.ends_with(&digest.hex())),
        };
        if !fits {
            return Err(Problem::malformed(format!("{name}={value} is not what it may be: see /openapi.json")));
        }
        if found.insert(known.name, value).is_some() {
            return Err(Problem::malformed(format!("{name} stands there twice")));
        }
    }
    Ok(found)
}

/// A part of a query without its escapes.
fn decoded(text: &str) -> Result<String, Problem> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let pair = digit().zip(digit()).and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
                pair.ok_or_else(|| Problem::malformed("the query has a % without two hexadecimal digits"))?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| Problem::malformed("the query is no text"))
}

/// The revision of `If-Match`, in the one form that `ETag` has here.
fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let mut all = headers.get_all(header::IF_MATCH).iter();
    let Some(first) = all.next() else { return Ok(None) };
    let text = first.to_str().ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"'));
    let digits = text.filter(|text| (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()));
    match (digits.and_then(|digits| digits.parse().ok()), all.next()) {
        (Some(revision), None) => Ok(Some(revision)),
        _ => Err(Problem::malformed("If-Match must be one revision in quotes, as ETag has it")),
    }
}

/// The body, within its bounds.
async fn read(route: &Route, headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let most = route.body.as_ref().map_or(0, |body| body.most);
    let bytes = timeout(BODY_TIME, to_bytes(body, most)).await.map_err(|_| {
        let title = "The body came too slowly";
        Problem::new(StatusCode::REQUEST_TIMEOUT, "urn:sandgate:problem:slow", title, "send the body within 60 seconds")
    })?;
    let bytes = bytes.map_err(|error| match is_length(&error) {
        true if route.body.is_none() => Problem::malformed("this takes no body"),
        true => Problem::large(most),
        false => Problem::malformed("the body ended before its end"),
    })?;
    if !bytes.is_empty() {
        let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.and_then(|value| value.split(';').next()).map(str::trim);
        if !media_type.is_some_and(|value| value.eq_ignore_ascii_case("application/json")) {
            let title = "Another media type is needed";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Problem::new(
                status,
                "urn:sandgate:problem:media-type",
                title,
                "the body must be `application/json`",
            ));
        }
    }
    Ok(bytes.into())
}

/// Whether the body was longer than it may be.
fn is_length(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.to_string().contains("length limit") {
            return true;
        }
        source = error.source();
    }
    error.to_string().contains("length limit")
}

fn answer(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let mut answer = json(status, Body::from(reply.body));
    if let Some(tag) = reply.tag.and_then(|tag| HeaderValue::from_str(&format!("\"{tag}\"")).ok()) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}

fn json(status: StatusCode, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::{decoded, if_match};
    use axum::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn a_query_is_read_without_its_escapes() {
        assert_eq!(decoded("a+b%20%C3%BC").unwrap(), "a b ü");
        for wrong in ["%", "%4", "%zz", "%ff"] {
            assert!(decoded(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn one_form_of_a_tag_is_taken() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_MATCH, HeaderValue::from_static(value));
            }
            if_match(&headers).map_err(|problem| problem.status)
        };
        assert_eq!((of(&[]), of(&["\"12\""])), (Ok(None), Ok(Some(12))));
        for wrong in
            [&["*"][..], &["12"], &["W/\"12\""], &["\"-1\""], &["\"\""], &["\"1\"", "\"2\""], &["\"1\", \"2\""]]
        {
            assert_eq!(of(wrong), Err(400), "{wrong:?}");
        }
    }
}
