//! What is left of a list of topics, put together from the bytes that came.

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};

use super::plan::{Role, int32};
use super::{ListedTopic, TopicList};
use crate::addresses::{BrokerAddresses, carries_addresses};
use crate::codec::EncodeError;
use crate::error_code::ErrorCode;
use crate::schema::{Event, Go};

const NO_NODE: i32 = -1;
/// The size, the correlation id, and tagged fields of the header.
const BEFORE_BODY: usize = 9;
/// More than the host of one broker takes.
const LONGEST_HOST: usize = 260;

impl TopicList {
    /// The answer, with its size. Addresses are replaced as by
    /// [`CarriesAddresses`](crate::CarriesAddresses::replace_addresses).
    ///
    /// # Errors
    /// [`EncodeError`] if what was added cannot be written in this version, or all is too long.
    pub fn finish(mut self, addresses: &dyn BrokerAddresses) -> Result<Bytes, EncodeError> {
        if let Some(failed) = [&mut self.first, &mut self.last].into_iter().find_map(|added| added.failed.take()) {
            return Err(failed);
        }
        let mut out = Out { bytes: BytesMut::with_capacity(self.room()), body: &self.body };
        out.bytes.put_i32(0);
        out.bytes.put_i32(self.correlation_id);
        if self.api_key.response_header_version(self.version) == 1 {
            out.bytes.put_u8(0);
        }
        let mut leaders = Leaders { addresses, seen: Vec::new() };
        let replaces = carries_addresses(self.api_key, self.version);

        out.copy(0..self.rest.nodes_span.start);
        if replaces {
            self.write_nodes(&mut out, addresses);
        }
        self.copy_rest(&mut out, self.rest.nodes_span.end..self.rest.topics_span.start, &mut leaders);
        out.count(self.plan.is_flexible(), self.first.count + self.topics.len() + self.last.count);
        out.bytes.put_slice(&self.first.bytes);
        for topic in &self.topics {
            self.write_topic(&mut out, topic, replaces.then_some(&mut leaders))?;
        }
        out.bytes.put_slice(&self.last.bytes);
        self.copy_rest(&mut out, self.rest.topics_span.end..self.body.len(), &mut leaders);

        let length = out.bytes.len().saturating_sub(4);
        let size = i32::try_from(length).map_err(|_| EncodeError::TooLong(length))?;
        out.patch(0, &size.to_be_bytes());
        Ok(out.bytes.freeze())
    }

    /// At least as many bytes as are written.
    fn room(&self) -> usize {
        let topics: usize = self.topics.iter().map(|topic| topic.span.len()).sum();
        let rest = self.body.len().saturating_sub(self.rest.topics_span.len());
        let hosts = self.rest.nodes.len().saturating_mul(LONGEST_HOST);
        BEFORE_BODY + rest + hosts + 8 + topics + self.first.bytes.len() + self.last.bytes.len()
    }

    /// Those that can be reached, each at its address here.
    fn write_nodes(&self, out: &mut Out<'_>, addresses: &dyn BrokerAddresses) {
        let reachable: Vec<_> =
            self.rest.nodes.iter().filter_map(|node| Some((node, addresses.address(node.id)?))).collect();
        out.count(self.plan.is_flexible(), reachable.len());
        for (node, (host, port)) in reachable {
            out.copy(node.span.start..node.host.start);
            out.string(self.plan.is_flexible(), host.as_bytes());
            out.copy(node.host.end..node.port.start);
            out.bytes.put_i32(port.into());
            out.copy(node.port.end..node.span.end);
        }
    }

    /// What stands outside of brokers and topics.
    fn copy_rest(&self, out: &mut Out<'_>, span: Range<usize>, leaders: &mut Leaders<'_>) {
        let copied = out.copy(span.clone());
        let within = |field: &Option<Range<usize>>| {
            field.clone().filter(|field| span.start <= field.start && field.end <= span.end)
        };
        if let Some(field) = within(&self.rest.controller_id)
            && !leaders.are_reachable(int32(&self.body, &field))
        {
            out.patch(copied + field.start - span.start, &NO_NODE.to_be_bytes());
        }
        if let Some(field) = within(&self.rest.cluster_operations) {
            out.patch(copied + field.start - span.start, &self.cluster_authorized_operations.to_be_bytes());
        }
    }

    fn write_topic(
        &self,
        out: &mut Out<'_>,
        topic: &ListedTopic,
        mut leaders: Option<&mut Leaders<'_>>,
    ) -> Result<(), EncodeError> {
        let copied = out.copy(topic.span.clone());
        let at = |field: &Range<usize>| copied + field.start - topic.span.start;
        let mut partition_error = 0..0;
        let walked = self.plan.topic(&self.body, topic.span.clone(), |event, span| {
            match (event, &mut leaders) {
                (Event::Field(Role::ErrorCode), _) => out.patch(at(&span), &topic.error_code.to_be_bytes()),
                (Event::Field(Role::Operations), _) => {
                    out.patch(at(&span), &topic.authorized_operations.to_be_bytes());
                }
                (Event::Field(Role::PartitionErrorCode), _) => partition_error = span,
                (Event::Field(Role::LeaderId), Some(leaders)) => {
                    let leader = int32(&self.body, &span);
                    if leader >= 0 && !leaders.are_reachable(leader) {
                        out.patch(at(&span), &NO_NODE.to_be_bytes());
                        out.patch(at(&partition_error), &ErrorCode::LEADER_NOT_AVAILABLE.0.to_be_bytes());
                    }
                }
                _ => {}
            }
            Go::On
        });
        walked.map_err(|fault| EncodeError::Message(self.version, fault.to_string()))
    }
}

/// Which nodes can be reached: each is asked once.
struct Leaders<'a> {
    addresses: &'a dyn BrokerAddresses,
    seen: Vec<(i32, bool)>,
}

impl Leaders<'_> {
    /// More nodes than most clusters have; of others it is asked again.
    const MOST: usize = 64;

    fn are_reachable(&mut self, node_id: i32) -> bool {
        if let Some((_, reachable)) = self.seen.iter().find(|(seen, _)| *seen == node_id) {
            return *reachable;
        }
        let reachable = self.addresses.address(node_id).is_some();
        if self.seen.len() < Leaders::MOST {
            self.seen.push((node_id, reachable));
        }
        reachable
    }
}

struct Out<'a> {
    bytes: BytesMut,
    body: &'a [u8],
}

impl Out<'_> {
    /// Copies from the answer. Returns where the copy begins.
    fn copy(&mut self, span: Range<usize>) -> usize {
        let start = self.bytes.len();
        self.bytes.put_slice(self.body.get(span).unwrap_or_default());
        start
    }

    fn patch(&mut self, at: usize, with: &[u8]) {
        let place = at.checked_add(with.len()).and_then(|end| self.bytes.get_mut(at..end));
        if let Some(place) = place {
            place.copy_from_slice(with);
        }
    }

    fn count(&mut self, flexible: bool, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        if flexible { self.varint(count.saturating_add(1)) } else { self.bytes.put_u32(count) }
    }

    fn string(&mut self, flexible: bool, text: &[u8]) {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        if flexible {
            self.varint(u32::from(length) + 1)
        } else {
            self.bytes.put_u16(length)
        }
        self.bytes.put_slice(text);
    }

    fn varint(&mut self, mut value: u32) {
        while let Some(low) = u8::try_from(value & 0x7f).ok().filter(|_| value >= 0x80) {
            self.bytes.put_u8(low | 0x80);
            value >>= 7;
        }
        self.bytes.put_u8(u8::try_from(value).unwrap_or(0x7f));
    }
}
