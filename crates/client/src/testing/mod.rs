//! A broker of values, for tests: it listens on loopback and answers by a script. What it says may be right
//! ([`FakeCluster`]) or as wrong as a test wants.
//!
//! It panics where a test would: everything here is for tests only.

mod cluster;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use protocol::RequestFrame;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

pub use cluster::{FakeCluster, FakeTopic, api_versions};

use crate::HostPort;

/// What a fake broker does with a request frame (without its size).
#[derive(Debug)]
pub enum Reply {
    /// These bytes, which should begin with a size.
    Bytes(Bytes),
    /// Nothing, for ever.
    Silence,
    /// An end of the connection.
    Close,
}

/// What one connection is answered with, frame by frame.
pub type Script = Box<dyn FnMut(Bytes) -> Reply + Send>;

/// A broker that listens until it is dropped or stopped.
pub struct FakeBroker {
    address: SocketAddr,
    connections: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl FakeBroker {
    /// On a free port of 127.0.0.1. Each connection gets a script of its own.
    pub async fn start(scripts: impl Fn() -> Script + Send + Sync + 'static) -> FakeBroker {
        FakeBroker::start_at(0, None, scripts).await
    }

    /// Behind TLS.
    pub async fn start_tls(tls: Arc<ServerConfig>, scripts: impl Fn() -> Script + Send + Sync + 'static) -> FakeBroker {
        FakeBroker::start_at(0, Some(tls), scripts).await
    }

    /// On a given port.
    pub async fn start_at(
        port: u16,
        tls: Option<Arc<ServerConfig>>,
        scripts: impl Fn() -> Script + Send + Sync + 'static,
    ) -> FakeBroker {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let (count, connections) = watch::channel(0);
        let task = tokio::spawn(accept(listener, tls.map(TlsAcceptor::from), scripts, count));
        FakeBroker { address, connections, task }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn address(&self) -> HostPort {
        HostPort::new("127.0.0.1", self.port())
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        *self.connections.borrow()
    }

    /// Stops listening and cuts all connections; afterwards the port is free.
    pub async fn stop(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for FakeBroker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for FakeBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeBroker").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    scripts: impl Fn() -> Script,
    count: watch::Sender<usize>,
) {
    // Aborting this task drops the set, which aborts what is in it.
    let mut connections = JoinSet::new();
    loop {
        let (tcp, _) = listener.accept().await.expect("loopback accepts");
        count.send_modify(|count| *count += 1);
        connections.spawn(serve(tcp, tls.clone(), scripts()));
    }
}

async fn serve(tcp: TcpStream, tls: Option<TlsAcceptor>, script: Script) {
    match tls {
        None => converse(tcp, script).await,
        // A client that we refuse, or that refuses us, is none of a test's business here.
        Some(tls) => match tls.accept(tcp).await {
            Ok(stream) => converse(stream, script).await,
            Err(_) => return,
        },
    };
}

/// Until either side ends it.
async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, mut script: Script) -> Option<()> {
    loop {
        let length = stream.read_u32().await.ok()?;
        let mut frame = vec![0; usize::try_from(length).ok()?];
        stream.read_exact(&mut frame).await.ok()?;
        match script(frame.into()) {
            Reply::Bytes(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                stream.flush().await.ok()?;
            }
            Reply::Silence => {}
            Reply::Close => {
                stream.shutdown().await.ok()?;
                return None;
            }
        }
    }
}

impl Reply {
    /// Any bytes as a frame: the size is put before them.
    pub fn frame(bytes: &[u8]) -> Reply {
        let mut frame = BytesMut::with_capacity(4 + bytes.len());
        frame.put_u32(u32::try_from(bytes.len()).expect("a test's frame is small"));
        frame.put_slice(bytes);
        Reply::Bytes(frame.freeze())
    }
}

/// The header of a frame that our own client has sent.
pub fn header(frame: &Bytes) -> RequestFrame {
    RequestFrame::parse(frame.clone()).expect("our own requests are well formed")
}
