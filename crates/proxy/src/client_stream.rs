//! The bytes between a client and us: a socket, with TLS or without.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A connection of a client.
#[derive(Debug)]
pub(crate) enum ClientStream {
    Plain(TcpStream),
    Tls(Box<TlsStream<ReadAhead<TcpStream>>>),
}

/// Both streams are `Unpin`; each call goes to the one there is.
macro_rules! forward {
    ($self:ident, $method:ident $(, $argument:expr)*) => {
        match $self.get_mut() {
            ClientStream::Plain(tcp) => Pin::new(tcp).$method($($argument),*),
            ClientStream::Tls(tls) => Pin::new(tls.as_mut()).$method($($argument),*),
        }
    };
}

impl AsyncRead for ClientStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_read, cx, buffer)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        forward!(self, poll_write, cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        forward!(self, poll_write_vectored, cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_flush, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_shutdown, cx)
    }
}

/// Bytes of one read of a socket below TLS.
const READ: usize = 32 * 1024;

/// A socket below TLS. rustls asks for 4 KiB at a time, which is many system calls for a long record; this reads what
/// there is, and keeps what was not asked for until it is. While nothing is kept it holds no memory.
#[derive(Debug)]
pub(crate) struct ReadAhead<S> {
    stream: S,
    kept: Vec<u8>,
    /// How much of it has been handed out.
    taken: usize,
}

impl<S> ReadAhead<S> {
    pub(crate) fn new(stream: S) -> ReadAhead<S> {
        ReadAhead { stream, kept: Vec::new(), taken: 0 }
    }

    fn take(&mut self, buffer: &mut ReadBuf<'_>) {
        let left = self.kept.get(self.taken..).unwrap_or_default();
        let (now, later) = left.split_at(left.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.taken += now.len();
        if later.is_empty() {
            self.kept = Vec::new();
            self.taken = 0;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.kept.is_empty() {
            this.take(buffer);
            return Poll::Ready(Ok(()));
        }
        let mut scratch = [const { MaybeUninit::uninit() }; READ];
        let mut scratch = ReadBuf::uninit(&mut scratch);
        ready!(Pin::new(&mut this.stream).poll_read(cx, &mut scratch))?;
        let (now, later) = scratch.filled().split_at(scratch.filled().len().min(buffer.remaining()));
        buffer.put_slice(now);
        this.kept = later.to_vec();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadAhead<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn what_was_read_ahead_is_handed_out_in_order_and_then_freed() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|index| index.to_be_bytes()[3]).collect();
        let (mut peer, stream) = duplex(64 * 1024);
        let mut stream = ReadAhead::new(stream);
        let written = bytes.clone();
        let writer = tokio::spawn(async move { peer.write_all(&written).await });
        let mut came = Vec::new();
        let mut chunk = [0; 4096];
        while let count @ 1.. = stream.read(&mut chunk).await.expect("a read") {
            came.extend_from_slice(&chunk[..count]);
        }
        writer.await.expect("it ran").expect("it wrote all");
        assert_eq!((came == bytes, stream.kept.capacity()), (true, 0));
    }
}
