//! A place in untrusted bytes, and the primitive reads of Kafka's serialization that both parsers must agree on.
//!
//! Every read takes from the front or fails; nothing is copied and nothing is allocated. Mirrors
//! `org.apache.kafka.common.protocol.ByteBufferAccessor`, except that a varint longer than 32 bits is refused, where
//! Java drops the bits above and `kafka-protocol` reads on.

use crate::guard::Fault;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Cursor { rest: bytes }
    }

    /// Bytes not read yet.
    #[inline(always)]
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    #[inline(always)]
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Fault::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(Fault::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    #[inline(always)]
    pub(crate) fn int8(&mut self) -> Result<i8, Fault> {
        Ok(i8::from_be_bytes(self.array()?))
    }

    #[inline(always)]
    pub(crate) fn int16(&mut self) -> Result<i16, Fault> {
        Ok(i16::from_be_bytes(self.array()?))
    }

    #[inline(always)]
    pub(crate) fn int32(&mut self) -> Result<i32, Fault> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    /// An unsigned varint of at most five bytes and 32 bits.
    #[inline(always)]
    pub(crate) fn varint(&mut self) -> Result<u32, Fault> {
        match *self.rest {
            [one, ref rest @ ..] if one < 0x80 => {
                self.rest = rest;
                Ok(u32::from(one))
            }
            [one, two, ref rest @ ..] if two < 0x80 => {
                self.rest = rest;
                Ok(u32::from(one & 0x7f) | u32::from(two) << 7)
            }
            _ => self.long_varint(),
        }
    }

    #[cold]
    fn long_varint(&mut self) -> Result<u32, Fault> {
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.array::<1>()?;
            if shift == 28 && byte > 0x0f {
                return Err(Fault::Varint);
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Fault::Varint)
    }

    /// Tagged fields that nobody here knows: at most half as many as bytes remain, numbers strictly ascending and
    /// at most `i32::MAX`, each with the bytes that it claims.
    pub(crate) fn unknown_tags(&mut self) -> Result<(), Fault> {
        let mut tags = Tags::read(self)?;
        while let Some((_, size)) = tags.next(self)? {
            self.take(size)?;
        }
        Ok(())
    }
}

/// The tagged fields at the end of a flexible structure, read one by one.
#[derive(Debug)]
pub(crate) struct Tags {
    left: u32,
    lowest: u32,
}

impl Tags {
    #[inline(always)]
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Tags, Fault> {
        let left = cursor.varint()?;
        if left as usize > cursor.remaining() / 2 {
            return Err(Fault::TagCount(left));
        }
        Ok(Tags { left, lowest: 0 })
    }

    /// How many are still to come.
    pub(crate) fn left(&self) -> usize {
        self.left as usize
    }

    /// The number and size of the next tag; its value is next in the cursor.
    pub(crate) fn next(&mut self, cursor: &mut Cursor<'_>) -> Result<Option<(u32, usize)>, Fault> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let tag = cursor.varint()?;
        if tag < self.lowest || tag > i32::MAX as u32 {
            return Err(Fault::TagOrder(tag));
        }
        self.lowest = tag + 1;
        let size = cursor.varint()? as usize;
        if size > cursor.remaining() {
            return Err(Fault::Truncated);
        }
        Ok(Some((tag, size)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varint(bytes: &[u8]) -> Result<u32, Fault> {
        Cursor::new(bytes).varint()
    }

    #[test]
    fn varints_have_at_most_five_bytes_and_32_bits() {
        assert_eq!(varint(&[0x7f]), Ok(127));
        assert_eq!(varint(&[0x80, 0x01]), Ok(128));
        assert_eq!(varint(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Ok(u32::MAX));
        assert_eq!(varint(&[0xff, 0xff, 0xff, 0xff, 0x1f]), Err(Fault::Varint));
        assert_eq!(varint(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x01]), Err(Fault::Varint));
        assert_eq!(varint(&[0x80]), Err(Fault::Truncated));
        assert_eq!(varint(&[]), Err(Fault::Truncated));
    }

    #[test]
    fn tags_ascend_and_fit() {
        let walk = |bytes: &[u8]| Cursor::new(bytes).unknown_tags();
        assert_eq!(walk(&[0]), Ok(()));
        assert_eq!(walk(&[2, 0, 0, 7, 1, 9]), Ok(()));
        assert_eq!(walk(&[2, 7, 0, 7, 0]), Err(Fault::TagOrder(7)));
        assert_eq!(walk(&[2, 7, 0, 6, 0]), Err(Fault::TagOrder(6)));
        assert_eq!(walk(&[1, 0x80, 0x80, 0x80, 0x80, 0x08, 0]), Err(Fault::TagOrder(1 << 31)));
        assert_eq!(walk(&[2, 7, 0]), Err(Fault::TagCount(2)));
        assert_eq!(walk(&[1, 7, 3, 0]), Err(Fault::Truncated));
    }
}
