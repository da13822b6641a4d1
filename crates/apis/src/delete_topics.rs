//! DeleteTopics (20): `ControllerApis.deleteTopics`.
//!
//! Delete on the cluster, else Describe and Delete on each topic, which is named or (version 6) given by id. That a
//! topic exists is told only to those who may describe it; so of a topic that may be described but not deleted it has
//! to be known whether it exists.
//!
//! Errors of the request itself (an entry with both name and id, or neither, or one that is repeated) are not decided
//! on. Who may not delete on the whole cluster gets them from us, so that only topics that were decided on go further.

use std::collections::{BTreeSet, HashMap};

use acl::{AclOperation, AuthorizationResult, Grants, ResourceType};
use protocol::messages::delete_topics_request::DeleteTopicState;
use protocol::messages::delete_topics_response::DeletableTopicResult;
use protocol::messages::{DeleteTopicsRequest, DeleteTopicsResponse};
use protocol::{ErrorCode, StrBytes};
use uuid::Uuid;

use crate::{Authorize, Authorized, Found, Lookup, Outcome, RequestContext};

impl Authorize for DeleteTopicsRequest {
    fn lookup(&self, _version: i16, grants: &Grants) -> Lookup {
        let allowed = |operation, resource_type, name: &str| {
            grants.authorize(operation, resource_type, name) == AuthorizationResult::Allowed
        };
        if grants.authorize_by_law(AclOperation::Delete, ResourceType::Cluster, acl::CLUSTER_NAME).is_allowed() {
            return match grants.hidden_topics().is_empty() {
                true => Lookup::default(),
                false => Lookup::topic_ids(self.topics.iter().map(|topic| topic.topic_id)),
            };
        }
        let named = self.topics.iter().filter_map(|topic| topic.name.as_ref()).chain(&self.topic_names);
        let undecided = named.map(|name| &name.0).filter(|name| {
            allowed(AclOperation::Describe, ResourceType::Topic, name)
                && !allowed(AclOperation::Delete, ResourceType::Topic, name)
        });
        Lookup { topics: Lookup::topics(undecided).topics, ..Lookup::topic_ids(self.topics.iter().map(|t| t.topic_id)) }
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DeleteTopicsResponse> {
        let all_may_be_deleted = context.authorize_cluster_quietly(AclOperation::Delete);
        if all_may_be_deleted && !may_name_hidden(self, context) {
            return Outcome::Forward;
        }
        let entries = self.topic_names.iter().map(|name| Entry { name: Some(name.0.clone()), id: Uuid::nil() });
        let entries: Vec<Entry> = entries.chain(self.topics.iter().map(Entry::of)).collect();
        let mut counts: HashMap<&Entry, usize> = HashMap::new();
        entries.iter().for_each(|entry| *counts.entry(entry).or_default() += 1);
        let once: Vec<&Entry> =
            entries.iter().filter(|entry| entry.is_valid() && counts.get(entry) == Some(&1)).collect();

        let names: BTreeSet<&StrBytes> = once.iter().filter_map(|entry| entry.name(context.found)).collect();
        let names: Vec<StrBytes> = names.into_iter().cloned().collect();
        let allowed = match all_may_be_deleted {
            true => {
                let visible = context.visible(AclOperation::Delete, &names);
                Allowed { describe: visible.clone(), delete: visible }
            }
            false => Allowed {
                describe: context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, &names),
                delete: context.filter_by_authorized(AclOperation::Delete, ResourceType::Topic, &names),
            },
        };
        let mut results: Vec<Option<DeletableTopicResult>> = Vec::new();
        let mut told: BTreeSet<&Entry> = BTreeSet::new();
        let mut keeps = entries.iter().map(|entry| {
            let result = match (entry.is_valid(), counts.get(entry) == Some(&1)) {
                (true, true) => allowed.refusal(entry, context.found),
                (true, false) if !told.insert(entry) => None,
                _ => Some(invalid(entry)),
            };
            let keep = result.is_none() && counts.get(entry) == Some(&1);
            results.push(result);
            keep
        });
        let keeps_name: Vec<bool> = keeps.by_ref().take(self.topic_names.len()).collect();
        let keeps_topic: Vec<bool> = keeps.collect();
        keep_only(&mut self.topic_names, &keeps_name);
        keep_only(&mut self.topics, &keeps_topic);
        let nothing_left = self.topic_names.is_empty() && self.topics.is_empty();
        let refused = results.into_iter().flatten().collect();
        Outcome::without(refused, nothing_left, |response: &mut DeleteTopicsResponse, refused| {
            response.responses.extend(refused);
        })
    }
}

/// A topic that does not exist for clients, by its name; or by its id, which then has no name.
fn may_name_hidden(request: &DeleteTopicsRequest, context: &RequestContext<'_>) -> bool {
    let named = request.topics.iter().filter_map(|topic| topic.name.as_ref()).chain(&request.topic_names);
    let has_unknown =
        |topic: &DeleteTopicState| !topic.topic_id.is_nil() && context.found.topic_name(topic.topic_id).is_none();
    !context.grants.hidden_topics().is_empty()
        && (context.hides_any(named.map(|name| &name.0)) || request.topics.iter().any(has_unknown))
}

/// What is to be deleted.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Entry {
    name: Option<StrBytes>,
    /// Zero stands for none.
    id: Uuid,
}

impl Entry {
    fn of(topic: &DeleteTopicState) -> Entry {
        Entry { name: topic.name.as_deref().cloned(), id: topic.topic_id }
    }

    /// Either a name or an id.
    fn is_valid(&self) -> bool {
        self.name.is_some() == self.id.is_nil()
    }

    fn name<'a>(&'a self, found: &'a Found) -> Option<&'a StrBytes> {
        self.name.as_ref().or_else(|| found.topic_name(self.id))
    }
}

/// What the caller may do.
struct Allowed {
    describe: Authorized,
    delete: Authorized,
}

impl Allowed {
    /// Why a topic is not deleted.
    fn refusal(&self, entry: &Entry, found: &Found) -> Option<DeletableTopicResult> {
        let denied = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
        let Some(name) = entry.name(found) else {
            return Some(refused(None, entry.id, ErrorCode::UNKNOWN_TOPIC_ID));
        };
        let (describe, delete) = (self.describe.contains(name), self.delete.contains(name));
        let by_id = entry.name.is_none();
        match (by_id, describe, delete) {
            (true, _, true) | (false, true, true) => None,
            (true, _, false) => Some(refused(describe.then(|| name.clone()), entry.id, denied)),
            (false, true, false) if !found.topics.contains_key(name) => {
                Some(refused(Some(name.clone()), Uuid::nil(), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION))
            }
            (false, _, _) => Some(refused(Some(name.clone()), Uuid::nil(), denied)),
        }
    }
}

fn refused(name: Option<StrBytes>, id: Uuid, error: ErrorCode) -> DeletableTopicResult {
    DeletableTopicResult::default()
        .with_name(name.map(Into::into))
        .with_topic_id(id)
        .with_error_code(error.0)
        .with_error_message(Some(StrBytes::from_static_str(error.message())))
}

/// An entry that is no topic, or one of several for the same: what a controller says of it.
fn invalid(entry: &Entry) -> DeletableTopicResult {
    let text = match (&entry.name, entry.id.is_nil()) {
        (None, true) => "Neither topic name nor id were specified.",
        (Some(_), false) => "You may not specify both topic name and topic id.",
        (Some(_), true) => "Duplicate topic name.",
        (None, false) => "Duplicate topic id.",
    };
    refused(entry.name.clone(), entry.id, ErrorCode::INVALID_REQUEST)
        .with_error_message(Some(StrBytes::from_static_str(text)))
}

fn keep_only<T>(entries: &mut Vec<T>, keeps: &[bool]) {
    let mut keeps = keeps.iter();
    entries.retain(|_| keeps.next().copied().unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes, topic_id};

    /// Names up to version 5, entries with a name from 6 on.
    fn by_name(version: i16, names: &[&str]) -> DeleteTopicsRequest {
        let names = names.iter().map(|name| str_bytes(name).into());
        match version {
            ..=5 => DeleteTopicsRequest::default().with_topic_names(names.collect()),
            _ => entries(names.map(|name| DeleteTopicState::default().with_name(Some(name)))),
        }
    }

    fn entries(topics: impl IntoIterator<Item = DeleteTopicState>) -> DeleteTopicsRequest {
        DeleteTopicsRequest::default().with_topics(topics.into_iter().collect())
    }

    fn by_id(name: &str) -> DeleteTopicState {
        DeleteTopicState::default().with_topic_id(topic_id(name))
    }

    fn deleted(name: &str) -> DeletableTopicResult {
        DeletableTopicResult::default().with_name(Some(str_bytes(name).into())).with_topic_id(topic_id(name))
    }

    fn denied(name: &str, error: ErrorCode) -> DeletableTopicResult {
        refused(Some(str_bytes(name)), Uuid::nil(), error)
    }

    fn response(version: i16, results: &[DeletableTopicResult]) -> DeleteTopicsResponse {
        on_the_wire(version, &DeleteTopicsResponse::default().with_responses(results.to_vec()))
    }

    #[test]
    fn who_may_delete_on_the_cluster_is_not_asked_about_topics() {
        for version in [1, 6] {
            let mut client = Client::with(&["allow Delete Cluster"]);
            let asked = client.ask(version, &by_name(version, &["orders", "twice", "twice"]));
            assert_eq!(client.lookups, []);
            assert_eq!(client.decisions(), ["allowed Delete Cluster kafka-cluster (quiet)"]);
            assert!(asked.passed_through());
        }
    }

    #[test]
    fn that_a_topic_exists_is_told_only_to_those_who_may_describe_it() {
        for version in [1, 6] {
            let mut client = Client::with(&["allow Delete Topic orders", "allow Describe Topic seen prefixed"])
                .topic("orders", 1)
                .topic("seen", 1)
                .topic("secret", 1);
            let names = ["orders", "seen", "seen-gone", "secret", "secret-gone", "twice", "twice"];
            let asked = client.ask(version, &by_name(version, &names));
            assert_eq!(client.lookups, [Lookup::topics(&[str_bytes("seen"), str_bytes("seen-gone")])]);
            assert_eq!(
                client.decisions(),
                [
                    "denied Delete Cluster kafka-cluster (quiet)",
                    "allowed Describe Topic orders",
                    "denied Describe Topic secret",
                    "denied Describe Topic secret-gone",
                    "allowed Describe Topic seen",
                    "allowed Describe Topic seen-gone",
                    "allowed Delete Topic orders",
                    "denied Delete Topic secret",
                    "denied Delete Topic secret-gone",
                    "denied Delete Topic seen",
                    "denied Delete Topic seen-gone",
                ]
            );
            assert_eq!(asked.forwarded(), &by_name(version, &["orders"]));
            assert_eq!(
                client.answer(asked, response(version, &[deleted("orders")])),
                response(
                    version,
                    &[
                        deleted("orders"),
                        denied("seen", ErrorCode::TOPIC_AUTHORIZATION_FAILED),
                        denied("seen-gone", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
                        denied("secret", ErrorCode::TOPIC_AUTHORIZATION_FAILED),
                        denied("secret-gone", ErrorCode::TOPIC_AUTHORIZATION_FAILED),
                        denied("twice", ErrorCode::INVALID_REQUEST)
                            .with_error_message(Some(str_bytes("Duplicate topic name."))),
                    ]
                )
            );
        }
    }

    #[test]
    fn with_every_topic_denied_nothing_is_forwarded() {
        for version in [1, 6] {
            let mut client = Client::with(&[]);
            let asked = client.ask(version, &by_name(version, &["secret"]));
            let denied = denied("secret", ErrorCode::TOPIC_AUTHORIZATION_FAILED);
            assert_eq!(asked.response(), response(version, &[denied]));
        }
    }

    #[test]
    fn topics_by_id_are_decided_by_their_names() {
        let mut client = Client::with(&[
            "allow Delete Topic orders",
            "allow Delete Topic hidden",
            "deny Describe Topic hidden",
            "allow Describe Topic seen",
        ])
        .topic("orders", 1)
        .topic("hidden", 1)
        .topic("seen", 1)
        .topic("secret", 1);
        let asked = client.ask(6, &entries(["orders", "hidden", "seen", "secret", "gone"].map(by_id)));
        let ids = ["orders", "hidden", "seen", "secret", "gone"].map(topic_id);
        assert_eq!(client.lookups, [Lookup::topic_ids(ids)]);
        assert_eq!(asked.forwarded(), &entries(["orders", "hidden"].map(by_id)));
        assert_eq!(
            client.answer(asked, response(6, &[deleted("hidden"), deleted("orders")])),
            response(
                6,
                &[
                    deleted("hidden"),
                    deleted("orders"),
                    refused(Some(str_bytes("seen")), topic_id("seen"), ErrorCode::TOPIC_AUTHORIZATION_FAILED),
                    refused(None, topic_id("secret"), ErrorCode::TOPIC_AUTHORIZATION_FAILED),
                    refused(None, topic_id("gone"), ErrorCode::UNKNOWN_TOPIC_ID),
                ]
            )
        );
    }

    #[test]
    fn entries_that_are_no_topic_are_answered_undecided() {
        let both = by_id("orders").with_name(Some(str_bytes("orders").into()));
        let neither = DeleteTopicState::default();
        let mut client = Client::with(&["allow Delete Topic *"]).topic("orders", 1).topic("audit", 1);
        let asked = client.ask(6, &entries([both.clone(), neither, by_id("audit"), by_id("audit"), both]));
        assert_eq!(client.decisions(), ["denied Delete Cluster kafka-cluster (quiet)"]);
        let invalid = |name: Option<&str>, id, text| {
            refused(name.map(str_bytes), id, ErrorCode::INVALID_REQUEST).with_error_message(Some(str_bytes(text)))
        };
        let both = invalid(Some("orders"), topic_id("orders"), "You may not specify both topic name and topic id.");
        let neither = invalid(None, Uuid::nil(), "Neither topic name nor id were specified.");
        let twice = invalid(None, topic_id("audit"), "Duplicate topic id.");
        assert_eq!(asked.response(), response(6, &[both.clone(), neither, twice, both]));
    }
}
