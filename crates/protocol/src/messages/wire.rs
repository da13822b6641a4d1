//! How the types of fields look in bytes (KIP-482 for flexible versions): what `kafka-protocol` keeps to itself.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow, bail};
use bytes::Bytes;
use kafka_protocol::messages::{BrokerId, GroupId, ProducerId, TopicName, TransactionalId};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::protocol::buf::{ByteBuf, ByteBufMut};
use uuid::Uuid;

/// In which version a value stands, and whether its message is flexible there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) version: i16,
    pub(crate) flexible: bool,
}

/// A value of a field.
pub(crate) trait Wire: Sized {
    fn write<B: ByteBufMut>(&self, buf: &mut B, form: Form) -> Result<()>;
    fn size(&self, form: Form) -> Result<usize>;
    fn read<B: ByteBuf>(buf: &mut B, form: Form) -> Result<Self>;

    // Where null is allowed; so for structures, while strings and arrays have a length that says it.

    fn write_nullable<B: ByteBufMut>(value: Option<&Self>, buf: &mut B, form: Form) -> Result<()> {
        buf.put_i8(if value.is_some() { 1 } else { -1 });
        value.map_or(Ok(()), |value| value.write(buf, form))
    }

    fn nullable_size(value: Option<&Self>, form: Form) -> Result<usize> {
        Ok(1 + value.map_or(Ok(0), |value| value.size(form))?)
    }

    fn read_nullable<B: ByteBuf>(buf: &mut B, form: Form) -> Result<Option<Self>> {
        if buf.try_get_i8()? < 0 { Ok(None) } else { Self::read(buf, form).map(Some) }
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write<B: ByteBufMut>(&self, buf: &mut B, form: Form) -> Result<()> {
        T::write_nullable(self.as_ref(), buf, form)
    }

    fn size(&self, form: Form) -> Result<usize> {
        T::nullable_size(self.as_ref(), form)
    }

    fn read<B: ByteBuf>(buf: &mut B, form: Form) -> Result<Self> {
        T::read_nullable(buf, form)
    }
}

macro_rules! numbers {
    ($($type:ident $put:ident $get:ident,)*) => {
        $(impl Wire for $type {
            fn write<B: ByteBufMut>(&self, buf: &mut B, _: Form) -> Result<()> {
                buf.$put(*self);
                Ok(())
            }

            fn size(&self, _: Form) -> Result<usize> {
                Ok(size_of::<$type>())
            }

            fn read<B: ByteBuf>(buf: &mut B, _: Form) -> Result<Self> {
                Ok(buf.$get()?)
            }
        })*
    };
}
numbers! {
    i8 put_i8 try_get_i8,
    i16 put_i16 try_get_i16,
    u16 put_u16 try_get_u16,
    i32 put_i32 try_get_i32,
    i64 put_i64 try_get_i64,
}

impl Wire for bool {
    fn write<B: ByteBufMut>(&self, buf: &mut B, form: Form) -> Result<()> {
        i8::from(*self).write(buf, form)
    }

    fn size(&self, _: Form) -> Result<usize> {
        Ok(1)
    }

    fn read<B: ByteBuf>(buf: &mut B, form: Form) -> Result<Self> {
        Ok(i8::read(buf, form)? != 0)
    }
}

impl Wire for Uuid {
    fn write<B: ByteBufMut>(&self, buf: &mut B, _: Form) -> Result<()> {
        buf.put_slice(self.as_bytes());
        Ok(())
    }

    fn size(&self, _: Form) -> Result<usize> {
        Ok(16)
    }

    fn read<B: ByteBuf>(buf: &mut B, _: Form) -> Result<Self> {
        let mut bytes = [0; 16];
        buf.try_copy_to_slice(&mut bytes)?;
        Ok(Uuid::from_bytes(bytes))
    }
}

impl Wire for StrBytes {
    fn write<B: ByteBufMut>(&self, buf: &mut B, form: Form) -> Result<()> {
        Self::write_nullable(Some(self), buf, form)
    }

    fn size(&self, form: Form) -> Result<usize> {
        Self::nullable_size(Some(self), form)
    }

    fn read<B: ByteBuf>(buf: &mut B, form: Form) -> Result<Self> {
        Self::read_nullable(buf, form)?.ok_or_else(|| anyhow!("a string is null"))
    }

    fn write_nullable<B: ByteBufMut>(value: Option<&Self>, buf: &mut B, form: Form) -> Result<()> {
        let length = value.map(|text| text.len());
        if form.flexible {
            write_compact_length(buf, length)?;
        } else {
            buf.put_i16(length.map_or(Ok(-1), i16::try_from)?);
        }
        buf.put_slice(value.map_or(&[], |text| text.as_bytes()));
        Ok(())
    }

    fn nullable_size(value: Option<&Self>, form: Form) -> Result<usize> {
        let length = value.map(|text| text.len());
        Ok(length.unwrap_or(0) + if form.flexible { compact_length_size(length)? } else { 2 })
    }

    fn read_nullable<B: ByteBuf>(buf: &mut B, form: Form) -> Result<Option<Self>> {
        let length = if form.flexible { read_compact_length(buf)? } else { usize::try_from(buf.try_get_i16()?).ok() };
        let Some(length) = length else { return Ok(None) };
        Ok(Some(StrBytes::from_utf8(buf.try_get_bytes(length)?)?))
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write<B: ByteBufMut>(&self, buf: &mut B, form: Form) -> Result<()> {
        Self::write_nullable(Some(self), buf, form)
    }

    fn size(&self, form: Form) -> Result<usize> {
        Self::nullable_size(Some(self), form)
    }

    fn read<B: ByteBuf>(buf: &mut B, form: Form) -> Result<Self> {
        Self::read_nullable(buf, form)?.ok_or_else(|| anyhow!("an array is null"))
    }

    fn write_nullable<B: ByteBufMut>(value: Option<&Self>, buf: &mut B, form: Form) -> Result<()> {
        let count = value.map(Vec::len);
        if form.flexible {
            write_compact_length(buf, count)?;
        } else {
            buf.put_i32(count.map_or(Ok(-1), i32::try_from)?);
        }
        value.into_iter().flatten().try_for_each(|element| element.write(buf, form))
    }

    fn nullable_size(value: Option<&Self>, form: Form) -> Result<usize> {
        let mut size = if form.flexible { compact_length_size(value.map(Vec::len))? } else { 4 };
        for element in value.into_iter().flatten() {
            size += element.size(form)?;
        }
        Ok(size)
    }

    fn read_nullable<B: ByteBuf>(buf: &mut B, form: Form) -> Result<Option<Self>> {
        let count = if form.flexible { read_compact_length(buf)? } else { usize::try_from(buf.try_get_i32()?).ok() };
        let Some(count) = count else { return Ok(None) };
        if count > buf.remaining() {
            bail!("`{count}` elements cannot fit in `{}` bytes", buf.remaining());
        }
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            elements.push(T::read(buf, form)?);
        }
        Ok(Some(elements))
    }
}

/// Types of `kafka-protocol` that say what a string or number stands for.
macro_rules! entities {
    ($($type:ident)*) => {
        $(impl Wire for $type {
            fn write<B: ByteBufMut>(&self, buf: &mut B, form: Form) -> Result<()> {
                self.0.write(buf, form)
            }

            fn size(&self, form: Form) -> Result<usize> {
                self.0.size(form)
            }

            fn read<B: ByteBuf>(buf: &mut B, form: Form) -> Result<Self> {
                Wire::read(buf, form).map($type)
            }

            fn write_nullable<B: ByteBufMut>(value: Option<&Self>, buf: &mut B, form: Form) -> Result<()> {
                Wire::write_nullable(value.map(|value| &value.0), buf, form)
            }

            fn nullable_size(value: Option<&Self>, form: Form) -> Result<usize> {
                Wire::nullable_size(value.map(|value| &value.0), form)
            }

            fn read_nullable<B: ByteBuf>(buf: &mut B, form: Form) -> Result<Option<Self>> {
                Ok(Wire::read_nullable(buf, form)?.map($type))
            }
        })*
    };
}
entities! { BrokerId GroupId ProducerId TopicName TransactionalId }

/// The tagged fields at the end of a structure, none of which these messages know.
pub(crate) fn write_tagged_fields<B: ByteBufMut>(fields: &BTreeMap<i32, Bytes>, buf: &mut B) -> Result<()> {
    write_varint(buf, u32::try_from(fields.len())?);
    for (&tag, value) in fields {
        write_varint(buf, u32::try_from(tag)?);
        write_varint(buf, u32::try_from(value.len())?);
        buf.put_slice(value);
    }
    Ok(())
}

pub(crate) fn tagged_fields_size(fields: &BTreeMap<i32, Bytes>) -> Result<usize> {
    let mut size = varint_size(u32::try_from(fields.len())?);
    for (&tag, value) in fields {
        size += varint_size(u32::try_from(tag)?) + varint_size(u32::try_from(value.len())?) + value.len();
    }
    Ok(size)
}

pub(crate) fn read_tagged_fields<B: ByteBuf>(buf: &mut B) -> Result<BTreeMap<i32, Bytes>> {
    let mut fields = BTreeMap::new();
    for _ in 0..read_varint(buf)? {
        let tag = i32::try_from(read_varint(buf)?)?;
        let length = usize::try_from(read_varint(buf)?)?;
        fields.insert(tag, buf.try_get_bytes(length)?);
    }
    Ok(fields)
}

/// One more than the length; 0 for null.
fn write_compact_length<B: ByteBufMut>(buf: &mut B, length: Option<usize>) -> Result<()> {
    write_varint(buf, compact_length(length)?);
    Ok(())
}

fn compact_length_size(length: Option<usize>) -> Result<usize> {
    Ok(varint_size(compact_length(length)?))
}

fn compact_length(length: Option<usize>) -> Result<u32> {
    Ok(length.map_or(Ok(0), |length| u32::try_from(length.saturating_add(1)))?)
}

fn read_compact_length<B: ByteBuf>(buf: &mut B) -> Result<Option<usize>> {
    Ok(read_varint(buf)?.checked_sub(1).map(usize::try_from).transpose()?)
}

fn write_varint<B: ByteBufMut>(buf: &mut B, mut value: u32) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            return buf.put_u8(low & 0x7f);
        }
        buf.put_u8(low | 0x80);
    }
}

fn varint_size(value: u32) -> usize {
    match value {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        0x20_0000..0x1000_0000 => 4,
        _ => 5,
    }
}

fn read_varint<B: ByteBuf>(buf: &mut B) -> Result<u32> {
    let mut value = 0;
    for shift in [0, 7, 14, 21, 28] {
        let byte = u32::from(buf.try_get_u8()?);
        value |= (byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    bail!("a varint has more than 32 bits")
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;

    const FLEXIBLE: Form = Form { version: 0, flexible: true };
    const CLASSIC: Form = Form { version: 0, flexible: false };

    fn written<T: Wire>(value: &T, form: Form) -> Bytes {
        let mut buf = BytesMut::new();
        value.write(&mut buf, form).unwrap();
        assert_eq!(value.size(form).unwrap(), buf.len());
        buf.freeze()
    }

    fn read<T: Wire>(bytes: &[u8], form: Form) -> Result<T> {
        T::read(&mut Bytes::copy_from_slice(bytes), form)
    }

    #[test]
    fn varints_take_seven_bits_a_byte() {
        for (value, length) in
            [(0, 1), (0x7f, 1), (0x80, 2), (0x3fff, 2), (0x4000, 3), (0x20_0000, 4), (0x1000_0000, 5), (u32::MAX, 5)]
        {
            let mut buf = BytesMut::new();
            write_varint(&mut buf, value);
            assert_eq!((buf.len(), varint_size(value)), (length, length));
            assert_eq!(read_varint(&mut buf.freeze()).unwrap(), value);
        }
        assert!(read_varint(&mut Bytes::from_static(&[0x80; 6])).is_err());
    }

    #[test]
    fn null_differs_from_empty_in_every_form() {
        for form in [FLEXIBLE, CLASSIC] {
            for value in [None, Some(StrBytes::new()), Some(StrBytes::from_static_str("a"))] {
                assert_eq!(read::<Option<StrBytes>>(&written(&value, form), form).unwrap(), value);
            }
            for value in [None, Some(Vec::new()), Some(vec![7_i32, -1])] {
                assert_eq!(read::<Option<Vec<i32>>>(&written(&value, form), form).unwrap(), value);
            }
            assert!(read::<StrBytes>(&written(&None::<StrBytes>, form), form).is_err());
            assert!(read::<Vec<i32>>(&written(&None::<Vec<i32>>, form), form).is_err());
        }
    }

    #[test]
    fn no_count_is_believed_that_the_bytes_cannot_hold() {
        assert!(read::<Vec<i8>>(&[0x7f, 0xff, 0xff, 0xff, 1], CLASSIC).is_err());
        assert!(read::<Vec<i8>>(&[0xff, 0xff, 0xff, 0xff, 0x0f, 1], FLEXIBLE).is_err());
        assert!(read::<StrBytes>(&[9, b'a'], FLEXIBLE).is_err());
    }
}
