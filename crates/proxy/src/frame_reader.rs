//! Frames out of a stream of bytes, without memory that a peer only claims to need.
//!
//! While nothing is pending a reader holds no buffer: a read goes to the stack first, and what came is copied to a
//! buffer of its own. A long frame is then read straight into its buffer, which grows fourfold as bytes arrive, never
//! by the length that the first four bytes claim. A broker is believed a little more: the buffer of an answer begins
//! with up to [`BELIEVED`], so that usual ones are never copied.
//!
//! An answer that nobody edits is not collected at all: [`FrameReader::poll_head`] looks at its first eight bytes, and
//! [`FrameReader::poll_piece`] hands out the rest as it comes (cut-through).
//!
//! Kafka: `NetworkReceive`, and `SimpleMemoryPool` for the budget.

use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use crate::budget::{Class, Permit};

/// Bytes of one read while the length of what comes is not known, and of a piece that is always free.
const SCRATCH: usize = 16 * 1024;
/// Bytes of a piece of a long answer, while the budget has them.
const PIECE: usize = 64 * 1024;
/// Bytes that an answer may claim before they have come. Memory that is not written to costs nothing.
const BELIEVED: usize = 4 * 1024 * 1024;
const SIZE_LENGTH: usize = 4;
const HEAD_LENGTH: usize = 8;

/// A whole frame, and its part of the budget.
#[derive(Debug)]
pub(crate) struct Frame {
    with_size: Bytes,
    pub permit: Permit,
}

impl Frame {
    /// The frame with the four bytes of its size.
    pub(crate) fn with_size(&self) -> &Bytes {
        &self.with_size
    }

    /// The frame without its size.
    pub(crate) fn body(&self) -> Bytes {
        self.with_size.slice(SIZE_LENGTH.min(self.with_size.len())..)
    }
}

/// The first bytes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes of the frame, those of its size included.
    pub length: usize,
    pub correlation_id: i32,
}

/// Why there is no further frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The four bytes of the size are kept: they tell what was spoken instead of Kafka.
    #[error("a frame of `{}` bytes, expected 0 to {max}", i32::from_be_bytes(*.size))]
    Size { size: [u8; 4], max: usize },
    #[error("the connection ended within a frame")]
    Cut,
}

/// When a frame takes its bytes from the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Take {
    AsBytesArrive,
    AllAtOnce,
}

/// Reads the frames of one direction of a connection.
#[derive(Debug)]
pub(crate) struct FrameReader {
    /// What has come and was not handed out.
    buffer: BytesMut,
    permit: Permit,
    max: usize,
    take: Take,
    waits_for_budget: bool,
    moved: bool,
}

impl FrameReader {
    /// A reader of frames of at most `max` bytes. The class of the permit tells which way they go.
    pub(crate) fn new(permit: Permit, class: Class, max: usize) -> FrameReader {
        let take = if class == Class::Responses { Take::AllAtOnce } else { Take::AsBytesArrive };
        FrameReader { buffer: BytesMut::new(), permit, max, take, waits_for_budget: false, moved: false }
    }

    /// After the login: requests may be longer, and count as such.
    pub(crate) fn logged_in(&mut self, max: usize) {
        self.max = max;
        self.permit.reclassify(Class::Requests);
    }

    /// Whether bytes have come of which no whole frame could be made yet.
    pub(crate) fn holds_bytes(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Whether it last stopped because the budget is used up.
    pub(crate) fn waits_for_budget(&self) -> bool {
        self.waits_for_budget
    }

    /// Whether bytes have come since this was asked last.
    pub(crate) fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// The next whole frame; `None` at the end of the stream.
    pub(crate) fn poll_frame<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<Result<Option<Frame>, ReadError>> {
        loop {
            let length = self.length()?;
            if let Some(length) = length.filter(|length| self.buffer.len() >= *length) {
                return Poll::Ready(Ok(Some(self.take_frame(length))));
            }
            let came = match length {
                Some(length) if self.reads_in_place(length) => ready!(self.poll_read_in_place(cx, stream, length))?,
                _ => ready!(self.poll_read(cx, stream))?,
            };
            if came == 0 {
                return Poll::Ready(self.end());
            }
        }
    }

    /// The head of the next frame, which stays where it is; `None` at the end of the stream.
    pub(crate) fn poll_head<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<Result<Option<Head>, ReadError>> {
        loop {
            if let Some((head, _)) = self.buffer.split_first_chunk::<HEAD_LENGTH>() {
                let [a, b, c, d, e, f, g, h] = *head;
                let length = self.checked_length([a, b, c, d])?;
                return Poll::Ready(Ok(Some(Head { length, correlation_id: i32::from_be_bytes([e, f, g, h]) })));
            }
            if self.length()?.is_some_and(|length| length < HEAD_LENGTH) {
                return Poll::Ready(Err(ReadError::Cut));
            }
            if ready!(self.poll_read(cx, stream))? == 0 {
                return Poll::Ready(self.end().map(|_: Option<Frame>| None));
            }
        }
    }

    /// Up to `remaining` bytes of a frame whose head was seen, as they come. Never more than [`PIECE`] at once.
    pub(crate) fn poll_piece<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        remaining: usize,
    ) -> Poll<Result<Frame, ReadError>> {
        if self.buffer.is_empty() {
            let came = if remaining >= SCRATCH {
                self.make_room_for_piece(remaining);
                let room = self.buffer.capacity().min(remaining);
                ready!(read_some(cx, stream, &mut self.buffer, room))?
            } else {
                ready!(self.poll_scratch(cx, stream))?
            };
            if came == 0 {
                return Poll::Ready(Err(ReadError::Cut));
            }
            self.moved = true;
        }
        let piece = self.take_frame(self.buffer.len().min(remaining));
        if piece.with_size.len() == remaining && self.buffer.is_empty() {
            self.free_buffer();
        }
        Poll::Ready(Ok(piece))
    }

    fn take_frame(&mut self, length: usize) -> Frame {
        let whole = length == self.buffer.len() && self.buffer.capacity() == length;
        let with_size =
            if whole { std::mem::take(&mut self.buffer).freeze() } else { self.buffer.split_to(length).freeze() };
        self.permit.stop_overdrawing();
        let permit = self.permit.split(length);
        if self.buffer.is_empty() && (self.take == Take::AsBytesArrive || self.buffer.capacity() < SCRATCH) {
            self.free_buffer();
        }
        Frame { with_size, permit }
    }

    fn free_buffer(&mut self) {
        self.buffer = BytesMut::new();
        drop(self.permit.split(usize::MAX));
    }

    /// Bytes of the frame in the buffer, those of its size included.
    fn length(&self) -> Result<Option<usize>, ReadError> {
        match self.buffer.first_chunk::<SIZE_LENGTH>() {
            Some(size) => self.checked_length(*size).map(Some),
            None => Ok(None),
        }
    }

    fn checked_length(&self, size: [u8; 4]) -> Result<usize, ReadError> {
        match usize::try_from(i32::from_be_bytes(size)) {
            Ok(length) if length <= self.max => Ok(SIZE_LENGTH + length),
            _ => Err(ReadError::Size { size, max: self.max }),
        }
    }

    fn end<T>(&self) -> Result<Option<T>, ReadError> {
        if self.buffer.is_empty() { Ok(None) } else { Err(ReadError::Cut) }
    }

    fn reads_in_place(&self, length: usize) -> bool {
        length - self.buffer.len() >= SCRATCH || self.buffer.capacity() >= length
    }

    /// Reads what is left of a long frame, and nothing behind it, straight into its buffer.
    fn poll_read_in_place<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        length: usize,
    ) -> Poll<Result<usize, ReadError>> {
        if self.buffer.capacity() == self.buffer.len() {
            let grown = length.min(self.buffer.len().saturating_mul(4));
            let (target, take) = match self.take {
                Take::AsBytesArrive => (grown, grown),
                Take::AllAtOnce => (grown.max(length.min(BELIEVED)), length),
            };
            ready!(self.poll_take(cx, take.saturating_sub(self.permit.bytes())));
            self.buffer.reserve(target - self.buffer.len());
        }
        let room = (self.buffer.capacity() - self.buffer.len()).min(length - self.buffer.len());
        let came = ready!(read_some(cx, stream, &mut self.buffer, room))?;
        self.moved |= came > 0;
        Poll::Ready(Ok(came))
    }

    /// Reads what there is, when the budget has room.
    fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<Result<usize, ReadError>> {
        if self.take == Take::AsBytesArrive {
            ready!(self.poll_take(cx, 0));
        }
        self.poll_scratch(cx, stream)
    }

    fn poll_scratch<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<Result<usize, ReadError>> {
        let mut scratch = [const { MaybeUninit::uninit() }; SCRATCH];
        let mut scratch = ReadBuf::uninit(&mut scratch);
        if let Err(error) = ready!(Pin::new(stream).poll_read(cx, &mut scratch)) {
            return Poll::Ready(or_end_of_stream(error).map_err(ReadError::from));
        }
        let came = scratch.filled();
        self.buffer.extend_from_slice(came);
        self.permit.add(came.len());
        self.moved |= !came.is_empty();
        Poll::Ready(Ok(came.len()))
    }

    /// Takes bytes from the budget, or room for a read whose length is not known (0), or waits.
    fn poll_take(&mut self, cx: &mut Context<'_>, bytes: usize) -> Poll<()> {
        self.waits_for_budget = false;
        if self.try_take(bytes) {
            return Poll::Ready(());
        }
        self.permit.wake_when_given_back(cx, bytes);
        if self.try_take(bytes) || self.try_overdraw(bytes) {
            return Poll::Ready(());
        }
        self.waits_for_budget = true;
        Poll::Pending
    }

    fn try_take(&mut self, bytes: usize) -> bool {
        if bytes == 0 { self.permit.has_room() } else { self.permit.try_add(bytes) }
    }

    fn try_overdraw(&mut self, bytes: usize) -> bool {
        self.permit.class() == Class::Requests && self.holds_bytes() && self.permit.overdraw() && self.try_take(bytes)
    }

    /// A buffer for the next pieces: long while the budget has the bytes, short and free of it otherwise.
    fn make_room_for_piece(&mut self, remaining: usize) {
        if self.buffer.capacity() > 0 {
            return;
        }
        let wanted = remaining.min(PIECE);
        let length = if self.permit.try_add(wanted) {
            wanted
        } else {
            self.permit.add(SCRATCH);
            SCRATCH
        };
        self.buffer = BytesMut::with_capacity(length);
    }
}

fn read_some<S: AsyncRead + Unpin>(
    cx: &mut Context<'_>,
    stream: &mut S,
    buffer: &mut BytesMut,
    room: usize,
) -> Poll<io::Result<usize>> {
    let mut limited = buffer.limit(room);
    match ready!(pin!(stream.read_buf(&mut limited)).poll(cx)) {
        Ok(came) => Poll::Ready(Ok(came)),
        Err(error) => Poll::Ready(or_end_of_stream(error)),
    }
}

/// A TLS peer that goes without its closing alert has gone all the same.
fn or_end_of_stream(error: io::Error) -> io::Result<usize> {
    if error.kind() == io::ErrorKind::UnexpectedEof { Ok(0) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;

    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

    use super::*;
    use crate::budget::Budget;

    const MAX: usize = 1024 * 1024;

    fn reader(budget: &Arc<Budget>, class: Class) -> FrameReader {
        FrameReader::new(budget.permit(class), class, MAX)
    }

    fn framed(body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len()).expect("short");
        [&size.to_be_bytes(), body].concat()
    }

    async fn next(reader: &mut FrameReader, stream: &mut DuplexStream) -> Result<Option<Bytes>, ReadError> {
        let frame = poll_fn(|cx| reader.poll_frame(cx, stream)).await?;
        Ok(frame.map(|frame| frame.body()))
    }

    #[tokio::test]
    async fn frames_come_out_as_they_went_in_however_they_are_cut() {
        let bodies = [vec![1; 5], vec![], vec![2; 300_000], vec![3; 20_000], vec![4; 1]];
        let bytes: Vec<u8> = bodies.iter().flat_map(|body| framed(body)).collect();
        for cut in [1, 3, 7, 4096, 100_000, usize::MAX] {
            let budget = Budget::new(10 * MAX);
            let mut reader = reader(&budget, Class::Requests);
            let (mut peer, mut stream) = duplex(64 * 1024);
            let bytes = bytes.clone();
            let writer = tokio::spawn(async move {
                for chunk in bytes.chunks(cut) {
                    peer.write_all(chunk).await.expect("the reader is there");
                }
            });
            for body in &bodies {
                assert_eq!(next(&mut reader, &mut stream).await.expect("a frame").as_deref(), Some(&body[..]));
            }
            assert_eq!(next(&mut reader, &mut stream).await.expect("the end"), None);
            writer.await.expect("it wrote all");
            assert_eq!((budget.used(), reader.buffer.capacity()), (0, 0), "cut in {cut}");
        }
    }

    #[tokio::test]
    async fn memory_grows_with_the_bytes_that_came_and_not_with_the_claim() {
        let budget = Budget::new(10 * MAX);
        let mut reader = reader(&budget, Class::Requests);
        let (mut peer, mut stream) = duplex(64 * 1024);
        let claim = u32::try_from(MAX).expect("short").to_be_bytes();
        peer.write_all(&claim).await.expect("room");
        peer.write_all(&[7; 1000]).await.expect("room");
        let pending = poll_fn(|cx| Poll::Ready(reader.poll_frame(cx, &mut stream).is_pending())).await;
        assert!(pending);
        assert!(reader.buffer.capacity() <= 4 * 1004, "{}", reader.buffer.capacity());
        assert!(budget.used() <= 4 * 1004, "{}", budget.used());
        drop(reader);
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn lengths_out_of_bounds_and_cut_frames_are_errors() {
        for (bytes, error) in [
            (&[0xff, 0xff, 0xff, 0xff][..], "a frame of `-1` bytes, expected 0 to 1048576"),
            (&[0, 0x10, 0, 1], "a frame of `1048577` bytes, expected 0 to 1048576"),
            (&[0, 0, 0, 9, 1], "the connection ended within a frame"),
            (&[0, 0], "the connection ended within a frame"),
        ] {
            let budget = Budget::new(10 * MAX);
            let mut reader = reader(&budget, Class::Requests);
            let (mut peer, mut stream) = duplex(1024);
            peer.write_all(bytes).await.expect("room");
            drop(peer);
            let refused = next(&mut reader, &mut stream).await.expect_err("no frame");
            assert_eq!(refused.to_string(), error);
        }
    }

    #[tokio::test]
    async fn a_frame_waits_for_the_budget_and_goes_on_when_it_is_given_back() {
        let budget = Budget::new(100_000);
        let mut all = budget.permit(Class::Responses);
        assert!(all.try_add(100_000));
        let mut reader = reader(&budget, Class::Requests);
        let (mut peer, mut stream) = duplex(1024);
        peer.write_all(&framed(b"abc")).await.expect("room");
        let pending = poll_fn(|cx| Poll::Ready(reader.poll_frame(cx, &mut stream).is_pending())).await;
        assert!(pending && reader.waits_for_budget());
        drop(all);
        assert_eq!(next(&mut reader, &mut stream).await.expect("a frame").as_deref(), Some(&b"abc"[..]));
    }

    #[tokio::test]
    async fn of_two_frames_that_wait_for_each_other_one_goes_on() {
        let budget = Budget::new(500_000);
        let body = vec![9; 250_000];
        let (mut one, mut other) = (reader(&budget, Class::Requests), reader(&budget, Class::Requests));
        let (mut to_one, mut from_one) = duplex(400_000);
        let (mut to_other, mut from_other) = duplex(400_000);
        to_one.write_all(&framed(&body)).await.expect("room");
        to_other.write_all(&framed(&body)).await.expect("room");
        let frame = poll_fn(|cx| one.poll_frame(cx, &mut from_one)).await.expect("a frame").expect("no end");
        let waits = poll_fn(|cx| Poll::Ready(other.poll_frame(cx, &mut from_other))).await;
        assert!(matches!(waits, Poll::Ready(Ok(Some(_)))), "it overdrew: {waits:?}");
        assert_eq!(frame.body(), &body[..]);
    }

    #[tokio::test]
    async fn an_answer_is_passed_on_in_pieces_without_being_held() {
        let budget = Budget::new(100_000);
        let mut reader = FrameReader::new(budget.permit(Class::Responses), Class::Responses, usize::MAX);
        let body: Vec<u8> = (0..1_000_000_u32).map(|index| index.to_be_bytes()[3]).collect();
        let (mut peer, mut stream) = duplex(32 * 1024);
        let bytes = [framed(&body), framed(&[0, 0, 0, 5])].concat();
        let writer = tokio::spawn(async move { peer.write_all(&bytes).await });
        let head = poll_fn(|cx| reader.poll_head(cx, &mut stream)).await.expect("a head").expect("no end");
        assert_eq!(head, Head { length: 1_000_004, correlation_id: 0x0001_0203 });
        let mut came = Vec::new();
        while came.len() < head.length {
            let remaining = head.length - came.len();
            let piece = poll_fn(|cx| reader.poll_piece(cx, &mut stream, remaining)).await.expect("a piece");
            came.extend_from_slice(piece.with_size());
            assert!(budget.used() <= PIECE + SCRATCH, "{}", budget.used());
        }
        assert_eq!(came, framed(&body));
        let head = poll_fn(|cx| reader.poll_head(cx, &mut stream)).await.expect("a head").expect("no end");
        assert_eq!(head, Head { length: 8, correlation_id: 5 });
        writer.await.expect("it ran").expect("it wrote all");
    }
}
