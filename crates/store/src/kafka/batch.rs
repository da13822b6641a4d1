//! Record batches of Kafka's log, form 2: one written by us, any number read from a Fetch.
//!
//! Kafka: `DefaultRecordBatch`, `DefaultRecord`. What is compressed or a control batch has its offsets read and nothing
//! more: we write neither.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Until where a batch has its length and its checksum, in bytes.
const LENGTH_END: usize = 12;
const CHECKSUM_END: usize = 21;
/// The header as a whole.
const HEADER_LEN: usize = 61;
const MAGIC: i8 = 2;

const COMPRESSION: i16 = 0b111;
const IS_CONTROL: i16 = 1 << 5;

/// Who wrote a batch, and which of his it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) producer_id: i64,
    pub(super) producer_epoch: i16,
    pub(super) base_sequence: i32,
}

/// A batch as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    /// Of its last record, those counted that compaction took.
    pub(super) last_offset: i64,
    pub(super) stamp: Stamp,
    pub(super) content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Records(Vec<Record>),
    /// An end of a transaction.
    Control,
    Compressed,
}

impl Content {
    /// How many records.
    pub(super) fn len(&self) -> usize {
        match self {
            Content::Records(records) => records.len(),
            Content::Control | Content::Compressed => 0,
        }
    }
}

/// Its offset and time are of no interest here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) key: Option<Bytes>,
    pub(super) value: Option<Bytes>,
}

/// Why bytes of a log cannot be read. The broker's fault, or the network's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BatchFault {
    #[error("a record batch in form {0}, expected {MAGIC}")]
    Magic(i8),
    #[error("a record batch whose checksum does not fit")]
    Checksum,
    #[error("a record batch that cannot be read")]
    Malformed,
}

/// The bytes of a batch, as Produce takes them.
pub(super) fn encode(stamp: Stamp, records: &[Record]) -> Bytes {
    let count = i32::try_from(records.len()).expect("a change has at most some ten thousand records");
    let mut body = BytesMut::new();
    body.put_i16(0);
    body.put_i32(count - 1);
    // The topic's own clock counts (message.timestamp.type=LogAppendTime).
    body.put_i64(0);
    body.put_i64(0);
    body.put_i64(stamp.producer_id);
    body.put_i16(stamp.producer_epoch);
    body.put_i32(stamp.base_sequence);
    body.put_i32(count);
    let mut one = BytesMut::new();
    for (delta, record) in (0..count).zip(records) {
        one.clear();
        one.put_i8(0);
        put_varint(&mut one, 0);
        put_varint(&mut one, delta.into());
        put_bytes(&mut one, record.key.as_deref());
        put_bytes(&mut one, record.value.as_deref());
        put_varint(&mut one, 0);
        put_varint(&mut body, length(one.len()));
        body.extend_from_slice(&one);
    }
    let mut batch = BytesMut::with_capacity(CHECKSUM_END + body.len());
    batch.put_i64(0);
    batch.put_i32(i32::try_from(CHECKSUM_END - LENGTH_END + body.len()).expect("a batch is far below 2 GiB"));
    batch.put_i32(-1);
    batch.put_i8(MAGIC);
    batch.put_u32(crc32c::crc32c(&body));
    batch.extend_from_slice(&body);
    batch.freeze()
}

/// The batches of a Fetch. The last one may have been cut off: it comes with the next Fetch.
pub(super) fn decode(mut bytes: Bytes) -> Result<Vec<Batch>, BatchFault> {
    let mut batches = Vec::new();
    while let Some(mut batch) = next(&mut bytes)? {
        batches.push(read(&mut batch)?);
    }
    Ok(batches)
}

fn next(bytes: &mut Bytes) -> Result<Option<Bytes>, BatchFault> {
    let mut head: &[u8] = bytes;
    let (Ok(_), Ok(length)) = (head.try_get_i64(), head.try_get_i32()) else { return Ok(None) };
    let length = usize::try_from(length).map_err(|_| BatchFault::Malformed)?.saturating_add(LENGTH_END);
    if bytes.len() < length {
        return Ok(None);
    }
    Ok(Some(bytes.split_to(length)))
}

fn read(bytes: &mut Bytes) -> Result<Batch, BatchFault> {
    if bytes.len() > CHECKSUM_END - 5 && bytes.get(CHECKSUM_END - 5).is_none_or(|magic| *magic != MAGIC.cast_unsigned())
    {
        return Err(BatchFault::Magic(bytes.get(CHECKSUM_END - 5).map_or(0, |magic| magic.cast_signed())));
    }
    if bytes.len() < HEADER_LEN {
        return Err(BatchFault::Malformed);
    }
    let base_offset = bytes.get_i64();
    bytes.advance(9);
    if bytes.get_u32() != crc32c::crc32c(bytes) {
        return Err(BatchFault::Checksum);
    }
    let attributes = bytes.get_i16();
    let last_offset_delta: i64 = bytes.get_i32().into();
    // There is an offset behind each, which is read next.
    let last_offset = base_offset
        .checked_add(last_offset_delta)
        .filter(|last| base_offset >= 0 && last_offset_delta >= 0 && *last < i64::MAX)
        .ok_or(BatchFault::Malformed)?;
    bytes.advance(16);
    let stamp = Stamp { producer_id: bytes.get_i64(), producer_epoch: bytes.get_i16(), base_sequence: bytes.get_i32() };
    let count = bytes.get_i32();
    let content = if attributes & IS_CONTROL != 0 {
        Content::Control
    } else if attributes & COMPRESSION != 0 {
        Content::Compressed
    } else {
        Content::Records((0..count).map(|_| record(bytes)).collect::<Result<_, _>>()?)
    };
    Ok(Batch { last_offset, stamp, content })
}

fn record(bytes: &mut Bytes) -> Result<Record, BatchFault> {
    let mut record = take(bytes)?.ok_or(BatchFault::Malformed)?;
    record.try_get_i8().map_err(|_| BatchFault::Malformed)?;
    varint(&mut record)?;
    varint(&mut record)?;
    // Headers may follow; nobody needs them.
    Ok(Record { key: take(&mut record)?, value: take(&mut record)? })
}

/// Bytes with their length before them; -1 is none.
fn take(bytes: &mut Bytes) -> Result<Option<Bytes>, BatchFault> {
    let length = varint(bytes)?;
    if length == -1 {
        return Ok(None);
    }
    let length = usize::try_from(length).map_err(|_| BatchFault::Malformed)?;
    match length <= bytes.len() {
        true => Ok(Some(bytes.split_to(length))),
        false => Err(BatchFault::Malformed),
    }
}

/// Protocol Buffers' zigzag form.
fn varint(bytes: &mut Bytes) -> Result<i64, BatchFault> {
    let mut value: u64 = 0;
    for shift in (0..64).step_by(7) {
        let byte = bytes.try_get_u8().map_err(|_| BatchFault::Malformed)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()));
        }
    }
    Err(BatchFault::Malformed)
}

fn put_varint(to: &mut BytesMut, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    loop {
        let low = u8::try_from(rest & 0x7f).expect("seven bits");
        rest >>= 7;
        if rest == 0 {
            return to.put_u8(low);
        }
        to.put_u8(low | 0x80);
    }
}

fn put_bytes(to: &mut BytesMut, bytes: Option<&[u8]>) {
    match bytes {
        None => put_varint(to, -1),
        Some(bytes) => {
            put_varint(to, length(bytes.len()));
            to.extend_from_slice(bytes);
        }
    }
}

fn length(length: usize) -> i64 {
    i64::try_from(length).expect("what we write is far below 2 GiB")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STAMP: Stamp = Stamp { producer_id: 4711, producer_epoch: 3, base_sequence: 17 };

    fn records() -> Vec<Record> {
        let record = |key: &str, value: Option<&str>| Record {
            key: Some(Bytes::copy_from_slice(key.as_bytes())),
            value: value.map(|value| Bytes::copy_from_slice(value.as_bytes())),
        };
        vec![record("a", Some("1")), record(&"b".repeat(200), Some("")), record("", None)]
    }

    /// At this base offset, as a log has it: the checksum is over what follows it.
    fn at(base_offset: i64, batch: &Bytes) -> Bytes {
        let mut moved = BytesMut::new();
        moved.put_i64(base_offset);
        moved.extend_from_slice(&batch[8..]);
        moved.freeze()
    }

    #[test]
    fn what_is_written_is_read() {
        let batch = encode(STAMP, &records());
        let log = [at(5, &batch), at(8, &batch)].concat();
        let expected = |last_offset| Batch { last_offset, stamp: STAMP, content: Content::Records(records()) };
        assert_eq!(decode(log.clone().into()), Ok(vec![expected(7), expected(10)]));
        for cut in 1..batch.len() {
            let cut_off = Bytes::copy_from_slice(&log[..log.len() - cut]);
            assert_eq!(decode(cut_off), Ok(vec![expected(7)]), "{cut}");
        }
    }

    #[test]
    fn other_forms_and_damage_are_told() {
        let batch = encode(STAMP, &records());
        let mut older = batch.to_vec();
        older[16] = 1;
        assert_eq!(decode(older.into()), Err(BatchFault::Magic(1)));
        let mut damaged = batch.to_vec();
        *damaged.last_mut().expect("some") ^= 1;
        assert_eq!(decode(damaged.into()), Err(BatchFault::Checksum));
    }

    /// What a broker says must not be more than a number can be, one further.
    #[test]
    fn there_is_an_offset_behind_every_batch() {
        let batch = encode(STAMP, &records());
        assert!(decode(at(i64::MAX - 3, &batch)).is_ok());
        for base_offset in [i64::MAX - 2, i64::MAX - 1, -1] {
            assert_eq!(decode(at(base_offset, &batch)), Err(BatchFault::Malformed), "{base_offset}");
        }
    }

    /// Read by the codec of clients.
    #[test]
    fn others_read_it_too() {
        let mut bytes = encode(STAMP, &records());
        let read = kafka_protocol::records::RecordBatchDecoder::decode(&mut bytes).expect("a good batch").records;
        let keys: Vec<_> = read.iter().map(|record| (record.key.clone(), record.value.clone())).collect();
        let expected: Vec<_> = records().into_iter().map(|record| (record.key, record.value)).collect();
        assert_eq!(keys, expected);
        let stamps = read.iter().map(|record| (record.producer_id, record.producer_epoch, record.sequence));
        assert_eq!(stamps.collect::<Vec<_>>(), [(4711, 3, 17), (4711, 3, 18), (4711, 3, 19)]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 61..200)) {
            let _ = decode(bytes.clone().into());
            // With a good head, so that the records are reached.
            let length = i32::try_from(bytes.len() - 12).expect("short");
            bytes[8..12].copy_from_slice(&length.to_be_bytes());
            bytes[16] = 2;
            bytes[21..23].copy_from_slice(&[0, 0]);
            let checksum = crc32c::crc32c(&bytes[21..]);
            bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
            let _ = decode(bytes.into());
        }

        #[test]
        fn every_number_is_read_back(number: i64) {
            let mut bytes = BytesMut::new();
            put_varint(&mut bytes, number);
            prop_assert_eq!(varint(&mut bytes.freeze()), Ok(number));
        }
    }
}
