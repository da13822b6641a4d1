//! DescribeLogDirs (35): `KafkaApis.handleDescribeLogDirsRequest`, but filtered.
//!
//! A deliberate difference (`docs/differences.md`). Kafka asks for Describe on the cluster and otherwise answers nothing,
//! which leaves the owner of a topic without its size. Here a caller without it gets the partitions of the topics that
//! it may describe, and nothing about the broker itself: directories without such a partition are left out, sizes of
//! volumes are unknown (-1), and none is said to be cordoned.

use acl::{AclOperation, ResourceType};
use protocol::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse};

use crate::{Authorize, Authorized, Edit, Outcome, RequestContext};

impl Authorize for DescribeLogDirsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DescribeLogDirsResponse> {
        if context.authorize_cluster_quietly(AclOperation::Describe) {
            return Outcome::Forward;
        }
        let Some(topics) = &mut self.topics else {
            return Outcome::ForwardThen(Edit::typed(|context, response: &mut DescribeLogDirsResponse| {
                let topics = response.results.iter().flat_map(|directory| &directory.topics);
                let names: Vec<_> = topics.map(|topic| topic.name.0.clone()).collect();
                let described =
                    context.filter_by_authorized_quietly(AclOperation::Describe, ResourceType::Topic, &names);
                leave_out_denied(response, &described);
            }));
        };
        let asked = topics.len();
        let names = topics.iter().map(|topic| &topic.topic.0);
        let described = context.filter_by_authorized_quietly(AclOperation::Describe, ResourceType::Topic, names);
        topics.retain(|topic| described.contains(&topic.topic));
        let (nothing_left, reduced) = (topics.is_empty(), topics.len() != asked);
        let edit = Edit::typed(move |_, response| leave_out_denied(response, &described));
        match (nothing_left, reduced) {
            (true, _) => Outcome::Respond(DescribeLogDirsResponse::default()),
            (false, true) => Outcome::ForwardReduced(edit),
            (false, false) => Outcome::ForwardThen(edit),
        }
    }
}

fn leave_out_denied(response: &mut DescribeLogDirsResponse, described: &Authorized) {
    for directory in &mut response.results {
        directory.topics.retain(|topic| described.contains(&topic.name));
        directory.total_bytes = -1;
        directory.usable_bytes = -1;
        directory.is_cordoned = false;
    }
    response.results.retain(|directory| !directory.topics.is_empty());
}

#[cfg(test)]
mod tests {
    use protocol::messages::describe_log_dirs_request::DescribableLogDirTopic;
    use protocol::messages::describe_log_dirs_response::{
        DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
    };

    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn request(topics: Option<&[&str]>) -> DescribeLogDirsRequest {
        let topic =
            |name: &&str| DescribableLogDirTopic::default().with_topic(str_bytes(name).into()).with_partitions(vec![0]);
        DescribeLogDirsRequest::default().with_topics(topics.map(|topics| topics.iter().map(topic).collect()))
    }

    fn directory(path: &str, topics: &[&str]) -> DescribeLogDirsResult {
        let topic = |name: &&str| {
            let partition = DescribeLogDirsPartition::default().with_partition_size(1024);
            DescribeLogDirsTopic::default().with_name(str_bytes(name).into()).with_partitions(vec![partition])
        };
        DescribeLogDirsResult::default()
            .with_log_dir(str_bytes(path))
            .with_topics(topics.iter().map(topic).collect())
            .with_total_bytes(1 << 40)
            .with_usable_bytes(1 << 30)
            .with_is_cordoned(true)
    }

    fn without_sizes(directory: DescribeLogDirsResult) -> DescribeLogDirsResult {
        directory.with_total_bytes(-1).with_usable_bytes(-1).with_is_cordoned(false)
    }

    fn response(version: i16, directories: Vec<DescribeLogDirsResult>) -> DescribeLogDirsResponse {
        on_the_wire(version, &DescribeLogDirsResponse::default().with_results(directories))
    }

    #[test]
    fn who_may_describe_the_cluster_sees_everything() {
        for version in [1, 4, 5] {
            let mut client = Client::with(&["allow Describe Cluster"]);
            assert!(client.ask(version, &request(None)).passed_through());
            assert_eq!(client.decisions(), ["allowed Describe Cluster kafka-cluster (quiet)"]);
        }
    }

    #[test]
    fn others_see_the_topics_they_may_describe() {
        for version in [1, 4, 5] {
            let mut client = Client::with(&["allow Read Topic orders"]);
            let asked = client.ask(version, &request(None));
            assert!(asked.went_on_as_it_came());
            let directories = vec![
                directory("/a", &["secret", "orders"]),
                directory("/b", &["secret"]),
                directory("/offline", &[]).with_error_code(56),
            ];
            assert_eq!(
                client.answer(asked, response(version, directories)),
                response(version, vec![without_sizes(directory("/a", &["orders"]))])
            );
            assert_eq!(
                client.decisions(),
                [
                    "denied Describe Cluster kafka-cluster (quiet)",
                    "allowed Describe Topic orders (quiet)",
                    "denied Describe Topic secret x2 (quiet)",
                ]
            );
        }
    }

    #[test]
    fn only_topics_that_may_be_described_are_asked_for() {
        for version in [1, 4, 5] {
            let mut client = Client::with(&["allow Describe Topic orders"]);
            let asked = client.ask(version, &request(Some(&["secret", "orders"])));
            assert_eq!(asked.forwarded(), &request(Some(&["orders"])));
            let directories = vec![directory("/a", &["orders"]), directory("/b", &[])];
            assert_eq!(
                client.answer(asked, response(version, directories)),
                response(version, vec![without_sizes(directory("/a", &["orders"]))])
            );

            let asked = client.ask(version, &request(Some(&["secret"])));
            assert_eq!(asked.response(), DescribeLogDirsResponse::default());
        }
    }
}
