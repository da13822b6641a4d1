//! The rules as a scan over all ACLs, beside the engine: whatever the ACLs and the question, both answer alike.
//!
//! `Spec` is the definition. It follows Kafka's `StandardAuthorizer` and `Authorizer.authorizeByResourceType` step by step
//! and knows of no shards, masks or look-ups.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use acl::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

struct Spec<'a> {
    settings: &'a Settings,
    acls: &'a [AclBinding],
    caller: &'a Identity,
}

impl Spec<'_> {
    fn explain(&self, operation: AclOperation, resource_type: ResourceType, name: &str) -> (bool, MatchingRule) {
        if self.is_super_user() {
            return (true, MatchingRule::SuperUser);
        }
        let about_it = |acl: &&AclBinding| {
            acl.pattern.resource_type == resource_type
                && match acl.pattern.pattern_type {
                    PatternType::Literal => *acl.pattern.name == *name || *acl.pattern.name == *"*",
                    PatternType::Prefixed => name.starts_with(&*acl.pattern.name),
                }
        };
        let utf16 = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
        let mut matching: Vec<&AclBinding> = self.acls.iter().filter(about_it).collect();
        let found = !matching.is_empty();
        matching.retain(|acl| self.is_for_caller(&acl.entry) && decides(&acl.entry, operation));
        matching.sort_by_key(|AclBinding { pattern, entry }| {
            let name = (*pattern.name == *"*", Reverse(utf16(&pattern.name)), pattern.pattern_type.code());
            (name, entry.operation.code(), utf16(&entry.principal), utf16(&entry.host), entry.permission_type.code())
        });
        let mut denies = matching.iter().filter(|acl| acl.entry.permission_type == AclPermissionType::Deny);
        let mut allows = matching.iter().filter(|acl| acl.entry.permission_type == AclPermissionType::Allow);
        match (denies.next(), allows.next_back()) {
            (Some(&deny), _) => (false, MatchingRule::MatchingAcl(deny.clone())),
            (None, Some(&allow)) => (true, MatchingRule::MatchingAcl(allow.clone())),
            (None, None) if self.settings.allow_everyone_if_no_acl_found && !found => {
                (true, MatchingRule::DefaultAllow)
            }
            (None, None) => (false, MatchingRule::DefaultDeny),
        }
    }

    fn authorize_by_resource_type(&self, operation: AclOperation, resource_type: ResourceType) -> bool {
        let named = |permission_type, pattern_type| -> Vec<&str> {
            let named = self.acls.iter().filter(|acl| {
                let (pattern, entry) = (&acl.pattern, &acl.entry);
                (pattern.resource_type, pattern.pattern_type) == (resource_type, pattern_type)
                    && entry.permission_type == permission_type
                    && [operation, AclOperation::All].contains(&entry.operation)
                    && self.is_for_caller(entry)
            });
            named.map(|acl| &*acl.pattern.name).collect()
        };
        let denied_literals = named(AclPermissionType::Deny, PatternType::Literal);
        let denied_prefixes = named(AclPermissionType::Deny, PatternType::Prefixed);
        let allowed_literals = named(AclPermissionType::Allow, PatternType::Literal);
        let allowed_prefixes = named(AclPermissionType::Allow, PatternType::Prefixed);
        let not_denied_by_prefix = |name: &&&str| !denied_prefixes.iter().any(|prefix| name.starts_with(prefix));
        self.explain(operation, resource_type, "hardcode").0
            || !denied_literals.contains(&"*")
                && (allowed_literals.contains(&"*")
                    || allowed_prefixes.iter().any(|name| not_denied_by_prefix(&name))
                    || allowed_literals.iter().filter(not_denied_by_prefix).any(|name| !denied_literals.contains(name)))
    }

    fn authorized_operations(&self, resource_type: ResourceType, name: &str) -> i32 {
        let supported = resource_type.supported_operations().iter();
        let allowed = supported.filter(|operation| self.explain(**operation, resource_type, name).0);
        allowed.map(|operation| 1 << operation.code()).sum()
    }

    fn is_super_user(&self) -> bool {
        let on_listener = self.settings.listener_super_users.get(&*self.caller.listener);
        let mut everywhere_and_here = self.settings.super_users.iter().chain(on_listener.into_iter().flatten());
        everywhere_and_here.any(|user| *user == self.caller.principal.to_string())
    }

    fn is_for_caller(&self, entry: &AccessControlEntry) -> bool {
        let is_principal = *entry.principal == *"User:*" || *entry.principal == self.caller.principal.to_string();
        let is_group = entry.principal.starts_with("Group:") && self.caller.groups.contains(&entry.principal);
        let is_text = *entry.host == *"*" || *entry.host == self.caller.host.to_string();
        let is_range = match &*entry.host {
            "10.0.0.0/8" => matches!(self.caller.host.address(), IpAddr::V4(address) if address.octets()[0] == 10),
            host => host.parse() == Ok(self.caller.host.address()),
        };
        (is_principal || is_group) && (is_text || self.settings.host_ranges && is_range)
    }
}

/// An ALLOW on what changes or reads a thing is one on describing it. A DENY says what it says.
fn decides(entry: &AccessControlEntry, operation: AclOperation) -> bool {
    use AclOperation::*;
    let implied = match operation {
        Describe => &[Read, Write, Delete, Alter][..],
        DescribeConfigs => &[AlterConfigs],
        _ => &[],
    };
    entry.operation == operation
        || entry.operation == All
        || entry.permission_type == AclPermissionType::Allow && implied.contains(&entry.operation)
}

const NAMES: [&str; 13] = ["a", "ab", "abc", "b", "*", "*a", "#", "#a", "#b", "h", "hardcode", "\u{E000}", "\u{1F600}"];
const PRINCIPALS: [&str; 6] = ["User:a", "User:b", "User:*", "Group:a", "Group:*", "no colon"];
const TYPES: [ResourceType; 2] = [ResourceType::Topic, ResourceType::Group];

// The first few values are more frequent, so that ACLs meet one another and the questions.
prop_compose! {
    fn acl()(
        resource_type in prop_oneof![3 => Just(TYPES[0]), 1 => Just(TYPES[1])],
        name in prop_oneof![2 => select(&NAMES[..3]), 1 => select(&NAMES[..])],
        pattern_type in select(PatternType::VALUES),
        principal in prop_oneof![2 => Just(PRINCIPALS[0]), 1 => select(&PRINCIPALS[..])],
        host in prop_oneof![4 => Just("*"), 3 => select(&["10.0.0.1", "10.0.0.0/8", "::1", "0:0:0:0:0:0:0:1"][..])],
        operation in prop_oneof![
            3 => select(&[AclOperation::All, AclOperation::Read, AclOperation::Describe][..]),
            1 => select(AclOperation::VALUES),
        ],
        permission_type in select(AclPermissionType::VALUES),
    ) -> AclBinding {
        AclBinding::new(
            ResourcePattern::new(resource_type, name, pattern_type),
            AccessControlEntry::new(principal, host, operation, permission_type),
        )
    }
}

prop_compose! {
    fn caller()(
        principal in prop_oneof![2 => Just(PRINCIPALS[0]), 1 => select(&PRINCIPALS[..5])],
        groups in subsequence(&["Group:a", "Group:b", "User:b"][..], 0..=3),
        host in select(&["10.0.0.1", "10.1.2.3", "11.0.0.1", "::1"][..]),
        listener in select(&["CLIENT", "ADMIN"][..]),
    ) -> Arc<Identity> {
        Arc::new(Identity {
            principal: KafkaPrincipal::parse(principal).expect("a principal"),
            groups: groups.into_iter().map(Arc::from).collect(),
            host: Host::from(host.parse::<IpAddr>().expect("an address")),
            listener: listener.into(),
            authenticated_by_token: false,
        })
    }
}

prop_compose! {
    fn settings()(
        super_users in subsequence(&["User:b", "Group:a"][..], 0..=1),
        admin_super_users in subsequence(&["User:a"][..], 0..=1),
        allow_everyone_if_no_acl_found in any::<bool>(),
        host_ranges in any::<bool>(),
    ) -> Settings {
        let set = |users: Vec<&str>| users.into_iter().map(str::to_owned).collect::<BTreeSet<String>>();
        Settings {
            super_users: set(super_users),
            listener_super_users: BTreeMap::from([("ADMIN".to_owned(), set(admin_super_users))]),
            allow_everyone_if_no_acl_found,
            host_ranges,
            ..Settings::default()
        }
    }
}

/// Every question there is in this small world.
fn assert_same_answers(grants: &Grants, spec: &Spec<'_>) {
    let names = NAMES.into_iter().chain(["", "abz", "#az", "**", "\u{E000}a", "zzz"]);
    for (resource_type, name) in TYPES.into_iter().flat_map(|of| names.clone().map(move |name| (of, name))) {
        for &operation in AclOperation::VALUES {
            let (allowed, rule) = spec.explain(operation, resource_type, name);
            let result = AuthorizationResult::from(allowed);
            let question = format!("{operation} on {resource_type} `{name}`");
            assert_eq!(grants.authorize(operation, resource_type, name), result, "{question}");
            assert_eq!(grants.explain(operation, resource_type, name), (result, rule), "{question}");
        }
        assert_eq!(
            grants.authorized_operations(resource_type, name),
            spec.authorized_operations(resource_type, name),
            "authorized operations on {resource_type} `{name}`"
        );
    }
    for resource_type in TYPES {
        for &operation in AclOperation::VALUES {
            let result = AuthorizationResult::from(spec.authorize_by_resource_type(operation, resource_type));
            let question = format!("{operation} on some {resource_type}");
            assert_eq!(grants.authorize_by_resource_type(operation, resource_type), result, "{question}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn grants_answer_as_the_rules_say(
        settings in settings(),
        acls in vec(acl(), 0..10),
        caller in caller(),
    ) {
        let grants = Policy::new(settings.clone(), acls.clone()).grants(&caller);
        assert_same_answers(&grants, &Spec { settings: &settings, acls: &acls, caller: &caller });
    }

    #[test]
    fn a_changed_policy_is_as_if_it_had_been_made_so(
        settings in settings(),
        before in vec(acl(), 0..10),
        changes in vec((vec(acl(), 0..3), vec(acl(), 0..3), any::<prop::sample::Index>()), 1..4),
        caller in caller(),
    ) {
        let mut acls: BTreeSet<AclBinding> = before.iter().cloned().collect();
        let mut policy = Policy::new(settings.clone(), before);
        for (mut remove, add, index) in changes {
            let old = policy.grants(&caller);
            // Most of what is made up is not there to be removed.
            remove.extend(acls.iter().nth(index.index(acls.len().max(1))).cloned());
            policy = policy.with_changes(&remove, &add);
            acls.retain(|acl| !remove.contains(acl));
            acls.extend(add);

            let rebuilt = Policy::new(settings.clone(), acls.iter().cloned());
            prop_assert!(policy.bindings().eq(rebuilt.bindings()));
            prop_assert_eq!(policy.len(), acls.len());
            let acls: Vec<AclBinding> = acls.iter().cloned().collect();
            let spec = Spec { settings: &settings, acls: &acls, caller: &caller };
            let new = policy.grants(&caller);
            assert_same_answers(&new, &spec);
            prop_assert!(new.is_current(&policy));
            if old.is_current(&policy) {
                assert_same_answers(&old, &spec);
            }
        }
    }
}
