//! What a caller is told who does not get what was asked for.

use crate::{store::StoreError, version::Version};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use satchel_protocol::ProtocolError;
use serde_json::json;

#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("{0}")]
    Malformed(String),
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    #[error("say who asks")]
    Nobody,
    #[error("the signature does not fit")]
    BadSignature,
    #[error("the clocks differ by more than five minutes; the server's is in Satchel-Time")]
    Clock,
    #[error("there is no such workspace, or you are not one of it")]
    Unknown,
    #[error("this device was removed from the team, or its role is to read")]
    NotAllowed,
    #[error("a workspace is registered with the address that the server has printed")]
    Setup,
    #[error("{0}")]
    Conflict(String),
    #[error("the device has written its log in two ways")]
    Fork,
    #[error("entries before it are missing; the next is {0}")]
    Gap(u64),
    #[error("this client is too old; the server asks for {0} or newer")]
    TooOld(Version),
    #[error("the workspace is full; ask who runs the server")]
    Full,
    #[error("too many requests; wait a little")]
    TooMany,
    /// Why is in the log only: it names what lies behind the server.
    #[error("the server cannot reach its attachments; it is tried again")]
    Blobs(String),
    #[error("this piece is not here")]
    NoPiece,
    #[error("it came too slowly")]
    Slow,
    #[error("the server cannot reach its store; it is tried again")]
    Store(#[from] StoreError),
}

impl From<ProtocolError> for Refusal {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::BadSignature => Self::BadSignature,
            ProtocolError::TooLarge(limit) => Self::TooLarge(limit),
            ProtocolError::Fork(_) => Self::Fork,
            other => Self::Malformed(other.to_string()),
        }
    }
}

impl Refusal {
    fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::Nobody => (StatusCode::UNAUTHORIZED, "nobody"),
            Self::BadSignature => (StatusCode::UNAUTHORIZED, "bad_signature"),
            Self::Clock => (StatusCode::UNAUTHORIZED, "clock"),
            Self::Unknown => (StatusCode::NOT_FOUND, "unknown"),
            Self::NotAllowed => (StatusCode::FORBIDDEN, "not_allowed"),
            Self::Setup => (StatusCode::FORBIDDEN, "setup"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Self::Fork => (StatusCode::CONFLICT, "fork"),
            Self::Gap(_) => (StatusCode::CONFLICT, "gap"),
            Self::TooOld(_) => (StatusCode::UPGRADE_REQUIRED, "too_old"),
            Self::Full => (StatusCode::INSUFFICIENT_STORAGE, "full"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, "slow"),
            Self::Store(_) | Self::Blobs(_) => (StatusCode::SERVICE_UNAVAILABLE, "store"),
            Self::NoPiece => (StatusCode::NOT_FOUND, "no_piece"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.status();
        match &self {
            Self::Store(e) => tracing::error!(error = %e, "the store"),
            Self::Blobs(e) => tracing::error!(error = %e, "the attachments"),
            _ => {}
        }
        let mut error = json!({"code": code, "message": self.to_string()});
        match &self {
            Self::Gap(next) => error["next"] = json!(next),
            Self::TooOld(least) => error["least"] = json!(least.to_string()),
            _ => {}
        }
        let mut response = (status, Body::from(json!({ "error": error }).to_string())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self {
            Self::Clock => {
                headers.insert("satchel-time", HeaderValue::from(crate::now()));
            }
            Self::TooMany | Self::Store(_) | Self::Blobs(_) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}
