//! Frames from a broker: a 4-byte size, then that many bytes. Memory grows with the bytes received, not with the size
//! that is claimed.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// What is received in one piece, and never reserved before it arrives.
const SMALLEST_STEP: usize = 4096;

/// The content types of a TLS alert and of a TLS handshake record, and the major version that follows them.
const TLS_RECORDS: [[u8; 2]; 2] = [[0x15, 0x03], [0x16, 0x03]];

/// Bytes received that are not yet a whole frame. It outlives its reads: an abandoned [`FrameReader::next`] loses nothing.
#[derive(Debug)]
pub(crate) struct FrameReader {
    buffer: BytesMut,
    max_frame_bytes: usize,
}

/// Why there is no next frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameFault {
    /// The broker's, or the network's: nothing more will come.
    #[error("the connection was closed")]
    Closed,
    /// The broker's, or whoever answers in its place.
    #[error("a frame claims `{0}` bytes, expected 4 to {1}")]
    Length(i32, usize),
    /// Ours or the operator's: `security.protocol` is wrong.
    #[error("the answer is a tls record, not a kafka frame: `security.protocol` should be SSL or SASL_SSL")]
    IsTls,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl FrameReader {
    pub(crate) fn new(max_frame_bytes: usize) -> FrameReader {
        FrameReader { buffer: BytesMut::new(), max_frame_bytes }
    }

    /// The next frame without its size.
    pub(crate) async fn next(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<Bytes, FrameFault> {
        loop {
            let wanted = match self.claimed_length()? {
                Some(length) if self.buffer.len() >= 4 + length => return Ok(self.take(length)),
                Some(length) => 4 + length - self.buffer.len(),
                None => 4,
            };
            self.buffer.reserve(wanted.min(self.buffer.len().max(SMALLEST_STEP)));
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(FrameFault::Closed);
            }
        }
    }

    fn claimed_length(&self) -> Result<Option<usize>, FrameFault> {
        let Some(size) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        let claimed = i32::from_be_bytes(*size);
        match usize::try_from(claimed) {
            Ok(length) if (4..=self.max_frame_bytes).contains(&length) => Ok(Some(length)),
            _ if TLS_RECORDS.iter().any(|record| size.starts_with(record)) => Err(FrameFault::IsTls),
            _ => Err(FrameFault::Length(claimed, self.max_frame_bytes)),
        }
    }

    /// The frame alone keeps the memory it was received in: an idle reader holds next to nothing.
    fn take(&mut self, length: usize) -> Bytes {
        let rest = BytesMut::from(self.buffer.get(4 + length..).unwrap_or_default());
        let mut frame = std::mem::replace(&mut self.buffer, rest).freeze();
        frame.truncate(4 + length);
        frame.split_off(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8]) -> (Result<Bytes, String>, usize) {
        let mut reader = FrameReader::new(1 << 20);
        let frame = reader.next(&mut &bytes[..]).await.map_err(|fault| fault.to_string());
        (frame, reader.buffer.capacity())
    }

    #[tokio::test]
    async fn frames_that_arrive_together_are_read_one_by_one() {
        let mut bytes: &[u8] = &[0, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 5, 5, 6, 7, 8, 9];
        let mut reader = FrameReader::new(5);
        assert_eq!(reader.next(&mut bytes).await.unwrap(), &[1, 2, 3, 4][..]);
        assert_eq!(reader.next(&mut bytes).await.unwrap(), &[5, 6, 7, 8, 9][..]);
        assert!(matches!(reader.next(&mut bytes).await, Err(FrameFault::Closed)));
    }

    #[tokio::test]
    async fn a_claimed_length_reserves_nothing() {
        let (frame, reserved) = read(&[0, 0x0f, 0xff, 0xff, 1, 2, 3]).await;
        assert_eq!(frame, Err("the connection was closed".to_owned()));
        assert!(reserved <= 2 * SMALLEST_STEP, "{reserved} bytes reserved for 7 received");
    }

    #[tokio::test]
    async fn impossible_lengths_are_refused_before_anything_else_is_read() {
        for (claimed, bytes) in
            [(-1, [0xff; 4]), (3, [0, 0, 0, 3]), (1_048_577, [0, 0x10, 0, 1]), (i32::MAX, [0x7f, 0xff, 0xff, 0xff])]
        {
            let expected = format!("a frame claims `{claimed}` bytes, expected 4 to 1048576");
            assert_eq!(read(&bytes).await.0, Err(expected));
        }
    }

    #[tokio::test]
    async fn a_tls_alert_is_recognised() {
        let (frame, _) = read(&[0x15, 0x03, 0x03, 0, 2, 2, 80]).await;
        assert!(frame.unwrap_err().contains("security.protocol"));
    }
}
