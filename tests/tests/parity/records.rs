//! Record batches as a producer writes them (magic 2).

use bytes::{BufMut, BytesMut};

use crate::codec::hexadecimal;

const TRANSACTIONAL: i16 = 1 << 4;

/// A batch of records, in hexadecimal. They are all alike, and their time is the year 2023.
pub(crate) fn batch(records: u8, transactional: bool) -> String {
    batch_of(records, transactional, -1, -1)
}

/// The first batch of a producer.
pub(crate) fn batch_of(records: u8, transactional: bool, producer_id: i64, producer_epoch: i16) -> String {
    let sequence = if producer_id < 0 { -1 } else { 0 };
    sequenced(records, transactional, producer_id, producer_epoch, sequence)
}

/// A batch of a producer, that begins with this sequence number.
pub(crate) fn sequenced(
    records: u8,
    transactional: bool,
    producer_id: i64,
    producer_epoch: i16,
    sequence: i32,
) -> String {
    let mut body = BytesMut::new();
    body.put_i16(if transactional { TRANSACTIONAL } else { 0 });
    body.put_i32(i32::from(records) - 1);
    body.put_i64(1_700_000_000_000);
    body.put_i64(1_700_000_000_000);
    body.put_i64(producer_id);
    body.put_i16(producer_epoch);
    body.put_i32(sequence);
    body.put_i32(records.into());
    for offset in 0..records {
        // Length 7: attributes, two deltas, no key, a value of one byte, no headers; numbers are zigzag.
        body.put_slice(&[14, 0, 0, offset * 2, 1, 2, b'v', 0]);
    }
    let mut batch = BytesMut::new();
    batch.put_i64(0);
    batch.put_i32(i32::try_from(body.len()).expect("a small batch") + 9);
    batch.put_i32(-1);
    batch.put_i8(2);
    batch.put_u32(crc32c(&body));
    batch.put_slice(&body);
    hexadecimal(&batch)
}

/// Batches in hexadecimal, of which those that mark the end of a transaction are only said to be there.
pub(crate) fn without_markers(batches: &str) -> String {
    const CONTROL: i64 = 1 << 5;
    // Two digits for each byte: the offset of a batch, its length, and its attributes behind an epoch, a magic and a sum.
    let number = |text: Option<&str>| text.and_then(|digits| i64::from_str_radix(digits, 16).ok());
    let (mut rest, mut text) = (batches, String::new());
    while let (Some(length), Some(attributes)) = (number(rest.get(16..24)), number(rest.get(42..46))) {
        let end = usize::try_from(24 + 2 * length).unwrap_or(usize::MAX).min(rest.len());
        let (batch, behind) = rest.split_at(end);
        text += if attributes & CONTROL == 0 { batch } else { "[marker]" };
        rest = behind;
    }
    text + rest
}

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg()))
    })
}
