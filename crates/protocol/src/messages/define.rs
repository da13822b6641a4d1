//! How a message is written down: its fields in order, each with its setter, its type and, where they are not what
//! goes without saying, its default and the versions that have it.
//!
//! ```text
//! message! {
//!     OffsetCommitRequest, versions 2 to 10, flexible from 8 {
//!         group_id with_group_id: GroupId;
//!         retention_time_ms with_retention_time_ms: i64 = -1, in 2..=4;
//!     }
//! }
//! request!(OffsetCommitRequest, key 8, flexible from 8, answered by OffsetCommitResponse);
//! structures_of_the_crate!(OffsetCommitRequestPartition);
//! ```
//!
//! A field that the version does not have reads as its default and is not written.

/// A message, or a structure within one: a type with setters that can be written and read.
macro_rules! message {
    ($name:ident, versions $first:literal to $last:literal, flexible from $flexible:literal {
        $($field:ident $with:ident: $type:ty $(= $default:expr)? $(, in $versions:expr)?;)*
    }) => {
        #[doc = concat!("Versions ", $first, " to ", $last, ". The fields are those of Kafka's definition.")]
        #[non_exhaustive]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $(pub $field: $type,)*
            pub unknown_tagged_fields: std::collections::BTreeMap<i32, bytes::Bytes>,
        }

        impl $name {
            $(
                pub fn $with(mut self, value: $type) -> Self {
                    self.$field = value;
                    self
                }
            )*
        }

        impl Default for $name {
            fn default() -> Self {
                $name {
                    $($field: $crate::messages::define::or_default!($($default)?),)*
                    unknown_tagged_fields: std::collections::BTreeMap::new(),
                }
            }
        }

        impl $crate::messages::wire::Wire for $name {
            fn write<B: kafka_protocol::protocol::buf::ByteBufMut>(
                &self,
                buf: &mut B,
                form: $crate::messages::wire::Form,
            ) -> anyhow::Result<()> {
                $(
                    if $crate::messages::define::exists!(form.version $(, $versions)?) {
                        $crate::messages::wire::Wire::write(&self.$field, buf, form)?;
                    }
                )*
                if form.flexible {
                    $crate::messages::wire::write_tagged_fields(&self.unknown_tagged_fields, buf)?;
                }
                Ok(())
            }

            fn size(&self, form: $crate::messages::wire::Form) -> anyhow::Result<usize> {
                let mut size = 0;
                $(
                    if $crate::messages::define::exists!(form.version $(, $versions)?) {
                        size += $crate::messages::wire::Wire::size(&self.$field, form)?;
                    }
                )*
                if form.flexible {
                    size += $crate::messages::wire::tagged_fields_size(&self.unknown_tagged_fields)?;
                }
                Ok(size)
            }

            fn read<B: kafka_protocol::protocol::buf::ByteBuf>(
                buf: &mut B,
                form: $crate::messages::wire::Form,
            ) -> anyhow::Result<Self> {
                let mut message = $name::default();
                $(
                    if $crate::messages::define::exists!(form.version $(, $versions)?) {
                        message.$field = $crate::messages::wire::Wire::read(buf, form)?;
                    }
                )*
                if form.flexible {
                    message.unknown_tagged_fields = $crate::messages::wire::read_tagged_fields(buf)?;
                }
                Ok(message)
            }
        }

        impl $name {
            fn form(version: i16) -> anyhow::Result<$crate::messages::wire::Form> {
                if !($first..=$last).contains(&version) {
                    anyhow::bail!("version `{version}` is not one of {}", stringify!($name));
                }
                Ok($crate::messages::wire::Form { version, flexible: version >= $flexible })
            }
        }

        impl kafka_protocol::protocol::Encodable for $name {
            fn encode<B: kafka_protocol::protocol::buf::ByteBufMut>(
                &self,
                buf: &mut B,
                version: i16,
            ) -> anyhow::Result<()> {
                $crate::messages::wire::Wire::write(self, buf, Self::form(version)?)
            }

            fn compute_size(&self, version: i16) -> anyhow::Result<usize> {
                $crate::messages::wire::Wire::size(self, Self::form(version)?)
            }
        }

        impl kafka_protocol::protocol::Decodable for $name {
            fn decode<B: kafka_protocol::protocol::buf::ByteBuf>(buf: &mut B, version: i16) -> anyhow::Result<Self> {
                $crate::messages::wire::Wire::read(buf, Self::form(version)?)
            }
        }

        impl kafka_protocol::protocol::Message for $name {
            const VERSIONS: kafka_protocol::protocol::VersionRange =
                kafka_protocol::protocol::VersionRange { min: $first, max: $last };
            const DEPRECATED_VERSIONS: Option<kafka_protocol::protocol::VersionRange> = None;
        }
    };
}

/// What makes a message a request.
macro_rules! request {
    ($name:ident, key $key:literal, flexible from $flexible:literal, answered by $response:ty) => {
        impl kafka_protocol::protocol::HeaderVersion for $name {
            fn header_version(version: i16) -> i16 {
                if version >= $flexible { 2 } else { 1 }
            }
        }

        impl kafka_protocol::protocol::Request for $name {
            const KEY: i16 = $key;
            type Response = $response;
        }
    };
}

/// What makes a message a response.
macro_rules! response {
    ($name:ident, flexible from $flexible:literal) => {
        impl kafka_protocol::protocol::HeaderVersion for $name {
            fn header_version(version: i16) -> i16 {
                if version >= $flexible { 1 } else { 0 }
            }
        }
    };
}

/// Structures of `kafka-protocol` that look in our versions as in the last one it knows.
macro_rules! structures_of_the_crate {
    ($($type:ty),*) => {
        $(impl $crate::messages::wire::Wire for $type {
            fn write<B: kafka_protocol::protocol::buf::ByteBufMut>(
                &self,
                buf: &mut B,
                form: $crate::messages::wire::Form,
            ) -> anyhow::Result<()> {
                let last = <$type as kafka_protocol::protocol::Message>::VERSIONS.max;
                kafka_protocol::protocol::Encodable::encode(self, buf, form.version.min(last))
            }

            fn size(&self, form: $crate::messages::wire::Form) -> anyhow::Result<usize> {
                let last = <$type as kafka_protocol::protocol::Message>::VERSIONS.max;
                kafka_protocol::protocol::Encodable::compute_size(self, form.version.min(last))
            }

            fn read<B: kafka_protocol::protocol::buf::ByteBuf>(
                buf: &mut B,
                form: $crate::messages::wire::Form,
            ) -> anyhow::Result<Self> {
                let last = <$type as kafka_protocol::protocol::Message>::VERSIONS.max;
                kafka_protocol::protocol::Decodable::decode(buf, form.version.min(last))
            }
        })*
    };
}

macro_rules! or_default {
    () => {
        Default::default()
    };
    ($default:expr) => {
        $default
    };
}

macro_rules! exists {
    ($version:expr) => {
        true
    };
    ($version:expr, $versions:expr) => {
        ($versions).contains(&$version)
    };
}

pub(crate) use {exists, message, or_default, request, response, structures_of_the_crate};
