//! What was tried with Kafka 4.3.0, case by case.
//!
//! ACLs are written as `ALLOW READ LITERAL foo`, which is for `User:a` and from anywhere, or with a principal behind.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use acl::AclOperation::{Create, Describe, DescribeConfigs, Read, Write};
use acl::*;

fn acl_on(resource_type: ResourceType, text: &str) -> AclBinding {
    let words: Vec<&str> = text.split(' ').collect();
    let (principal, words) = match words[..] {
        [_, _, _, _, principal] => (principal, &words[..4]),
        _ => ("User:a", &words[..]),
    };
    let [permission_type, operation, pattern_type, name] = words[..] else { panic!("`{text}` is no ACL") };
    AclBinding::new(
        ResourcePattern::new(resource_type, name, pattern_type.parse().expect("a pattern type")),
        AccessControlEntry::new(
            principal,
            "*",
            operation.parse().expect("an operation"),
            permission_type.parse().expect("a permission type"),
        ),
    )
}

fn topic_acls(texts: &[&str]) -> Vec<AclBinding> {
    texts.iter().map(|text| acl_on(ResourceType::Topic, text)).collect()
}

fn caller(principal: &str) -> Arc<Identity> {
    Arc::new(Identity {
        principal: KafkaPrincipal::parse(principal).expect("a principal"),
        groups: Vec::new(),
        host: Host::from(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        listener: "CLIENT".into(),
        authenticated_by_token: false,
    })
}

fn grants(settings: Settings, acls: Vec<AclBinding>) -> Grants {
    Policy::new(settings, acls).grants(&caller("User:a"))
}

fn allow_everyone() -> Settings {
    Settings { allow_everyone_if_no_acl_found: true, ..Settings::default() }
}

fn super_users(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn only_an_allow_implies_more_than_it_says() {
    for (acls, operation, allowed) in [
        (&["DENY READ LITERAL foo", "ALLOW WRITE LITERAL foo"][..], Describe, true),
        (&["DENY DESCRIBE LITERAL foo", "ALLOW READ LITERAL foo"], Describe, false),
        (&["DENY DESCRIBE LITERAL foo", "ALLOW READ LITERAL foo"], Read, true),
        (&["ALLOW ALTER_CONFIGS LITERAL foo"], Describe, false),
        (&["ALLOW ALTER_CONFIGS LITERAL foo"], DescribeConfigs, true),
        (&["ALLOW CREATE LITERAL foo"], Describe, false),
        (&["ALLOW READ LITERAL foo"], AclOperation::All, false),
        (&["ALLOW ALL LITERAL foo"], AclOperation::All, true),
        (&["ALLOW ALL LITERAL foo", "DENY READ LITERAL foo"], AclOperation::All, true),
        (&["ALLOW ALL LITERAL foo", "DENY ALL LITERAL foo"], AclOperation::All, false),
    ] {
        let result = grants(Settings::default(), topic_acls(acls)).authorize(operation, ResourceType::Topic, "foo");
        assert_eq!(result.is_allowed(), allowed, "{operation} with {acls:?}");
    }
    let cluster = vec![acl_on(ResourceType::Cluster, "ALLOW CLUSTER_ACTION LITERAL kafka-cluster")];
    let result = grants(Settings::default(), cluster).authorize(Describe, ResourceType::Cluster, CLUSTER_NAME);
    assert_eq!(result, AuthorizationResult::Denied);
    for &operation in AclOperation::VALUES {
        let all = grants(Settings::default(), topic_acls(&["ALLOW ALL LITERAL foo"]));
        assert_eq!(all.authorize(operation, ResourceType::Topic, "foo"), AuthorizationResult::Allowed);
    }
}

#[test]
fn a_deny_wins_whatever_is_more_specific() {
    for acls in [
        ["DENY READ LITERAL *", "ALLOW READ LITERAL foo"],
        ["DENY READ LITERAL foo", "ALLOW READ LITERAL *"],
        ["DENY READ PREFIXED fo", "ALLOW READ PREFIXED f"],
        ["DENY READ PREFIXED f", "ALLOW READ PREFIXED fo"],
        ["DENY READ LITERAL foo", "ALLOW READ PREFIXED f"],
        ["DENY READ PREFIXED f", "ALLOW READ LITERAL foo"],
        ["DENY READ LITERAL foo User:*", "ALLOW READ LITERAL foo"],
    ] {
        let result = grants(Settings::default(), topic_acls(&acls)).authorize(Read, ResourceType::Topic, "foo");
        assert_eq!(result, AuthorizationResult::Denied, "{acls:?}");
    }
}

#[test]
fn every_prefix_that_matches_counts() {
    let acls = topic_acls(&["DENY READ PREFIXED pay", "ALLOW READ PREFIXED payments-eu", "ALLOW READ PREFIXED p"]);
    let grants = grants(Settings::default(), acls);
    for (name, allowed) in
        [("payroll", false), ("payments-zz", false), ("payments-eu", false), ("pax", true), ("q", false)]
    {
        assert_eq!(grants.authorize(Read, ResourceType::Topic, name).is_allowed(), allowed, "{name}");
    }
}

#[test]
fn a_prefixed_asterisk_is_no_wildcard() {
    let literal = grants(Settings::default(), topic_acls(&["ALLOW READ LITERAL *"]));
    let prefixed = grants(Settings::default(), topic_acls(&["ALLOW READ PREFIXED *"]));
    let foo = grants(Settings::default(), topic_acls(&["ALLOW READ LITERAL foo", "ALLOW READ PREFIXED f"]));
    for (name, expected) in [("foo", [true, false, true]), ("*foo", [true, true, false]), ("*", [true, true, false])] {
        let allowed =
            [&literal, &prefixed, &foo].map(|grants| grants.authorize(Read, ResourceType::Topic, name).is_allowed());
        assert_eq!(allowed, expected, "{name}");
    }
}

/// On these Kafka 4.3.0 loops for ever, fails with an exception, or forgets LITERAL `*`.
#[test]
fn names_that_start_with_an_unusual_character_are_names_like_others() {
    let groups =
        |texts: &[&str]| -> Vec<AclBinding> { texts.iter().map(|text| acl_on(ResourceType::Group, text)).collect() };
    for (acls, name, allowed) in [
        (&["ALLOW READ LITERAL #a"][..], "#b", false),
        (&["ALLOW READ LITERAL #a", "ALLOW READ PREFIXED #"], "#b", true),
        (&["ALLOW READ LITERAL #team-a"], "#team-b", false),
        (&["ALLOW READ LITERAL #team-a", "ALLOW READ LITERAL *"], "#team-b", true),
        (&["ALLOW READ LITERAL *"], "*a", true),
        (&["ALLOW READ PREFIXED *", "DENY READ LITERAL *"], "*a", false),
    ] {
        let grants = grants(Settings::default(), groups(acls));
        let result = AuthorizationResult::from(allowed);
        assert_eq!(grants.authorize(Read, ResourceType::Group, name), result, "{name} with {acls:?}");
        assert_eq!(grants.explain(Read, ResourceType::Group, name).0, result, "{name} with {acls:?}");
    }
}

#[test]
fn everyone_is_allowed_what_no_acl_is_about() {
    for (acl, allowed) in [
        (None, true),
        (Some((ResourceType::Topic, "ALLOW READ LITERAL foo User:b")), false),
        (Some((ResourceType::Topic, "ALLOW READ PREFIXED f User:b")), false),
        (Some((ResourceType::Topic, "ALLOW READ LITERAL * User:b")), false),
        (Some((ResourceType::Topic, "ALLOW READ LITERAL bar User:b")), true),
        (Some((ResourceType::Topic, "ALLOW READ LITERAL fo User:b")), true),
        (Some((ResourceType::Group, "ALLOW READ LITERAL foo User:b")), true),
    ] {
        let acls = acl.map(|(resource_type, text)| acl_on(resource_type, text)).into_iter().collect();
        let grants = grants(allow_everyone(), acls);
        let rule = if allowed { MatchingRule::DefaultAllow } else { MatchingRule::DefaultDeny };
        let result = AuthorizationResult::from(allowed);
        assert_eq!(grants.explain(Read, ResourceType::Topic, "foo"), (result, rule), "{acl:?}");
        assert_eq!(grants.authorize(Read, ResourceType::Topic, "foo"), result, "{acl:?}");
    }
}

#[test]
fn some_resource_of_a_type_is_found_as_kafka_finds_it() {
    for (settings, operation, acls, allowed) in [
        (Settings::default(), Write, &[][..], false),
        (allow_everyone(), Write, &[], true),
        (allow_everyone(), Write, &["DENY WRITE LITERAL hardcode"], false),
        (allow_everyone(), Write, &["ALLOW WRITE LITERAL * User:b"], false),
        (Settings::default(), Write, &["ALLOW WRITE LITERAL x", "DENY ALL LITERAL x User:*"], false),
        (Settings::default(), Write, &["ALLOW WRITE LITERAL xyz", "DENY WRITE PREFIXED x"], false),
        (Settings::default(), Write, &["ALLOW WRITE LITERAL xyz", "DENY WRITE PREFIXED xyz"], false),
        (Settings::default(), Write, &["ALLOW WRITE PREFIXED xyz", "DENY WRITE LITERAL xyz"], true),
        (Settings::default(), Write, &["ALLOW WRITE PREFIXED x", "DENY WRITE PREFIXED xy"], true),
        (Settings::default(), Write, &["ALLOW WRITE LITERAL *", "DENY WRITE LITERAL x"], true),
        (Settings::default(), Write, &["ALLOW WRITE LITERAL *", "DENY WRITE PREFIXED h"], true),
        (Settings::default(), Write, &["ALLOW WRITE LITERAL *", "DENY WRITE LITERAL *"], false),
        (Settings::default(), Write, &["ALLOW WRITE LITERAL x", "DENY WRITE LITERAL *"], false),
        (
            Settings { super_users: super_users(&["User:a"]), ..Settings::default() },
            Write,
            &["DENY WRITE LITERAL *"],
            true,
        ),
        (Settings::default(), Describe, &["ALLOW READ LITERAL x"], false),
        (Settings::default(), Describe, &["ALLOW READ LITERAL *"], true),
        (Settings::default(), Write, &["ALLOW WRITE LITERAL x"], true),
        (Settings::default(), Write, &["ALLOW WRITE LITERAL x User:b"], false),
    ] {
        let answer = grants(settings, topic_acls(acls)).authorize_by_resource_type(operation, ResourceType::Topic);
        assert_eq!(answer.is_allowed(), allowed, "{operation} with {acls:?}");
    }
}

#[test]
fn the_acl_that_kafka_names_is_named() {
    for (acls, named) in [
        (&["ALLOW READ LITERAL foo", "ALLOW READ PREFIXED fo", "ALLOW READ LITERAL *"][..], "ALLOW READ LITERAL *"),
        (&["ALLOW READ LITERAL foo", "ALLOW READ PREFIXED fo"], "ALLOW READ PREFIXED fo"),
        (&["ALLOW READ LITERAL foo", "ALLOW READ PREFIXED foo"], "ALLOW READ PREFIXED foo"),
        (&["ALLOW READ LITERAL foo", "ALLOW ALL LITERAL foo"], "ALLOW READ LITERAL foo"),
        (&["DENY READ LITERAL foo", "DENY READ PREFIXED fo", "DENY READ LITERAL *"], "DENY READ LITERAL foo"),
        (&["ALLOW READ LITERAL foo", "DENY READ PREFIXED f", "DENY READ LITERAL *"], "DENY READ PREFIXED f"),
    ] {
        let (_, rule) = grants(Settings::default(), topic_acls(acls)).explain(Read, ResourceType::Topic, "foo");
        assert_eq!(rule, MatchingRule::MatchingAcl(acl_on(ResourceType::Topic, named)), "{acls:?}");
    }
}

#[test]
fn everybody_means_principals_of_every_type_but_there_is_no_other_wildcard() {
    for (acl, principal, allowed) in [
        ("ALLOW READ LITERAL foo User:*", "User:a", true),
        ("ALLOW READ LITERAL foo User:*", "Group:a", true),
        ("ALLOW READ LITERAL foo Group:*", "Group:a", false),
        ("ALLOW READ LITERAL foo Group:a", "Group:a", true),
        ("ALLOW READ LITERAL foo Group:a", "User:a", false),
        ("ALLOW READ LITERAL foo User:A", "User:a", false),
        ("ALLOW READ LITERAL foo a", "User:a", false),
    ] {
        let grants = Policy::new(Settings::default(), topic_acls(&[acl])).grants(&caller(principal));
        assert_eq!(grants.authorize(Read, ResourceType::Topic, "foo").is_allowed(), allowed, "{principal}, {acl}");
    }
}

/// Doorkeeper's own: Kafka's authorizer knows no groups of callers.
#[test]
fn the_acls_of_a_group_are_those_of_its_members() {
    let member = |groups: &[&str]| {
        let groups = groups.iter().map(|group| Arc::from(*group)).collect();
        Arc::new(Identity { groups, ..Identity::clone(&caller("User:a")) })
    };
    let acls = ["ALLOW READ PREFIXED f Group:x", "DENY READ LITERAL foo Group:y", "ALLOW READ PREFIXED f User:b"];
    let policy = Policy::new(Settings::default(), topic_acls(&acls));
    for (groups, allowed) in [
        (&[][..], false),
        (&["Group:x"], true),
        (&["Group:x", "Group:y"], false),
        (&["Group:z"], false),
        (&["x"], false),
        // A group is never a way to be another user.
        (&["User:b"], false),
    ] {
        let grants = policy.grants(&member(groups));
        assert_eq!(grants.authorize(Read, ResourceType::Topic, "foo").is_allowed(), allowed, "{groups:?}");
    }
}

#[test]
fn a_super_user_may_do_everything_and_on_one_listener_only_there() {
    let settings = Settings {
        super_users: super_users(&["User:admin"]),
        listener_super_users: BTreeMap::from([("CLIENT".to_owned(), super_users(&["User:CN=a,O=b"]))]),
        ..Settings::default()
    };
    let policy = Policy::new(settings, topic_acls(&["DENY ALL LITERAL * User:*"]));
    for (principal, listener, is_super) in [
        ("User:admin", "CLIENT", true),
        ("User:admin", "OTHER", true),
        ("User:CN=a,O=b", "CLIENT", true),
        ("User:CN=a,O=b", "OTHER", false),
        ("Group:admin", "CLIENT", false),
        ("User:Admin", "CLIENT", false),
    ] {
        let grants =
            policy.grants(&Arc::new(Identity { listener: listener.into(), ..Identity::clone(&caller(principal)) }));
        let operations = grants.authorized_operations(ResourceType::Topic, "foo");
        let explained = grants.explain(Create, ResourceType::Topic, "foo");
        if is_super {
            assert_eq!(explained, (AuthorizationResult::Allowed, MatchingRule::SuperUser), "{principal}");
            assert_eq!(operations, 3576, "{principal}");
        } else {
            assert_eq!(explained.0, AuthorizationResult::Denied, "{principal}");
            assert_eq!(operations, 0, "{principal}");
        }
    }
}

#[test]
fn authorized_operations_are_bits_numbered_by_kafkas_codes() {
    let read_and_describe = 1 << 3 | 1 << 8;
    for (settings, acls, expected) in [
        (Settings::default(), &[][..], 0),
        (allow_everyone(), &[], 3576),
        (allow_everyone(), &["DENY WRITE LITERAL foo User:b"], 0),
        (Settings::default(), &["ALLOW ALL PREFIXED f"], 3576),
        (Settings::default(), &["ALLOW READ LITERAL foo"], read_and_describe),
        (Settings::default(), &["ALLOW ALL LITERAL foo", "DENY READ LITERAL *"], 3576 - (1 << 3)),
        // It does not belong to topics, so it is not told.
        (Settings::default(), &["ALLOW CLUSTER_ACTION LITERAL foo"], 0),
    ] {
        let bits = grants(settings, topic_acls(acls)).authorized_operations(ResourceType::Topic, "foo");
        assert_eq!(bits, expected, "{acls:?}");
    }
}

#[test]
fn who_is_shadowed_is_let_do_everything_and_the_law_says_what_it_would_have_said() {
    let principals = |texts: &[&str]| Shadow::Principals(super_users(texts));
    for (shadow, is_shadowed) in [
        (Shadow::Nobody, false),
        (principals(&[]), false),
        (principals(&["User:b"]), false),
        (principals(&["User:a", "User:b"]), true),
        (Shadow::Everybody, true),
    ] {
        let settings = Settings { shadow: shadow.clone(), ..Settings::default() };
        let grants = grants(settings, topic_acls(&["ALLOW READ LITERAL foo", "DENY WRITE LITERAL foo"]));
        assert_eq!(grants.is_shadowed(), is_shadowed, "{shadow:?}");
        for (operation, by_law) in [(Read, true), (Write, false), (Create, false)] {
            let of = |result: AuthorizationResult| result.is_allowed();
            assert_eq!(of(grants.authorize_by_law(operation, ResourceType::Topic, "foo")), by_law, "{operation}");
            assert_eq!(of(grants.explain(operation, ResourceType::Topic, "foo").0), by_law, "{operation}");
            assert_eq!(
                of(grants.authorize(operation, ResourceType::Topic, "foo")),
                by_law || is_shadowed,
                "{operation}"
            );
        }
        let operations = grants.authorized_operations(ResourceType::Topic, "foo");
        assert_eq!(operations == 3576, is_shadowed, "{shadow:?}");
        assert_eq!(grants.authorize_by_resource_type(Write, ResourceType::Topic), AuthorizationResult::Denied);
    }
}

#[test]
fn a_hidden_topic_is_there_for_nobody() {
    let hidden = |settings| Settings { hidden_topics: super_users(&["foo"]), ..settings };
    let super_user = hidden(Settings { super_users: super_users(&["User:a"]), ..Settings::default() });
    let shadowed = hidden(Settings { shadow: Shadow::Everybody, ..Settings::default() });
    for settings in [super_user, shadowed, hidden(allow_everyone()), hidden(Settings::default())] {
        let grants = grants(settings, topic_acls(&["ALLOW ALL PREFIXED f"]));
        for operation in [Read, Write, Create, Describe, DescribeConfigs] {
            assert_eq!(grants.authorize(operation, ResourceType::Topic, "foo"), AuthorizationResult::Denied);
            let explained = grants.explain(operation, ResourceType::Topic, "foo");
            assert_eq!(explained, (AuthorizationResult::Denied, MatchingRule::DefaultDeny));
        }
        assert_eq!(grants.authorized_operations(ResourceType::Topic, "foo"), 0);
        assert_eq!(grants.authorize(Read, ResourceType::Topic, "fo2"), AuthorizationResult::Allowed);
        assert!(grants.hides(ResourceType::Topic, "foo") && !grants.hides(ResourceType::Group, "foo"));
    }
}
