//! Bodies as the types of their API, whichever it is.

#![allow(dead_code, reason = "each test that includes this uses a part of it")]

use bytes::{Bytes, BytesMut};
use protocol::messages::*;
use protocol::{ApiKey, Decodable, Encodable, Request, served_versions};

/// Whether there are types for this version.
pub(crate) fn has_types(key: ApiKey, version: i16) -> bool {
    served_versions(key).is_some_and(|versions| versions.contains(&version))
}

/// The body as our codec writes it again, having read all of it. Only for a version that has types.
pub(crate) fn rewritten_request(key: ApiKey, version: i16, body: Bytes) -> Bytes {
    rewritten(key, version, body, true)
}

pub(crate) fn rewritten_response(key: ApiKey, version: i16, body: Bytes) -> Bytes {
    rewritten(key, version, body, false)
}

macro_rules! define {
    ($($api:ident $request:ident,)*) => {
        fn rewritten(key: ApiKey, version: i16, body: Bytes, is_request: bool) -> Bytes {
            match key {
                $(
                    ApiKey::$api if is_request => rewrite::<$request>(key, version, body),
                    ApiKey::$api => rewrite::<<$request as Request>::Response>(key, version, body),
                )*
                _ => panic!("{key} has no types"),
            }
        }

        /// Reads a body and drops what was read.
        pub(crate) fn read(key: ApiKey, version: i16, body: Bytes, is_request: bool) {
            match key {
                $(
                    ApiKey::$api if is_request => drop(decode::<$request>(key, version, body)),
                    ApiKey::$api => drop(decode::<<$request as Request>::Response>(key, version, body)),
                )*
                _ => panic!("{key} has no types"),
            }
        }
    };
}
protocol::with_typed_apis!(define);

/// The message, of which nothing is left.
pub(crate) fn decode<T: Decodable>(key: ApiKey, version: i16, body: Bytes) -> T {
    let mut rest = body.clone();
    let message = T::decode(&mut rest, version).unwrap_or_else(|error| panic!("{key} {version}: {error}\n{body:02x?}"));
    assert!(rest.is_empty(), "{key} {version}: {rest:02x?} is left of {body:02x?}");
    message
}

fn rewrite<T: Decodable + Encodable>(key: ApiKey, version: i16, body: Bytes) -> Bytes {
    let message: T = decode(key, version, body);
    let mut out = BytesMut::new();
    message.encode(&mut out, version).unwrap();
    assert_eq!(message.compute_size(version).unwrap(), out.len(), "{key} {version}");
    out.freeze()
}
