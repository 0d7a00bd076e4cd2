//! What a client is told where something was not done: a problem document
//! (RFC 9457), as `application/problem+json`.
//!
//! `detail` says what happened and what to do; `step` names the step of an activation
//! that refused. Where the registry itself is in the way, its place and what the server
//! said stay in the host's log.

use crate::admin::desk::Refusal;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sandgate_control::Error;
use schemars::JsonSchema;
use serde::Serialize;

/// The media type of problems.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";
/// After so many seconds it may be tried again where the registry was away.
const AWAY: u32 = 2;

/// Something was not done. RFC 9457.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Problem {
    /// What kind of problem it is: `urn:sandgate:problem:` and a word.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// The kind in words.
    pub(super) title: &'static str,
    /// The status of the answer.
    pub(super) status: u16,
    /// What happened, and what to do.
    pub(super) detail: Box<str>,
    /// The step of an activation that refused: `fetch`, `resolve`, `cases` or `switch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) step: Option<&'static str>,
    /// What to do, where it can be said apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mend: Option<&'static str>,
    /// The tenant's revision now, where somebody was faster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revision: Option<u64>,
    /// Who was faster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<Box<str>>,
    /// Seconds after which it may be tried again; 0 where nothing is said of that.
    #[serde(skip)]
    pub(super) retry: u32,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Problem {
        Problem {
            kind,
            title,
            status: status.as_u16(),
            detail: detail.into().into_boxed_str(),
            step: None,
            mend: None,
            revision: None,
            by: None,
            retry: 0,
        }
    }

    /// The request cannot be understood.
    pub(super) fn malformed(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "urn:sandgate:problem:malformed", "The request cannot be used", detail)
    }

    /// There is nothing of that name.
    pub(super) fn unknown(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "urn:sandgate:problem:unknown", "There is no such thing", detail)
    }

    /// Nobody is known who asks.
    pub(super) fn login(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "urn:sandgate:problem:login", "A valid token is needed", detail)
    }

    /// Whoever asks may not.
    pub(super) fn forbidden(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "urn:sandgate:problem:forbidden", "The token does not allow this", detail)
    }

    /// Too much was asked within too short a time.
    pub(super) fn often(detail: impl Into<String>, seconds: u32) -> Problem {
        let often =
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "urn:sandgate:problem:too-often", "Too many requests", detail);
        Problem { retry: seconds, ..often }
    }

    /// The host cannot do it now.
    pub(super) fn busy(detail: impl Into<String>) -> Problem {
        let busy = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "urn:sandgate:problem:unavailable",
            "Not possible now",
            detail,
        );
        Problem { retry: AWAY, ..busy }
    }

    /// It took longer than anything may.
    pub(super) fn late() -> Problem {
        let detail = "it took too long, and may still be done: look at the tenant before you try again";
        Problem::new(StatusCode::GATEWAY_TIMEOUT, "urn:sandgate:problem:late", "It took too long", detail)
    }

    /// The body is larger than the route takes.
    pub(super) fn large(most: usize) -> Problem {
        let detail = format!("the body has more than {most} bytes, which is the most here: send less");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "urn:sandgate:problem:too-large", "The body is too large", detail)
    }

    fn conflict(kind: &'static str, title: &'static str, error: &Error) -> Problem {
        Problem::new(StatusCode::CONFLICT, kind, title, error.to_string())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        match &error {
            Error::Conflict { now, by, .. } => {
                let overtaken = Problem::conflict("urn:sandgate:problem:overtaken", "Somebody was faster", &error);
                let mend = Some("look at the tenant again, then decide");
                Problem { revision: Some(*now), by: Some(by.as_str().into()), mend, ..overtaken }
            }
            Error::Frozen { .. } => Problem::conflict("urn:sandgate:problem:frozen", "The tenant is frozen", &error),
            Error::FourEyes { .. } => {
                Problem::conflict("urn:sandgate:problem:four-eyes", "Another pair of eyes is needed", &error)
            }
            Error::NotOpen { .. } => {
                Problem::conflict("urn:sandgate:problem:decided", "The proposal does not wait", &error)
            }
            Error::NothingBefore { .. } => {
                Problem::conflict("urn:sandgate:problem:nothing-before", "There is nothing before", &error)
            }
            Error::Taken { .. } => Problem::forbidden(error.to_string()),
            Error::SameHand { .. } => {
                let title = "The approver is the author";
                Problem::new(StatusCode::FORBIDDEN, "urn:sandgate:problem:same-hand", title, error.to_string())
            }
            Error::NoSuchTenant { .. }
            | Error::NoSuchGeneration { .. }
            | Error::NoSuchProposal { .. }
            | Error::NotOnTrial { .. }
            | Error::NoSuchToken { .. } => Problem::unknown(error.to_string()),
            Error::Ambiguous { .. } | Error::Unfit { .. } => Problem::malformed(error.to_string()),
            Error::Late { .. } => {
                tracing::warn!(%error, "a request of the admin API could not be answered");
                Problem::busy("the registry did not answer in time; a change may have been made: look, then try again")
            }
            Error::Unreachable { .. } | Error::Refused { .. } | Error::Foreign { .. } | Error::Newer { .. } => {
                tracing::warn!(%error, "a request of the admin API could not be answered");
                Problem::busy("the registry cannot be used now; the host's log says why")
            }
            Error::Damaged { .. } | Error::DamagedBlob { .. } => {
                tracing::error!(%error, "a request of the admin API could not be answered");
                let (title, detail) = ("The registry is damaged", "what is stored makes no sense; verify the history");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "urn:sandgate:problem:damaged", title, detail)
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        match refusal {
            Refusal::Registry(error) => error.into(),
            Refusal::Unfit(why) => {
                let (kind, title) = ("urn:sandgate:problem:refused", "It was refused, and nothing was changed");
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, kind, title, why)
            }
            Refusal::Unknown(why) => Problem::unknown(why),
            Refusal::Broken(why) => {
                tracing::error!(why, "a request of the admin API could not be answered");
                Problem::busy("the host cannot do it now; its log says why")
            }
            Refusal::Step { step, why } => {
                let mend = match step {
                    "fetch" => "push what is missing, then try again",
                    "cases" => "mend the policy, its cases or its budget: `sandgate test` shows the same",
                    _ => "mend what the detail names, then try again",
                };
                let title = "It was refused, and nothing was changed";
                let refused =
                    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "urn:sandgate:problem:refused", title, why);
                Problem { step: Some(step), mend: Some(mend), ..refused }
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = serde_json::json!(self).to_string();
        let mut answer = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response();
        let headers = answer.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"sandgate\""));
        }
        // whoever is not let in keeps no connection
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS | StatusCode::PAYLOAD_TOO_LARGE) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if self.retry > 0 {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.retry));
        }
        answer
    }
}
