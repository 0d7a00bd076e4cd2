//! The three pages: `/metrics`, `/healthz`, `/readyz`.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sandgate_metrics::{Form, Health, Registry};

/// What a page is made from.
#[derive(Clone)]
struct Host {
    registry: Registry,
    health: Health,
}

/// All pages; anything else is 404, another method 405.
pub(crate) fn all(registry: Registry, health: Health) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .fallback(|| async { page(StatusCode::NOT_FOUND, "there are /metrics, /healthz and /readyz\n".to_owned()) })
        .method_not_allowed_fallback(|| async { page(StatusCode::METHOD_NOT_ALLOWED, "GET is all\n".to_owned()) })
        .with_state(Host { registry, health })
}

async fn metrics(State(host): State<Host>, headers: HeaderMap) -> Response {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|accepted| accepted.to_str().ok());
    let open = accepted.into_iter().any(|accepted| accepted.contains("application/openmetrics-text"));
    let form = if open { Form::OpenMetrics } else { Form::Plain };
    answer(StatusCode::OK, form.media_type(), host.registry.text(form))
}

/// The process lives: its threads make progress.
async fn healthy(State(host): State<Host>) -> Response {
    verdict(&host.health.stuck(), &[])
}

/// It may be given work: all that it cannot do without is there. What it does
/// without is told, and is no reason to send its work elsewhere.
async fn ready(State(host): State<Host>) -> Response {
    let mut wrong = host.health.stuck();
    wrong.extend(host.health.missing());
    verdict(&wrong, &host.health.degraded())
}

fn verdict(wrong: &[String], degraded: &[String]) -> Response {
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let ok = wrong.is_empty().then(|| "ok\n".to_owned());
    let wrong = wrong.iter().map(|line| format!("{line}\n"));
    let degraded = degraded.iter().map(|line| format!("degraded: {line}\n"));
    page(status, ok.into_iter().chain(wrong).chain(degraded).collect())
}

fn page(status: StatusCode, text: String) -> Response {
    answer(status, "text/plain; charset=utf-8", text)
}

fn answer(status: StatusCode, media_type: &'static str, text: String) -> Response {
    // one request for each connection: its bounds are those of the request
    let close = (header::CONNECTION, HeaderValue::from_static("close"));
    let media_type = (header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    (status, [close, media_type, (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], text).into_response()
}
