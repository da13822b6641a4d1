//! The metrics listener, spoken to over a socket.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use admin::Health;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than any deadline of the listener.
const PATIENCE: Duration = Duration::from_secs(30);

async fn serve(health: Health) -> SocketAddr {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let server = admin::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a free port");
    let address = server.local_address().expect("bound");
    tokio::spawn(server.serve(recorder.handle(), health));
    address
}

/// Status line and body of the answer to these bytes.
async fn exchange(address: SocketAddr, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    tokio::time::timeout(PATIENCE, read).await.expect("an end in time").expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.lines().next().unwrap_or_default().to_owned(), body.to_owned())
}

async fn request(address: SocketAddr, method: &str, path: &str) -> (String, String) {
    exchange(address, &format!("{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await
}

#[tokio::test]
async fn only_get_is_answered_and_only_three_paths() {
    let address = serve(Health::new()).await;
    for (method, path, status) in [
        ("GET", "/metrics", "HTTP/1.1 200 OK"),
        ("GET", "/livez", "HTTP/1.1 200 OK"),
        ("GET", "/readyz", "HTTP/1.1 503 Service Unavailable"),
        ("GET", "/", "HTTP/1.1 404 Not Found"),
        ("GET", "/metrics/../etc/passwd", "HTTP/1.1 404 Not Found"),
        ("POST", "/metrics", "HTTP/1.1 405 Method Not Allowed"),
        ("HEAD", "/livez", "HTTP/1.1 405 Method Not Allowed"),
        ("DELETE", "/readyz", "HTTP/1.1 405 Method Not Allowed"),
        ("PUT", "/", "HTTP/1.1 405 Method Not Allowed"),
        ("OPTIONS", "/livez", "HTTP/1.1 405 Method Not Allowed"),
    ] {
        assert_eq!(request(address, method, path).await.0, status, "{method} {path}");
    }
}

#[tokio::test]
async fn readiness_says_what_is_missing() {
    let health = Health::new();
    let address = serve(health.clone()).await;
    let (_, body) = request(address, "GET", "/readyz").await;
    assert_eq!(body, "no policy is loaded yet\nthe upstream has not answered yet\n");
    health.policy_is_loaded();
    health.upstream_is_seen();
    assert_eq!(request(address, "GET", "/readyz").await, ("HTTP/1.1 200 OK".to_owned(), "ready\n".to_owned()));
    health.is_stopping();
    let unready = ("HTTP/1.1 503 Service Unavailable".to_owned(), "stopping\n".to_owned());
    assert_eq!(request(address, "GET", "/readyz").await, unready);
    assert_eq!(request(address, "GET", "/livez").await.0, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn large_headers_and_silence_are_ended() {
    let address = serve(Health::new()).await;
    let large = format!("GET /livez HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "a".repeat(64 * 1024));
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    // It may be closed before all of it is sent.
    let _ = stream.write_all(large.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an end in time");
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));

    let started = Instant::now();
    let mut silent = TcpStream::connect(address).await.expect("it listens");
    silent.write_all(b"GET /livez HTTP/1.1\r\n").await.expect("sent");
    let _ = tokio::time::timeout(PATIENCE, silent.read_to_end(&mut answer)).await.expect("an end in time");
    assert!(started.elapsed() < PATIENCE);
    assert_eq!(request(address, "GET", "/livez").await.0, "HTTP/1.1 200 OK");
}
