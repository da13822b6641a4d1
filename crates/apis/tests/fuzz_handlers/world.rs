//! Who asks, what the cluster says, and what the store says: as varied as they can be, and from the seed alone.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use acl::{
    AccessControlEntry, AclBinding, AclOperation, AclPermissionType, CLUSTER_NAME, Grants, Host, Identity,
    KafkaPrincipal, PatternType, Policy, ResourcePattern, ResourceType, Settings,
};
use apis::{
    BrokerVersions, Found, FoundMember, FoundTopic, Lookup, MemberSubscription, Refused, ScramUser, Serve,
    SubscriptionPattern,
};
use authentication::ScramMechanism;
use protocol::messages::ApiVersionsResponse;
use protocol::messages::api_versions_response::ApiVersion;
use protocol::{ApiKey, BrokerAddresses, StrBytes, served_versions};
use uuid::Uuid;

use crate::mutation::Random;

/// The names that `RandomMessages.java` makes begin like this.
const NAMES: [&str; 7] = ["a", "orders", "größe", "数据", "🦀", "with space", "orders7"];
const PRINCIPAL: &str = "User:alice";

pub(crate) struct World {
    pub(crate) callers: Vec<Grants>,
    pub(crate) broker: BrokerVersions,
}

impl World {
    pub(crate) fn new() -> World {
        let everything = || {
            RESOURCE_TYPES.map(|resource_type| {
                let name = if resource_type == ResourceType::Cluster { CLUSTER_NAME } else { "*" };
                acl(AclPermissionType::Allow, AclOperation::All, resource_type, name, PatternType::Literal)
            })
        };
        let on_some = |permission, operation| {
            let named = move |resource_type| {
                [
                    acl(permission, operation, resource_type, "orders", PatternType::Prefixed),
                    acl(permission, operation, resource_type, "数据", PatternType::Literal),
                ]
            };
            RESOURCE_TYPES.into_iter().flat_map(named)
        };
        let everyone = || Settings { allow_everyone_if_no_acl_found: true, ..Settings::default() };
        let super_user =
            Settings { super_users: Settings::parse_super_users(PRINCIPAL).unwrap(), ..Settings::default() };
        let (allow, deny) = (AclPermissionType::Allow, AclPermissionType::Deny);
        let policies = [
            Policy::empty(Settings::default()),
            Policy::empty(super_user),
            Policy::new(Settings::default(), everything()),
            Policy::new(Settings::default(), on_some(allow, AclOperation::All)),
            Policy::new(Settings::default(), on_some(allow, AclOperation::Describe)),
            Policy::new(
                Settings::default(),
                on_some(allow, AclOperation::Read).chain(on_some(allow, AclOperation::Write)),
            ),
            Policy::new(Settings::default(), everything().into_iter().chain(on_some(deny, AclOperation::All))),
            Policy::new(everyone(), on_some(deny, AclOperation::Read)),
        ];
        World {
            callers: policies.iter().map(|policy| policy.grants(&Arc::new(identity()))).collect(),
            broker: broker(),
        }
    }

    /// What a look-up comes to: some of it exists.
    pub(crate) fn found(&self, random: &mut Random, lookup: &Lookup) -> Found {
        let mut named = HashMap::new();
        for id in &lookup.topic_ids {
            if random.below(4) > 0 {
                named.insert(*id, StrBytes::from_static_str(NAMES[random.below(NAMES.len())]));
            }
        }
        let all = NAMES.map(StrBytes::from_static_str);
        let asked: Vec<&StrBytes> =
            if lookup.all_topics { all.iter().collect() } else { lookup.topics.iter().collect() };
        let mut topics = HashMap::new();
        for name in asked {
            if random.below(4) > 0 {
                let partitions = random.below(4) as i32;
                let id = Uuid::from_u128(random.below(3) as u128);
                topics.insert(name.clone(), FoundTopic { id, partitions, is_internal: random.below(8) == 0 });
            }
        }
        let errors = [0, 3, 5, 17, 29, -1];
        let created = lookup.create_topics.iter().map(|name| (name.clone(), errors[random.below(errors.len())]));
        let created = created.collect();
        let auto_create_topics = random.below(2) == 0;
        let some =
            |random: &mut Random| -> Vec<StrBytes> { all.iter().filter(|_| random.below(2) == 0).cloned().collect() };
        let member = match random.below(4) {
            _ if lookup.member.is_none() => FoundMember::NotTold,
            0 => FoundMember::NotTold,
            1 => FoundMember::Missing,
            kind => {
                let pattern = (kind == 2).then(|| StrBytes::from_static_str(r"[^\x00-\x{10FFFF}](?:orders\.\*|a)"));
                FoundMember::Subscribed(MemberSubscription::described(pattern, some(random)))
            }
        };
        let pattern = match &member {
            FoundMember::Subscribed(subscription) => lookup.matching.as_ref().or(subscription.pattern.as_ref()),
            FoundMember::NotTold | FoundMember::Missing => lookup.matching.as_ref(),
        };
        let matching = pattern.map(|pattern| {
            let mut compiled = SubscriptionPattern::compile(pattern)?;
            Ok(some(random).into_iter().filter(|name| compiled.matches(name)).collect())
        });
        let streams_topics = match lookup.streams_group {
            Some(_) => some(random).into_iter().collect(),
            None => BTreeSet::new(),
        };
        Found { created, topic_names: named, topics, auto_create_topics, member, matching, streams_topics }
    }

    /// What the store makes of a request.
    pub(crate) fn serve<R>(&self, random: &mut Random, serve: Serve<R>) -> R {
        let acls = || {
            vec![acl(AclPermissionType::Deny, AclOperation::Read, ResourceType::Topic, "数据", PatternType::Prefixed)]
        };
        let refused = match random.below(6) {
            0 => Some(Refused::NotEditable("users.yaml".to_owned())),
            1 => Some(Refused::TooMany),
            2 => Some(Refused::Unavailable("the disk is full".to_owned())),
            _ => None,
        };
        let done = refused.map_or(Ok(()), Err);
        match serve {
            Serve::DescribeAcls { filter, reply } => {
                reply(acls().into_iter().filter(|acl| filter.matches(acl)).collect())
            }
            Serve::CreateAcls { reply, .. } => reply(done),
            Serve::DeleteAcls { filters, reply } => reply(done.map(|()| filters.iter().map(|_| acls()).collect())),
            Serve::DescribeScramCredentials { reply } => {
                let credentials = vec![(ScramMechanism::Sha256, 4096), (ScramMechanism::Sha512, 8192)];
                reply(
                    NAMES
                        .iter()
                        .map(|name| ScramUser { name: (*name).into(), credentials: credentials.clone() })
                        .collect(),
                )
            }
            Serve::AlterScramCredentials { alterations, reply } => reply(done.map(|()| {
                let missing = alterations.into_iter().filter(|_| random.below(2) == 0);
                missing.map(|alteration| alteration.user).collect::<BTreeSet<_>>()
            })),
        }
    }
}

/// The nodes from 0 to below this one are at `door:9100+n`.
pub(crate) struct Reachable(pub(crate) i32);

impl BrokerAddresses for Reachable {
    fn address(&self, node_id: i32) -> Option<(StrBytes, u16)> {
        (0..self.0).contains(&node_id).then(|| (StrBytes::from_static_str("door"), 9100))
    }
}

const RESOURCE_TYPES: [ResourceType; 6] = [
    ResourceType::Topic,
    ResourceType::Group,
    ResourceType::Cluster,
    ResourceType::TransactionalId,
    ResourceType::DelegationToken,
    ResourceType::User,
];

fn acl(
    permission: AclPermissionType,
    operation: AclOperation,
    resource_type: ResourceType,
    name: &str,
    pattern_type: PatternType,
) -> AclBinding {
    AclBinding::new(
        ResourcePattern::new(resource_type, name, pattern_type),
        AccessControlEntry::new(PRINCIPAL, "*", operation, permission),
    )
}

fn identity() -> Identity {
    Identity {
        principal: KafkaPrincipal::parse(PRINCIPAL).unwrap(),
        groups: Vec::new(),
        host: Host::from(IpAddr::from([10, 0, 0, 1])),
        listener: "CLIENT".into(),
        authenticated_by_token: false,
    }
}

fn broker() -> BrokerVersions {
    let api = |key: &ApiKey| {
        let versions = served_versions(*key)?;
        Some(
            ApiVersion::default()
                .with_api_key(key.code())
                .with_min_version(*versions.start())
                .with_max_version(*versions.end()),
        )
    };
    BrokerVersions::new(ApiVersionsResponse::default().with_api_keys(ApiKey::ALL.iter().filter_map(api).collect()))
}
