//! The HTTP listener.
//!
//! It has no login, so nobody may exhaust us through it: few connections, one request on each, small headers, and a
//! deadline for all of it. Bodies are not read.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore};

use crate::{Health, process};

const MAX_CONNECTIONS: usize = 256;
const MAX_HEADERS: usize = 64;
const MAX_BUFFER_BYTES: usize = 16 * 1024;
const HEADER_DEADLINE: Duration = Duration::from_secs(3);
/// From accepted to closed. A scrape is one request on one connection.
const CONNECTION_DEADLINE: Duration = Duration::from_secs(10);
/// Histograms keep every value until somebody renders them, or this.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);
/// When the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The address cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on metrics.address `{address}`: {source}")]
pub struct BindError {
    pub address: SocketAddr,
    #[source]
    pub source: std::io::Error,
}

/// A bound listener that does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
}

/// Binds the port.
pub async fn bind(address: SocketAddr) -> Result<Server, BindError> {
    let listener = TcpListener::bind(address).await.map_err(|source| BindError { address, source })?;
    Ok(Server { listener })
}

impl Server {
    pub fn local_address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until dropped.
    pub async fn serve(self, metrics: PrometheusHandle, health: Health) {
        process::started();
        let upkeep = keep_up(metrics.clone());
        let accept = self.accept(router(metrics, health));
        tokio::join!(upkeep, accept);
    }

    async fn accept(self, router: Router) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let router = router.clone();
                    tokio::spawn(async move {
                        let _ = tokio::time::timeout(CONNECTION_DEADLINE, answer(stream, router)).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the metrics listener cannot accept");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn answer(stream: TcpStream, router: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the metrics listener ended");
    }
}

async fn keep_up(metrics: PrometheusHandle) {
    let mut interval = tokio::time::interval(UPKEEP_INTERVAL);
    loop {
        interval.tick().await;
        metrics.run_upkeep();
    }
}

#[derive(Clone)]
struct Shown {
    /// One rendering at a time.
    metrics: Arc<Mutex<PrometheusHandle>>,
    health: Health,
}

fn router(metrics: PrometheusHandle, health: Health) -> Router {
    Router::new()
        .route("/metrics", get(self::metrics))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .fallback(not_found)
        .layer(middleware::from_fn(only_get))
        .with_state(Shown { metrics: Arc::new(Mutex::new(metrics)), health })
}

/// HEAD is not GET: axum would answer it, and nobody needs it.
async fn only_get(request: Request, next: Next) -> Response {
    match *request.method() == Method::GET {
        true => next.run(request).await,
        false => {
            (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")], "only GET is answered here\n").into_response()
        }
    }
}

async fn metrics(State(shown): State<Shown>) -> Response {
    let handle = shown.metrics.lock().await;
    process::measure();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
}

async fn livez() -> &'static str {
    "ok\n"
}

async fn readyz(State(shown): State<Shown>) -> Response {
    let missing = shown.health.waits_for();
    match missing.is_empty() {
        true => "ready\n".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", missing.join("\n"))).into_response(),
    }
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "expected /metrics, /livez or /readyz\n").into_response()
}
