//! What is on its way out of one direction of a connection: frames as they are, written together.
//!
//! The size of a request is written from four bytes beside the frame, so that nothing is copied. Over TLS the slices of
//! one write share records.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use crate::budget::Permit;

/// From so many bytes on nothing more is read of what would be written here.
const FULL: usize = 64 * 1024;
/// Slices of one write.
const SLICES: usize = 32;

/// Frames that wait to be written.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    chunks: VecDeque<Chunk>,
    length: usize,
    /// Whether bytes were written since the last flush.
    unflushed: bool,
}

#[derive(Debug)]
struct Chunk {
    /// What is left of the size before the bytes.
    size: [u8; 4],
    size_left: u8,
    bytes: Bytes,
    _permit: Option<Permit>,
}

impl Chunk {
    fn size(&self) -> &[u8] {
        let written = self.size.len().saturating_sub(self.size_left.into());
        self.size.get(written..).unwrap_or_default()
    }

    fn length(&self) -> usize {
        usize::from(self.size_left) + self.bytes.len()
    }

    /// Drops what was written, and tells how much of it belongs to the chunks behind.
    fn advance(&mut self, written: usize) -> usize {
        let of_size = written.min(self.size_left.into());
        self.size_left -= u8::try_from(of_size).unwrap_or(self.size_left);
        let of_bytes = (written - of_size).min(self.bytes.len());
        self.bytes.advance(of_bytes);
        written - of_size - of_bytes
    }
}

impl Outgoing {
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty() && !self.unflushed
    }

    /// Whether more may be read of what would be written here.
    pub(crate) fn has_room(&self) -> bool {
        self.length < FULL
    }

    /// Bytes that are complete as they are.
    pub(crate) fn push(&mut self, bytes: Bytes, permit: Option<Permit>) {
        self.push_chunk(Chunk { size: [0; 4], size_left: 0, bytes, _permit: permit });
    }

    /// A frame without its size, which is written before it.
    pub(crate) fn push_with_size(&mut self, frame: Bytes, permit: Option<Permit>) {
        let size = u32::try_from(frame.len()).unwrap_or(u32::MAX).to_be_bytes();
        self.push_chunk(Chunk { size, size_left: 4, bytes: frame, _permit: permit });
    }

    fn push_chunk(&mut self, chunk: Chunk) {
        self.length += chunk.length();
        self.chunks.push_back(chunk);
    }

    /// Writes all there is.
    pub(crate) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<()>> {
        while !self.chunks.is_empty() {
            let written = ready!(self.poll_write_once(cx, stream))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unflushed = true;
            self.advance(written);
        }
        if self.unflushed {
            ready!(Pin::new(stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_once<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let parts = self.chunks.iter().flat_map(|chunk| [chunk.size(), &chunk.bytes]);
        let mut used = 0;
        for (slice, part) in slices.iter_mut().zip(parts.filter(|part| !part.is_empty())) {
            *slice = IoSlice::new(part);
            used += 1;
        }
        Pin::new(stream).poll_write_vectored(cx, slices.get(..used).unwrap_or_default())
    }

    fn advance(&mut self, mut written: usize) {
        self.length = self.length.saturating_sub(written);
        while let Some(chunk) = self.chunks.front_mut() {
            written = chunk.advance(written);
            if chunk.length() > 0 {
                return;
            }
            self.chunks.pop_front();
        }
        self.chunks.shrink_to(4);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    #[tokio::test]
    async fn chunks_are_written_in_order_whatever_the_peer_takes_at_once() {
        for room in [1, 2, 3, 5, 1000] {
            let mut outgoing = Outgoing::default();
            outgoing.push_with_size(Bytes::from_static(b"abc"), None);
            outgoing.push(Bytes::from_static(b"defg"), None);
            outgoing.push_with_size(Bytes::new(), None);
            let (mut stream, mut peer) = duplex(room);
            let reader = tokio::spawn(async move {
                let mut came = Vec::new();
                peer.read_to_end(&mut came).await.map(|_| came)
            });
            poll_fn(|cx| outgoing.poll_write(cx, &mut stream)).await.expect("the peer reads");
            assert!(outgoing.is_empty() && outgoing.has_room());
            drop(stream);
            let came = reader.await.expect("it ran").expect("it read all");
            assert_eq!(came, b"\0\0\0\x03abcdefg\0\0\0\0", "room for {room}");
        }
    }

    #[tokio::test]
    async fn a_slow_peer_fills_it_up() {
        let mut outgoing = Outgoing::default();
        outgoing.push(Bytes::from(vec![0; FULL]), None);
        let (mut stream, _peer) = duplex(10);
        let pending = poll_fn(|cx| Poll::Ready(outgoing.poll_write(cx, &mut stream).is_pending())).await;
        assert!(pending && outgoing.has_room());
        outgoing.push(Bytes::from(vec![0; 10]), None);
        assert!(!outgoing.has_room());
    }
}
