//! CreateTopics (19): `ControllerApis.handleCreateTopics`.
//!
//! Create on the cluster, else Create on each topic. What was created is described (version 5 on) only to those with
//! DescribeConfigs on it. Denied topics are answered behind the controller's results.
//!
//! A broker never asks about a name that stands in the request twice, nor about the log of the controllers: both are
//! errors of the request. Who may not create on the whole cluster gets them from us, so that only topics that were
//! decided on go further.

use std::collections::{HashMap, HashSet};

use acl::{AclOperation, ResourceType};
use protocol::messages::create_topics_request::CreatableTopic;
use protocol::messages::create_topics_response::CreatableTopicResult;
use protocol::messages::{CreateTopicsRequest, CreateTopicsResponse, TopicName};
use protocol::{ErrorCode, StrBytes};

use crate::internal_topics::CLUSTER_METADATA;
use crate::{Authorize, Authorized, Edit, Outcome, RequestContext};

impl Authorize for CreateTopicsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<CreateTopicsResponse> {
        let all_may_be_created = context.authorize_cluster_quietly(AclOperation::Create);
        let askable = askable_names(&self.topics);
        let names = || askable.iter().map(|name| &name.0);
        let erroneous = match (all_may_be_created, context.hides_any(names())) {
            (true, false) => Vec::new(),
            (true, true) => take_erroneous(self, &askable, &context.visible(AclOperation::Create, names())),
            (false, _) => {
                let authorized = context.filter_by_authorized(AclOperation::Create, ResourceType::Topic, names());
                take_erroneous(self, &askable, &authorized)
            }
        };
        let names = askable.iter().map(|name| &name.0);
        let described = context.filter_by_authorized_quietly(AclOperation::DescribeConfigs, ResourceType::Topic, names);
        let hides = self.topics.iter().any(|topic| askable.contains(&topic.name) && !described.contains(&topic.name));
        if !hides || context.version < 5 {
            return Outcome::without(erroneous, self.topics.is_empty(), append);
        }
        let changed = !erroneous.is_empty();
        let edit = Edit::typed(move |_, response| {
            hide_details(response, &described);
            append(response, erroneous);
        });
        if changed { Outcome::ForwardReduced(edit) } else { Outcome::ForwardThen(edit) }
    }
}

/// Names that stand in the request once and can be a topic.
fn askable_names(topics: &[CreatableTopic]) -> HashSet<TopicName> {
    let mut counts: HashMap<&TopicName, usize> = HashMap::new();
    topics.iter().for_each(|topic| *counts.entry(&topic.name).or_default() += 1);
    let once = topics.iter().filter(|topic| counts.get(&topic.name) == Some(&1));
    once.map(|topic| topic.name.clone()).filter(|name| &***name != CLUSTER_METADATA).collect()
}

/// Takes out of the request what is not to be created: repeated names first, as a controller answers them.
fn take_erroneous(
    request: &mut CreateTopicsRequest,
    askable: &HashSet<TopicName>,
    authorized: &Authorized,
) -> Vec<CreatableTopicResult> {
    let names_controllers_log_once =
        request.topics.iter().filter(|topic| &**topic.name == CLUSTER_METADATA).nth(1).is_none();
    let (mut erroneous, mut told) = (Vec::new(), HashSet::new());
    let mut denied = Vec::new();
    request.topics.retain(|topic| {
        let name = &topic.name;
        if askable.contains(name) {
            let allowed = authorized.contains(name);
            if !allowed {
                denied.push(erroneous_topic(name, ErrorCode::TOPIC_AUTHORIZATION_FAILED, DENIED));
            }
            return allowed;
        }
        if &***name == CLUSTER_METADATA && names_controllers_log_once {
            denied.push(erroneous_topic(name, ErrorCode::INVALID_REQUEST, PROHIBITED));
        } else if told.insert(name.clone()) {
            erroneous.push(erroneous_topic(name, ErrorCode::INVALID_REQUEST, REPEATED));
        }
        false
    });
    erroneous.append(&mut denied);
    erroneous
}

/// What a controller says, which are not the texts of the error codes.
const DENIED: &str = "Authorization failed.";
const REPEATED: &str = "Duplicate topic name.";
const PROHIBITED: &str = "Creation of internal topic __cluster_metadata is prohibited.";

/// Numbers of partitions and replicas are -1, and there are no configurations.
fn erroneous_topic(name: &TopicName, error: ErrorCode, text: &'static str) -> CreatableTopicResult {
    CreatableTopicResult::default()
        .with_name(name.clone())
        .with_error_code(error.0)
        .with_error_message(Some(StrBytes::from_static_str(text)))
}

fn append(response: &mut CreateTopicsResponse, erroneous: Vec<CreatableTopicResult>) {
    response.topics.extend(erroneous);
}

fn hide_details(response: &mut CreateTopicsResponse, described: &Authorized) {
    for topic in response.topics.iter_mut().filter(|topic| topic.error_code == 0) {
        if !described.contains(&topic.name) {
            topic.num_partitions = -1;
            topic.replication_factor = -1;
            topic.configs = Some(Vec::new());
            topic.topic_config_error_code = ErrorCode::TOPIC_AUTHORIZATION_FAILED.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::create_topics_response::CreatableTopicConfigs;

    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes, topic_id};

    fn request(names: &[&str]) -> CreateTopicsRequest {
        let topic = |name: &&str| {
            CreatableTopic::default()
                .with_name(str_bytes(name).into())
                .with_num_partitions(3)
                .with_replication_factor(1)
        };
        CreateTopicsRequest::default().with_topics(names.iter().map(topic).collect())
    }

    fn created(name: &str) -> CreatableTopicResult {
        CreatableTopicResult::default()
            .with_name(str_bytes(name).into())
            .with_topic_id(topic_id(name))
            .with_error_message(None)
            .with_num_partitions(3)
            .with_replication_factor(1)
            .with_configs(Some(vec![CreatableTopicConfigs::default().with_name(str_bytes("retention.ms"))]))
    }

    fn created_but_hidden(name: &str) -> CreatableTopicResult {
        created(name)
            .with_num_partitions(-1)
            .with_replication_factor(-1)
            .with_configs(Some(vec![]))
            .with_topic_config_error_code(29)
    }

    fn response(version: i16, topics: &[CreatableTopicResult]) -> CreateTopicsResponse {
        on_the_wire(version, &CreateTopicsResponse::default().with_topics(topics.to_vec()))
    }

    fn erroneous(name: &str, error: ErrorCode, text: &'static str) -> CreatableTopicResult {
        erroneous_topic(&str_bytes(name).into(), error, text)
    }

    #[test]
    fn who_may_create_on_the_cluster_is_not_asked_about_topics() {
        for version in [2, 7] {
            let mut client = Client::with(&["allow Create Cluster", "allow DescribeConfigs Topic *"]);
            let asked = client.ask(version, &request(&["orders", "twice", "twice", CLUSTER_METADATA]));
            assert_eq!(
                client.decisions(),
                ["allowed Create Cluster kafka-cluster (quiet)", "allowed DescribeConfigs Topic orders (quiet)"]
            );
            assert!(asked.passed_through());
        }
    }

    #[test]
    fn denied_topics_are_answered_behind_those_created() {
        for version in [2, 7] {
            let mut client = Client::with(&["allow Create Topic orders", "allow DescribeConfigs Topic orders"]);
            let names = ["twice", "secret", "orders", "twice", CLUSTER_METADATA];
            let asked = client.ask(version, &request(&names));
            assert_eq!(
                client.decisions(),
                [
                    "denied Create Cluster kafka-cluster (quiet)",
                    "allowed Create Topic orders",
                    "denied Create Topic secret",
                    "allowed DescribeConfigs Topic orders (quiet)",
                    "denied DescribeConfigs Topic secret (quiet)",
                ]
            );
            assert_eq!(asked.forwarded(), &request(&["orders"]));
            assert_eq!(
                client.answer(asked, response(version, &[created("orders")])),
                response(
                    version,
                    &[
                        created("orders"),
                        erroneous("twice", ErrorCode::INVALID_REQUEST, REPEATED),
                        erroneous("secret", ErrorCode::TOPIC_AUTHORIZATION_FAILED, DENIED),
                        erroneous(CLUSTER_METADATA, ErrorCode::INVALID_REQUEST, PROHIBITED),
                    ]
                )
            );
        }
    }

    #[test]
    fn with_every_topic_denied_nothing_is_forwarded() {
        for version in [2, 7] {
            let mut client = Client::with(&["allow Describe Topic *"]);
            let asked = client.ask(version, &request(&["secret"]));
            let denied = erroneous("secret", ErrorCode::TOPIC_AUTHORIZATION_FAILED, DENIED);
            assert_eq!(asked.response(), response(version, &[denied]));
        }
    }

    #[test]
    fn details_of_a_new_topic_need_describe_configs() {
        let mut client = Client::with(&["allow Create Topic *", "allow DescribeConfigs Topic audit"]);
        let asked = client.ask(7, &request(&["orders", "audit", "old"]));
        assert!(asked.went_on_as_it_came());
        let exists = erroneous("old", ErrorCode::TOPIC_ALREADY_EXISTS, "exists").with_num_partitions(9);
        assert_eq!(
            client.answer(asked, response(7, &[created("orders"), created("audit"), exists.clone()])),
            response(7, &[created_but_hidden("orders"), created("audit"), exists])
        );

        let asked = client.ask(4, &request(&["orders"]));
        assert!(asked.passed_through(), "before version 5 there are no details");
    }

    /// What takes a step for each pair of names would take hours here, and the worker with it.
    #[test]
    fn very_many_topics_take_no_longer_than_they_are_many() {
        let each_twice = (0..200_000).map(|index| (index / 2).to_string());
        let topic = |name: String| CreatableTopic::default().with_name(str_bytes(&name).into());
        let once = (0..200_000).map(|index| format!("once-{index}"));
        let topics: Vec<_> = once.chain(each_twice).map(topic).collect();
        let answer = Client::with(&[]).ask(7, &CreateTopicsRequest::default().with_topics(topics)).response();
        assert_eq!(answer.topics.len(), 300_000);
    }

    /// Even where both are errors of the request, a repeated name comes before the name that is prohibited.
    #[test]
    fn the_log_of_the_controllers_is_prohibited_and_named_twice_repeated() {
        let asked = Client::with(&[]).ask(7, &request(&["secret", CLUSTER_METADATA]));
        let denied = erroneous("secret", ErrorCode::TOPIC_AUTHORIZATION_FAILED, DENIED);
        let prohibited = erroneous(CLUSTER_METADATA, ErrorCode::INVALID_REQUEST, PROHIBITED);
        assert_eq!(asked.response(), response(7, &[denied, prohibited]));
        let asked = Client::with(&[]).ask(7, &request(&[CLUSTER_METADATA, CLUSTER_METADATA]));
        let repeated = erroneous(CLUSTER_METADATA, ErrorCode::INVALID_REQUEST, REPEATED);
        assert_eq!(asked.response(), response(7, &[repeated]));
    }
}
