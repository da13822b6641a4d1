//! A network between two parties that a test can spoil: delay, stall, refuse, cut.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

/// What happens to bytes in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// They go on at once.
    Clear,
    /// Each piece read, of up to 64 KiB, waits this long before it goes on; the next is read after it.
    Delay(Duration),
    /// Nothing is read, so the sender soon cannot send: as behind a peer that has stopped reading.
    Stall,
}

/// Listens on 127.0.0.1 and passes connections on to a server. Ends, with its connections, when dropped.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    control: Control,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Control {
    to_server: watch::Sender<Weather>,
    to_client: watch::Sender<Weather>,
    refusing: watch::Sender<bool>,
    /// Counts cuts; a connection ends when the number is no longer what it was at its start.
    cuts: watch::Sender<u64>,
    passed: Arc<Passed>,
}

#[derive(Debug, Default)]
struct Passed {
    connections: AtomicU64,
    to_server: AtomicU64,
    to_client: AtomicU64,
}

impl Relay {
    /// Listens on a port the system picks.
    ///
    /// # Errors
    /// If it cannot listen.
    pub async fn to(server: SocketAddr) -> Result<Relay> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Relay::on(listener, server)
    }

    /// Passes on what `listener` accepts, for a port that had to be known before.
    ///
    /// # Errors
    /// If the listener has no address.
    pub fn on(listener: TcpListener, server: SocketAddr) -> Result<Relay> {
        let control = Control {
            to_server: watch::Sender::new(Weather::Clear),
            to_client: watch::Sender::new(Weather::Clear),
            refusing: watch::Sender::new(false),
            cuts: watch::Sender::new(0),
            passed: Arc::default(),
        };
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(accept(listener, server, control.subscribe()));
        Ok(Relay { address, control, accepting })
    }

    /// Where to connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the weather in both directions, for connections that exist and later ones.
    pub fn set(&self, weather: Weather) {
        self.set_to_server(weather);
        self.set_to_client(weather);
    }

    /// Changes the weather of what clients send.
    pub fn set_to_server(&self, weather: Weather) {
        self.control.to_server.send_replace(weather);
    }

    /// Changes the weather of what the server sends.
    pub fn set_to_client(&self, weather: Weather) {
        self.control.to_client.send_replace(weather);
    }

    /// Ends every connection at once. New ones are accepted.
    pub fn cut(&self) {
        self.control.cuts.send_modify(|count| *count += 1);
    }

    /// Whether new connections are closed as soon as they are accepted.
    pub fn refuse(&self, refusing: bool) {
        self.control.refusing.send_replace(refusing);
    }

    /// Connections accepted so far, refused ones not counted.
    pub fn connections(&self) -> u64 {
        self.control.passed.connections.load(Ordering::Relaxed)
    }

    /// Bytes passed on so far, to the server and to clients.
    pub fn bytes(&self) -> (u64, u64) {
        let passed = &self.control.passed;
        (passed.to_server.load(Ordering::Relaxed), passed.to_client.load(Ordering::Relaxed))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// The view of the [`Control`] that connections have.
#[derive(Clone, Debug)]
struct View {
    to_server: watch::Receiver<Weather>,
    to_client: watch::Receiver<Weather>,
    refusing: watch::Receiver<bool>,
    cuts: watch::Receiver<u64>,
    passed: Arc<Passed>,
}

impl Control {
    fn subscribe(&self) -> View {
        View {
            to_server: self.to_server.subscribe(),
            to_client: self.to_client.subscribe(),
            refusing: self.refusing.subscribe(),
            cuts: self.cuts.subscribe(),
            passed: Arc::clone(&self.passed),
        }
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, view: View) {
    // Dropped with this task, and with it every connection.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        if !*view.refusing.borrow() {
            view.passed.connections.fetch_add(1, Ordering::Relaxed);
            connections.spawn(carry(client, server, view.clone()));
        }
    }
}

async fn carry(client: TcpStream, server: SocketAddr, mut view: View) {
    view.cuts.mark_unchanged();
    let Ok(server) = TcpStream::connect(server).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let upward = pump(from_client, to_server, view.to_server, &view.passed.to_server);
    let downward = pump(from_server, to_client, view.to_client, &view.passed.to_client);
    tokio::select! {
        _ = async { tokio::join!(upward, downward) } => {}
        // Also when the relay is dropped.
        _ = view.cuts.changed() => {}
    }
}

/// Passes bytes on until their end, which is passed on too: half a close stays half a close.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    passed: &AtomicU64,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        if weather.wait_for(|weather| *weather != Weather::Stall).await.is_err() {
            return;
        }
        let count = tokio::select! {
            // A storm that comes up while we wait for bytes must find none of them in our hands.
            biased;
            _ = weather.wait_for(|weather| *weather == Weather::Stall) => continue,
            count = from.read(&mut buffer) => count.unwrap_or(0),
        };
        let Some(piece) = buffer.get(..count).filter(|piece| !piece.is_empty()) else {
            let _ = to.shutdown().await;
            return;
        };
        let now = *weather.borrow();
        if let Weather::Delay(delay) = now {
            sleep(delay).await;
        }
        if to.write_all(piece).await.is_err() {
            return;
        }
        passed.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    async fn echo_server() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("listens");
        let address = listener.local_addr().expect("address");
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.into_split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        address
    }

    async fn ping(stream: &mut TcpStream) -> std::io::Result<()> {
        stream.write_all(b"ping").await?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await.map(|_| ())
    }

    #[tokio::test]
    async fn a_cut_ends_connections_and_new_ones_work() {
        let relay = Relay::to(echo_server().await).await.expect("relay");
        let mut stream = TcpStream::connect(relay.address()).await.expect("connects");
        ping(&mut stream).await.expect("goes through");
        relay.cut();
        assert!(ping(&mut stream).await.is_err());
        let mut stream = TcpStream::connect(relay.address()).await.expect("connects again");
        ping(&mut stream).await.expect("goes through again");
        assert_eq!((relay.connections(), relay.bytes()), (2, (8, 8)));
    }

    #[tokio::test]
    async fn bytes_wait_in_a_stall_and_go_on_after_it() {
        let relay = Relay::to(echo_server().await).await.expect("relay");
        let mut stream = TcpStream::connect(relay.address()).await.expect("connects");
        ping(&mut stream).await.expect("goes through");
        relay.set_to_server(Weather::Stall);
        let waiting = tokio::time::timeout(Duration::from_millis(100), ping(&mut stream)).await;
        assert!(waiting.is_err());
        assert_eq!(relay.bytes(), (4, 4));
        relay.set(Weather::Clear);
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await.expect("arrives late");
        assert_eq!(&answer, b"ping");
    }

    #[tokio::test]
    async fn a_delay_holds_bytes_back_in_both_directions() {
        let relay = Relay::to(echo_server().await).await.expect("relay");
        let mut stream = TcpStream::connect(relay.address()).await.expect("connects");
        relay.set(Weather::Delay(Duration::from_millis(30)));
        let start = Instant::now();
        ping(&mut stream).await.expect("goes through");
        assert!(start.elapsed() >= Duration::from_millis(60));
    }
}
