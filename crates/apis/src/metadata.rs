//! Metadata (3): `KafkaApis.handleTopicMetadataRequest`.
//!
//! Describe on each topic, in three forms. All topics: those denied are left out, and no denial is logged. By name: a
//! denied topic is answered as denied whether or not it exists. By id (version 12 on): entries that have only a name
//! are ignored.
//!
//! Asking may create topics. A broker would create them in the name of the caller, and asks for Create on the cluster or
//! the topic; here it would take us for the caller. So the permission to create goes on only if the caller may create
//! every topic it names. Otherwise the request goes on without, and what the answer says is missing is created by a
//! second request if the caller may ([`Lookup::create_topics`]). Before version 4 the permission cannot be taken back:
//! what is missing and must not be created is found out before and left out.
//!
//! Both fields of authorized operations (KIP-430) are ours: the broker's would say what Doorkeeper may do.

use std::collections::{BTreeSet, HashSet};

use acl::{AclOperation, AuthorizationResult, Grants, ResourceType};
use protocol::messages::metadata_request::MetadataRequestTopic;
use protocol::messages::metadata_response::MetadataResponseTopic;
use protocol::messages::{MetadataRequest, MetadataResponse, TopicName};
use protocol::{ErrorCode, ErrorResponse, StrBytes};
use uuid::Uuid;

use crate::internal_topics::is_internal;
use crate::outcome::prepend;
use crate::{Authorize, Edit, Edited, Lookup, Outcome, RequestContext};

/// The field of authorized operations where it was not asked for.
const NOT_ASKED: i32 = i32::MIN;

impl Authorize for MetadataRequest {
    fn lookup(&self, version: i16, grants: &Grants) -> Lookup {
        match form(self, version) {
            Form::ByIds(ids) => Lookup::topic_ids(ids),
            Form::ByNames(mut names) if version < 4 => {
                names.retain(|name| is_allowed(grants, AclOperation::Describe, name));
                match names.iter().all(|name| may_create(grants, name)) {
                    true => Lookup::default(),
                    false => Lookup { auto_create_topics: true, ..Lookup::topics(&names) },
                }
            }
            Form::ByNames(_) | Form::AllTopics | Form::Refused(_) => Lookup::default(),
        }
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<MetadataResponse> {
        match form(self, context.version) {
            Form::Refused(error) => Outcome::Respond(self.error_response(context.version, error)),
            Form::AllTopics => {
                let operations = Operations::of(self, context.version);
                Outcome::ForwardThen(Edit::typed(move |context, response| {
                    leave_out_denied(context, response);
                    operations.fill_in(context, response);
                }))
            }
            Form::ByIds(ids) => by_ids(self, ids, context),
            Form::ByNames(names) => by_names(self, names, context),
        }
    }
}

/// What is asked for.
enum Form {
    AllTopics,
    /// Each once, in the order of the request.
    ByNames(Vec<StrBytes>),
    /// Each once, in the order of the request.
    ByIds(Vec<Uuid>),
    /// Nothing that a broker answers.
    Refused(ErrorCode),
}

fn form(request: &MetadataRequest, version: i16) -> Form {
    let Some(topics) = &request.topics else { return Form::AllTopics };
    let by_id = topics.iter().any(|topic| !topic.topic_id.is_nil());
    let unnamed = topics.iter().any(|topic| topic.name.is_none());
    match version {
        0 if topics.is_empty() => Form::AllTopics,
        ..=11 if by_id || unnamed => Form::Refused(ErrorCode::INVALID_REQUEST),
        _ if by_id => {
            let ids = topics.iter().map(|topic| topic.topic_id).filter(|id| !id.is_nil());
            Form::ByIds(distinct(ids))
        }
        _ if unnamed => Form::Refused(ErrorCode::UNKNOWN_SERVER_ERROR),
        _ => Form::ByNames(distinct(topics.iter().filter_map(|topic| topic.name.clone()).map(|name| name.0))),
    }
}

fn distinct<T: Clone + Eq + std::hash::Hash>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    all.filter(|one| seen.insert(one.clone())).collect()
}

fn leave_out_denied(context: &mut RequestContext<'_>, response: &mut MetadataResponse) {
    let names = response.topics.iter().filter_map(|topic| topic.name.as_deref());
    let authorized = context.filter_by_authorized_quietly(AclOperation::Describe, ResourceType::Topic, names);
    response.topics.retain(|topic| topic.name.as_deref().is_some_and(|name| authorized.contains(name)));
}

fn by_ids(
    request: &mut MetadataRequest,
    ids: Vec<Uuid>,
    context: &mut RequestContext<'_>,
) -> Outcome<MetadataResponse> {
    let names: BTreeSet<&StrBytes> = ids.iter().filter_map(|id| context.found.topic_name(*id)).collect();
    let authorized = context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, names);
    let (mut allowed, mut unknown, mut denied) = (HashSet::new(), Vec::new(), Vec::new());
    for id in ids {
        match context.found.topic_name(id) {
            None => unknown.push(denied_topic(None, id, ErrorCode::UNKNOWN_TOPIC_ID)),
            Some(name) if authorized.contains(name) => drop(allowed.insert(id)),
            Some(_) => denied.push(denied_topic(None, id, ErrorCode::TOPIC_AUTHORIZATION_FAILED)),
        }
    }
    let changed = retain(request, |topic| allowed.contains(&topic.topic_id));
    let operations = Operations::of(request, context.version);
    forward(changed, operations.are_asked(), move |context, response| {
        operations.fill_in(context, response);
        prepend(unknown, &mut response.topics);
        response.topics.extend(denied);
    })
}

fn by_names(
    request: &mut MetadataRequest,
    names: Vec<StrBytes>,
    context: &mut RequestContext<'_>,
) -> Outcome<MetadataResponse> {
    let version = context.version;
    let authorized = context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, &names);
    let (mut allowed, denied): (Vec<StrBytes>, Vec<StrBytes>) =
        names.into_iter().partition(|name| authorized.contains(name));
    let mut denied: Vec<MetadataResponseTopic> = denied.into_iter().map(describe_denied).collect();

    let creatable: BTreeSet<StrBytes> =
        allowed.iter().filter(|name| may_create(context.grants, name)).cloned().collect();
    let creation = if version >= 4 && !request.allow_auto_topic_creation {
        Creation::NotAsked
    } else if creatable.len() == allowed.len() {
        Creation::ByTheBroker
    } else if version >= 4 {
        request.allow_auto_topic_creation = false;
        Creation::Apart(creatable)
    } else {
        prepend(leave_out_create_denied(&mut allowed, context), &mut denied);
        Creation::NotAsked
    };

    let allowed: HashSet<StrBytes> = allowed.into_iter().collect();
    let reduced = retain(request, |topic| topic.name.as_deref().is_some_and(|name| allowed.contains(name)));
    let all_topics = version == 0 && reduced && allowed.is_empty();
    let operations = Operations::of(request, version);
    let creates = !matches!(creation, Creation::NotAsked);
    if !reduced && !creates && !operations.are_asked() {
        return Outcome::Forward;
    }
    let finish = move |context: &mut RequestContext<'_>, response: &mut MetadataResponse, create_denied| {
        if all_topics {
            response.topics.clear();
        }
        operations.fill_in(context, response);
        response.topics.extend(create_denied);
        response.topics.extend(denied);
    };
    let changed = reduced || matches!(creation, Creation::Apart(_));
    let edit = Edit::Typed(Box::new(move |context, response: &mut MetadataResponse| {
        let missing = missing_topics(response);
        match creation {
            Creation::Apart(creatable) if !missing.is_empty() => {
                let create_topics = missing.intersection(&creatable).cloned().collect();
                let lookup = Lookup { auto_create_topics: true, create_topics, ..Lookup::default() };
                return Edited::Needs(
                    lookup,
                    Box::new(move |context, response| {
                        let create_denied = created_apart(&missing, context, response);
                        finish(context, response, create_denied);
                        Edited::Done
                    }),
                );
            }
            Creation::ByTheBroker if !missing.is_empty() => drop(authorize_creation(&missing, context)),
            Creation::ByTheBroker | Creation::Apart(_) | Creation::NotAsked => {}
        }
        finish(context, response, Vec::new());
        Edited::Done
    }));
    if changed { Outcome::ForwardReduced(edit) } else { Outcome::ForwardThen(edit) }
}

/// Who creates what is missing, if the broker creates topics at all.
enum Creation {
    NotAsked,
    /// Every topic that is left may be created.
    ByTheBroker,
    /// Only these may; they are asked for again, with the permission to create them.
    Apart(BTreeSet<StrBytes>),
}

/// Before version 4: takes out what is missing and must not be created.
fn leave_out_create_denied(
    allowed: &mut Vec<StrBytes>,
    context: &mut RequestContext<'_>,
) -> Vec<MetadataResponseTopic> {
    let missing = allowed.iter().filter(|name| !context.found.topics.contains_key(*name));
    let missing: BTreeSet<StrBytes> = missing.cloned().collect();
    if !context.found.auto_create_topics || missing.is_empty() {
        return Vec::new();
    }
    let denied = authorize_creation(&missing, context);
    allowed.retain(|name| !denied.contains(name));
    denied.into_iter().map(create_denied).collect()
}

/// After the second request: what must not be created is answered as denied, for the rest the broker's answer counts.
fn created_apart(
    missing: &BTreeSet<StrBytes>,
    context: &mut RequestContext<'_>,
    response: &mut MetadataResponse,
) -> Vec<MetadataResponseTopic> {
    if !context.found.auto_create_topics {
        return Vec::new();
    }
    let denied = authorize_creation(missing, context);
    response.topics.retain(|topic| topic.name.as_deref().is_none_or(|name| !denied.contains(name)));
    for topic in &mut response.topics {
        let created = topic.name.as_deref().and_then(|name| context.found.created.get(name));
        if let Some(&error) = created.filter(|error| **error != 0) {
            topic.error_code = error;
        }
    }
    denied.into_iter().map(create_denied).collect()
}

/// Asks whether topics may be created, as a broker does when it has found them missing. Returns those denied.
fn authorize_creation(missing: &BTreeSet<StrBytes>, context: &mut RequestContext<'_>) -> BTreeSet<StrBytes> {
    if context.authorize_cluster_quietly(AclOperation::Create) {
        return BTreeSet::new();
    }
    let authorized = context.filter_by_authorized(AclOperation::Create, ResourceType::Topic, missing);
    missing.iter().filter(|name| !authorized.contains(name)).cloned().collect()
}

/// Topics that do not exist, those with names that none can have among them.
fn missing_topics(response: &MetadataResponse) -> BTreeSet<StrBytes> {
    let missing = [ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0, ErrorCode::INVALID_TOPIC_EXCEPTION.0];
    let topics = response.topics.iter().filter(|topic| missing.contains(&topic.error_code));
    topics.filter_map(|topic| topic.name.as_deref()).cloned().collect()
}

/// Whether the law would let a topic be created. Nobody has asked yet, so it is no decision.
fn may_create(grants: &Grants, name: &StrBytes) -> bool {
    let cluster = grants.authorize(AclOperation::Create, ResourceType::Cluster, acl::CLUSTER_NAME);
    cluster == AuthorizationResult::Allowed || is_allowed(grants, AclOperation::Create, name)
}

fn is_allowed(grants: &Grants, operation: AclOperation, topic: &StrBytes) -> bool {
    grants.authorize(operation, ResourceType::Topic, topic) == AuthorizationResult::Allowed
}

/// Keeps only some of the topics asked for. Whether that made any difference.
fn retain(request: &mut MetadataRequest, keep: impl Fn(&MetadataRequestTopic) -> bool) -> bool {
    let Some(topics) = &mut request.topics else { return false };
    let asked = topics.len();
    topics.retain(keep);
    topics.len() != asked
}

fn forward(
    changed: bool,
    looks: bool,
    edit: impl FnOnce(&mut RequestContext<'_>, &mut MetadataResponse) + Send + 'static,
) -> Outcome<MetadataResponse> {
    match (changed, looks) {
        (true, _) => Outcome::ForwardReduced(Edit::typed(edit)),
        (false, true) => Outcome::ForwardThen(Edit::typed(edit)),
        (false, false) => Outcome::Forward,
    }
}

fn denied_topic(name: Option<TopicName>, id: Uuid, error: ErrorCode) -> MetadataResponseTopic {
    MetadataResponseTopic::default().with_name(name).with_topic_id(id).with_error_code(error.0)
}

fn describe_denied(name: StrBytes) -> MetadataResponseTopic {
    denied_topic(Some(name.into()), Uuid::nil(), ErrorCode::TOPIC_AUTHORIZATION_FAILED)
}

fn create_denied(name: StrBytes) -> MetadataResponseTopic {
    let is_internal = is_internal(&name);
    describe_denied(name).with_is_internal(is_internal)
}

/// Which fields of authorized operations were asked for.
#[derive(Clone, Copy)]
struct Operations {
    cluster: bool,
    topics: bool,
}

impl Operations {
    fn of(request: &MetadataRequest, version: i16) -> Operations {
        Operations {
            cluster: (8..=10).contains(&version) && request.include_cluster_authorized_operations,
            topics: version >= 8 && request.include_topic_authorized_operations,
        }
    }

    fn are_asked(self) -> bool {
        self.cluster || self.topics
    }

    /// Puts our fields in the place of the broker's, in an answer that has no denied topics yet.
    fn fill_in(self, context: &mut RequestContext<'_>, response: &mut MetadataResponse) {
        response.cluster_authorized_operations = match self.cluster {
            false => NOT_ASKED,
            true if context.authorize_cluster(AclOperation::Describe) => {
                context.authorized_operations(ResourceType::Cluster, acl::CLUSTER_NAME)
            }
            true => 0,
        };
        for topic in &mut response.topics {
            topic.topic_authorized_operations = match &topic.name {
                Some(name) if self.topics && topic.error_code != ErrorCode::UNKNOWN_TOPIC_ID.0 => {
                    context.authorized_operations(ResourceType::Topic, name)
                }
                _ => NOT_ASKED,
            };
        }
    }
}
