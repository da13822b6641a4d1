//! Answers that are lists of topics (Metadata, DescribeTopicPartitions), edited as the bytes they are.
//!
//! An answer about all topics of a cluster is long, and of most of them the caller may see nothing. To decode all, and to
//! encode what is left, costs ten times what copying the bytes of those topics costs. The guard notes where each topic
//! begins; `plan.rs` finds the fields by the message definitions, whatever the version; `write.rs` puts together what is
//! left. What is added is typed, and encoded as ever.
//!
//! `tests/topic_list.rs` proves that the bytes are those of the long way.

mod plan;
mod write;

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use kafka_protocol::protocol::{Encodable, StrBytes};

use crate::api_key::ApiKey;
use crate::codec::EncodeError;
use crate::cursor::Cursor;
use crate::guard::{GuardedResponse, Malformed};
use plan::Plan;

/// A list of topics in a broker's answer, and what is to become of it.
#[derive(Debug)]
pub struct TopicList {
    /// In the order of the answer. One that is taken out is left out of what is written.
    pub topics: Vec<ListedTopic>,
    /// `ClusterAuthorizedOperations`, where the version has it.
    pub cluster_authorized_operations: i32,
    api_key: ApiKey,
    version: i16,
    correlation_id: i32,
    body: Bytes,
    plan: &'static Plan,
    rest: Rest,
    first: Added,
    last: Added,
}

/// One topic of the list.
#[derive(Debug)]
pub struct ListedTopic {
    /// `Name`.
    pub name: Option<StrBytes>,
    /// `ErrorCode`.
    pub error_code: i16,
    /// `TopicAuthorizedOperations`, where the version has it: what is written, not what came.
    pub authorized_operations: i32,
    span: Range<usize>,
}

/// Where the rest of the answer is, outside of the topics.
#[derive(Debug, Default)]
struct Rest {
    nodes: Vec<Node>,
    /// With the count before it.
    nodes_span: Range<usize>,
    controller_id: Option<Range<usize>>,
    cluster_operations: Option<Range<usize>>,
    /// With the count before it.
    topics_span: Range<usize>,
}

#[derive(Debug, Default)]
struct Node {
    id: i32,
    span: Range<usize>,
    /// With its length.
    host: Range<usize>,
    port: Range<usize>,
}

/// Topics that are added, as bytes.
#[derive(Debug, Default)]
struct Added {
    bytes: BytesMut,
    count: usize,
    failed: Option<EncodeError>,
}

impl TopicList {
    /// What a field says that was not asked for.
    pub const NOT_ASKED: i32 = i32::MIN;

    /// Looks through an answer.
    ///
    /// # Errors
    /// [`Malformed`] if it is an answer of another kind.
    pub fn read(response: &GuardedResponse) -> Result<TopicList, Malformed> {
        let (api_key, version) = (response.api_key, response.api_version);
        let plan =
            plan::plan(api_key, version).ok_or(Malformed::UnsupportedVersion { api_key, api_version: version })?;
        let refuse = |reason: String| Malformed::Decode { api_key, api_version: version, reason };
        let body = response.body();
        let ends = response.listed();
        let end_of_topics = ends.last().map_or(0, |end| *end as usize);
        let rest = plan.rest(&body, end_of_topics).map_err(|fault| refuse(fault.to_string()))?;
        let mut topics = Vec::with_capacity(ends.len());
        for (start, end) in ends.iter().zip(ends.iter().skip(1)) {
            let span = *start as usize..*end as usize;
            let (error_code, name) = plan.head(&body, span.clone()).map_err(|fault| refuse(fault.to_string()))?;
            let name = text(&body, name, plan.is_flexible()).map_err(refuse)?;
            topics.push(ListedTopic { name, error_code, authorized_operations: TopicList::NOT_ASKED, span });
        }
        Ok(TopicList {
            topics,
            cluster_authorized_operations: TopicList::NOT_ASKED,
            api_key,
            version,
            correlation_id: response.correlation_id,
            body,
            plan,
            rest,
            first: Added::default(),
            last: Added::default(),
        })
    }

    /// Puts topics before all others.
    pub fn prepend<T: Encodable>(&mut self, topics: impl IntoIterator<Item = T>) {
        self.first.add(self.version, topics);
    }

    /// Puts topics behind all others.
    pub fn append<T: Encodable>(&mut self, topics: impl IntoIterator<Item = T>) {
        self.last.add(self.version, topics);
    }

    /// Which version is written.
    pub fn version(&self) -> i16 {
        self.version
    }
}

impl Added {
    fn add<T: Encodable>(&mut self, version: i16, topics: impl IntoIterator<Item = T>) {
        for topic in topics {
            self.count += 1;
            if let Err(error) = topic.encode(&mut self.bytes, version) {
                self.failed.get_or_insert(EncodeError::Message(version, error.to_string()));
            }
        }
    }
}

/// A string without its length; null is none.
fn text(body: &Bytes, span: Range<usize>, flexible: bool) -> Result<Option<StrBytes>, String> {
    let bytes = body.slice(span);
    let mut cursor = Cursor::new(&bytes);
    let is_null =
        if flexible { cursor.varint().map(|length| length == 0) } else { cursor.int16().map(|length| length < 0) };
    if is_null.map_err(|fault| fault.to_string())? {
        return Ok(None);
    }
    let begin = bytes.len() - cursor.remaining();
    StrBytes::try_from(bytes.slice(begin..)).map(Some).map_err(|error| error.to_string())
}

/// Whether answers of this API are lists of topics.
pub(crate) const fn is_topic_list(api_key: ApiKey) -> bool {
    matches!(api_key, ApiKey::Metadata | ApiKey::DescribeTopicPartitions)
}
