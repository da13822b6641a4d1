//! What must hold of the bytes that leave, whatever came.

use bytes::Bytes;
use protocol::{ApiKey, GuardedRequest, GuardedResponse, Limits, RequestFrame, guard_request, guard_response};

use crate::world::Reachable;

/// What was asked: of which API and version it began as, and its bytes, which may say something else by now.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) api_key: ApiKey,
    pub(crate) version: i16,
    pub(crate) request: &'a Bytes,
}

/// What is forwarded is one message of Kafka, behind the header that came.
pub(crate) fn is_the_request(asked: &Asked<'_>, came: &GuardedRequest, forwarded: &Bytes) {
    let frame = RequestFrame::parse(forwarded.clone()).unwrap_or_else(|error| panic!("{error}: {asked:?}"));
    let guarded = guard_request(frame, &Limits::default())
        .unwrap_or_else(|error| panic!("forwarded {forwarded:02x?}: {error}: {asked:?}"));
    assert_eq!(guarded.header_bytes(), came.header_bytes(), "{asked:?}");
}

pub(crate) fn is_an_answer_to(asked: &Asked<'_>, came: &GuardedRequest, bytes: &Bytes) {
    is_whole(asked, bytes);
    let guarded = guard_response(came.api_key, came.api_version, bytes.slice(4..), &Limits::default())
        .unwrap_or_else(|error| panic!("answered {bytes:02x?}: {error}: {asked:?}"));
    assert_eq!(guarded.correlation_id, came.correlation_id, "{asked:?}");
}

/// Of any version: ApiVersions is answered in the oldest where the version is not known.
pub(crate) fn is_an_answer(asked: &Asked<'_>, bytes: &Bytes) {
    is_whole(asked, bytes);
}

/// An edited answer is one message of Kafka, and no host stands in it but ours.
pub(crate) fn is_an_edited_answer(asked: &Asked<'_>, came: &GuardedResponse, bytes: &Bytes, addresses: &Reachable) {
    is_whole(asked, bytes);
    let guarded = guard_response(came.api_key, came.api_version, bytes.slice(4..), &Limits::default())
        .unwrap_or_else(|error| panic!("edited {:02x?} to {bytes:02x?}: {error}: {asked:?}", came.bytes()));
    assert!(!guarded.has_addresses || addresses.0 > 0, "an address of nobody in {bytes:02x?}: {asked:?}");
}

fn is_whole(asked: &Asked<'_>, bytes: &Bytes) {
    let (size, frame) = bytes.split_first_chunk().unwrap_or_else(|| panic!("no size: {bytes:?}: {asked:?}"));
    assert_eq!(usize::try_from(i32::from_be_bytes(*size)), Ok(frame.len()), "{asked:?}");
}
