//! Topics that Metadata creates when it is asked for them: `AutoTopicCreationManager`.
//!
//! A broker with `auto.create.topics.enable` creates missing topics in the name of the caller, and asks for Create on the
//! cluster or the topic. Here it would take us for the caller. So the permission to create goes on only if the caller
//! may create every topic it names. Otherwise the request goes on without, and what its answer says is missing is
//! created by a second request if the caller may ([`Lookup::create_topics`]). Before version 4 the permission cannot be
//! taken back: what is missing and must not be created is found out before, and left out.

use std::collections::BTreeSet;

use acl::{AclOperation, AuthorizationResult, CLUSTER_NAME, Grants, ResourceType};
use protocol::messages::MetadataRequest;
use protocol::messages::metadata_response::MetadataResponseTopic;
use protocol::{ErrorCode, StrBytes, TopicList};

use crate::internal_topics::is_internal;
use crate::{Lookup, RequestContext};

/// The first version in which a request says whether it may create topics; those before always may.
const SAYS_WHETHER: i16 = 4;

/// Who creates what is missing, if the broker creates topics at all.
pub(crate) enum Creation {
    NotAsked,
    /// Every topic that is named may be created.
    ByTheBroker,
    /// Only these may; they are asked for again, with the permission to create them.
    Apart(BTreeSet<StrBytes>),
    /// Has been settled before; these are missing and must not be created.
    Denied(BTreeSet<StrBytes>),
}

impl Creation {
    /// What has to be known before topics, which may be described, can be asked for.
    pub(crate) fn lookup(version: i16, topics: &[StrBytes], grants: &Grants) -> Lookup {
        match version >= SAYS_WHETHER || topics.iter().all(|topic| may_create(grants, topic)) {
            true => Lookup::default(),
            false => Lookup { auto_create_topics: true, ..Lookup::topics(topics) },
        }
    }

    /// Decides for topics that may be described, and takes the permission out of a request that is to go on without.
    pub(crate) fn decide(
        request: &mut MetadataRequest,
        topics: &[StrBytes],
        context: &mut RequestContext<'_>,
    ) -> Creation {
        if context.version >= SAYS_WHETHER && !request.allow_auto_topic_creation {
            return Creation::NotAsked;
        }
        let may_create = |topic: &&StrBytes| may_create(context.grants, topic);
        let creatable: BTreeSet<StrBytes> = topics.iter().filter(may_create).cloned().collect();
        if topics.iter().all(|topic| creatable.contains(topic)) {
            return Creation::ByTheBroker;
        }
        if context.version >= SAYS_WHETHER {
            request.allow_auto_topic_creation = false;
            return Creation::Apart(creatable);
        }
        let is_missing = |topic: &&StrBytes| !context.found.topics.contains_key(*topic);
        let missing: BTreeSet<StrBytes> = topics.iter().filter(is_missing).cloned().collect();
        Creation::Denied(if context.found.auto_create_topics { authorize(&missing, context) } else { BTreeSet::new() })
    }

    /// The second request, once the answer says what is missing.
    pub(crate) fn second_request(&self, missing: &BTreeSet<StrBytes>) -> Option<Lookup> {
        let Creation::Apart(creatable) = self else { return None };
        let create_topics = missing.intersection(creatable).cloned().collect();
        let lookup = Lookup { auto_create_topics: true, create_topics, ..Lookup::default() };
        (!missing.is_empty()).then_some(lookup)
    }

    /// Without a second request: those that must not be created. What the broker was allowed to create is told to the
    /// audit log, whether or not it creates topics at all.
    pub(crate) fn denied(self, missing: &BTreeSet<StrBytes>, context: &mut RequestContext<'_>) -> BTreeSet<StrBytes> {
        match self {
            Creation::ByTheBroker => authorize(missing, context),
            Creation::Denied(denied) => denied,
            Creation::NotAsked | Creation::Apart(_) => BTreeSet::new(),
        }
    }
}

/// Topics that do not exist, those with a name that none can have among them.
pub(crate) fn missing_topics(response: &TopicList) -> BTreeSet<StrBytes> {
    let missing = [ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0, ErrorCode::INVALID_TOPIC_EXCEPTION.0];
    let topics = response.topics.iter().filter(|topic| missing.contains(&topic.error_code));
    topics.filter_map(|topic| topic.name.clone()).collect()
}

/// After the second request: takes out what must not be created; for the rest the broker's second answer counts.
pub(crate) fn settle(
    missing: &BTreeSet<StrBytes>,
    context: &mut RequestContext<'_>,
    response: &mut TopicList,
) -> BTreeSet<StrBytes> {
    if !context.found.auto_create_topics {
        return BTreeSet::new();
    }
    let denied = authorize(missing, context);
    response.topics.retain(|topic| topic.name.as_ref().is_none_or(|name| !denied.contains(name)));
    for topic in &mut response.topics {
        let created = topic.name.as_ref().and_then(|name| context.found.created.get(name));
        if let Some(&error) = created.filter(|error| **error != 0) {
            topic.error_code = error;
        }
    }
    denied
}

/// Asks whether topics may be created, as a broker does when it has found them missing. Returns those denied.
fn authorize(missing: &BTreeSet<StrBytes>, context: &mut RequestContext<'_>) -> BTreeSet<StrBytes> {
    if missing.is_empty() || context.authorize_cluster_quietly(AclOperation::Create) {
        return BTreeSet::new();
    }
    let authorized = context.filter_by_authorized(AclOperation::Create, ResourceType::Topic, missing);
    missing.iter().filter(|name| !authorized.contains(name)).cloned().collect()
}

/// Unlike one that must not be described, a topic that must not be created is told to be internal.
pub(crate) fn create_denied(name: StrBytes) -> MetadataResponseTopic {
    let is_internal = is_internal(&name);
    MetadataResponseTopic::default()
        .with_name(Some(name.into()))
        .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
        .with_is_internal(is_internal)
}

/// Whether the law would let a topic be created. A broker asks only about those that are missing, so this is no decision.
fn may_create(grants: &Grants, topic: &StrBytes) -> bool {
    let allowed = |resource_type, name: &str| {
        grants.authorize(AclOperation::Create, resource_type, name) == AuthorizationResult::Allowed
    };
    allowed(ResourceType::Cluster, CLUSTER_NAME) || allowed(ResourceType::Topic, topic)
}
