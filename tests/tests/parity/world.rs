//! The world both sides are put into: what exists, who asks, and one principal for each shape of ACLs.
//!
//! Topics, groups and transactional ids share their names, so that one ACL shape means the same for all three.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::random::Random;

/// Topics and their partitions.
pub(crate) const TOPICS: &[(&str, i32)] = &[
    ("alpha", 2),
    ("alpha-1", 1),
    ("alpha-secret", 1),
    ("alpha-kept", 1),
    ("beta", 3),
    ("gamma", 1),
    ("gamma-kept", 2),
    ("public-1", 1),
    ("public-kept", 1),
];
/// Groups that have committed offsets and no member.
pub(crate) const SIMPLE_GROUPS: &[&str] = &["alpha", "alpha-1", "alpha-secret", "gamma", "public-1"];
/// A group of the classic protocol with a member that stays.
pub(crate) const CLASSIC_GROUP: &str = "beta";
/// Groups of the consumer protocol with a member that stays, and what it subscribes to.
pub(crate) const CONSUMER_GROUPS: &[(&str, &[&str])] = &[
    ("alpha-kept", &["alpha-kept", "gamma-kept"]),
    ("gamma-kept", &["gamma-kept"]),
    ("public-kept", &["public-kept"]),
];
/// The same of share groups, whose members get all partitions.
pub(crate) const SHARE_GROUPS: &[(&str, &[&str])] =
    &[("alpha-share", &["alpha-kept", "gamma-kept"]), ("public-share", &["public-kept"])];
/// A share group whose only member has left.
pub(crate) const LEFT_SHARE_GROUP: &str = "alpha-left";
/// The same of Streams applications that read these topics.
pub(crate) const STREAMS_GROUPS: &[(&str, &[&str])] =
    &[("alpha-streams", &["alpha-kept", "gamma-kept"]), ("public-streams", &["public-kept"])];
/// Transactional ids whose transaction is under way, in these topics.
pub(crate) const ONGOING: (&[&str], &[&str]) = (&["alpha-1", "beta"], &["alpha-kept", "gamma-kept"]);
/// Transactional ids that have a producer.
pub(crate) const TRANSACTIONAL_IDS: &[&str] = &["alpha", "alpha-1", "alpha-secret", "beta", "gamma", "public-1"];
/// Nothing has such a name.
pub(crate) const MISSING: &[&str] =
    &["alpha-missing", "alpha-secret-missing", "beta-missing", "public-missing", "nowhere"];
/// Names that a broker treats in its own way.
pub(crate) const ODD_TOPICS: &[&str] = &[
    "",
    "bad name",
    "..",
    "__consumer_offsets",
    "__transaction_state",
    "__share_group_state",
    "__cluster_metadata",
    LONG,
];
const LONG: &str = concat!(
    "alpha-of-two-hundred-and-fifty-two-letters-which-is-more-than-a-topic-may-have----------------------------------",
    "------------------------------------------------------------------------------------------------------------------------------------------"
);

/// A super user of both sides.
pub(crate) const ADMIN: &str = "admin";
/// Whoever comes without a login.
pub(crate) const ANONYMOUS: &str = "ANONYMOUS";

const TOPIC: i8 = 2;
const GROUP: i8 = 3;
const CLUSTER: i8 = 4;
const TRANSACTIONAL_ID: i8 = 5;
const DELEGATION_TOKEN: i8 = 6;
const USER: i8 = 7;
const NAMED: [i8; 3] = [TOPIC, GROUP, TRANSACTIONAL_ID];

/// What an ACL says, in the codes of the wire.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Acl {
    pub(crate) principal: String,
    pub(crate) host: &'static str,
    pub(crate) resource_type: i8,
    pub(crate) name: String,
    pub(crate) prefixed: bool,
    pub(crate) operation: i8,
    pub(crate) allow: bool,
}

const OPERATIONS: [(i8, &str); 14] = [
    (2, "All"),
    (3, "Read"),
    (4, "Write"),
    (5, "Create"),
    (6, "Delete"),
    (7, "Alter"),
    (8, "Describe"),
    (9, "ClusterAction"),
    (10, "DescribeConfigs"),
    (11, "AlterConfigs"),
    (12, "IdempotentWrite"),
    (13, "CreateTokens"),
    (14, "DescribeTokens"),
    (15, "TwoPhaseCommit"),
];

/// Everybody who asks, and the ACLs: random ones from the seed among them.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) users: Vec<String>,
    pub(crate) acls: Vec<Acl>,
}

impl World {
    pub(crate) fn new(seed: u64) -> World {
        let mut world = World { users: vec![ADMIN.to_owned(), ANONYMOUS.to_owned()], acls: Vec::new() };
        world.shapes();
        world.single_operations();
        for number in 1..=12 {
            world.random(number, &mut Random::for_case(seed, 1_000_000 + number));
        }
        world
    }

    /// Users and passwords as Doorkeeper's configuration has them, each on a line of its own.
    pub(crate) fn logins(&self, indentation: &str) -> String {
        self.users.iter().filter(|user| *user != ANONYMOUS).fold(String::new(), |mut text, user| {
            let _ = writeln!(text, "{indentation}{user}: {{ password: {user}-secret }}");
            text
        })
    }

    /// ACLs as CreateAcls has them.
    pub(crate) fn creations(&self) -> Value {
        let creation = |acl: &Acl| {
            json!({
                "ResourceType": acl.resource_type,
                "ResourceName": acl.name,
                "ResourcePatternType": if acl.prefixed { 4 } else { 3 },
                "Principal": acl.principal,
                "Host": acl.host,
                "Operation": acl.operation,
                "PermissionType": if acl.allow { 3 } else { 2 },
            })
        };
        Value::Array(self.acls.iter().map(creation).collect())
    }

    fn shapes(&mut self) {
        const ALL: i8 = 2;
        let [read, write, delete, describe] = [3, 4, 6, 8];
        self.of("none");
        self.of("literal").all_types("alpha", false, ALL, true).all_types("beta", false, ALL, true);
        self.of("prefixed").all_types("alpha", true, ALL, true);
        self.of("overlapping").all_types("al", true, read, true).all_types("alpha-", true, write, true);
        self.all_types("alpha-1", true, delete, true).all_types("alpha", true, describe, true);
        self.of("wildcard").all_types("*", false, ALL, true);
        self.of("denied-some").all_types("*", false, ALL, true).all_types("alpha", false, ALL, false);
        self.all_types("beta", false, read, false);
        self.of("denied-below").all_types("alpha", true, ALL, true).all_types("alpha-s", true, ALL, false);
        self.of("undescribed").all_types("*", false, ALL, true).all_types("beta", false, describe, false);
        self.all_types("alpha-1", true, describe, false);
        self.of("denied-all").all_types("*", false, ALL, true).all_types("*", false, ALL, false);
        self.of("denied-cluster").all_types("*", false, ALL, true).add(CLUSTER, "kafka-cluster", false, ALL, false);
        self.of("here").all_types("*", false, ALL, true).from("127.0.0.1");
        self.of("elsewhere").all_types("*", false, ALL, true).from("10.1.2.3");
        self.of("denied-elsewhere").all_types("*", false, ALL, false).from("10.1.2.3");
        self.all_types("*", false, ALL, true);
        self.of("cluster").add(CLUSTER, "kafka-cluster", false, ALL, true);
        self.of("everything").all_types("*", false, ALL, true).add(CLUSTER, "kafka-cluster", false, ALL, true);
        self.of("transactional").add(TRANSACTIONAL_ID, "*", false, ALL, true);
        self.of("tokens").add(DELEGATION_TOKEN, "*", false, ALL, true).add(USER, "*", false, ALL, true);
        self.of("tokens-of-some").add(USER, "User:alpha", true, 13, true).add(USER, "User:alpha-1", false, ALL, false);
        self.add(USER, "User:tokens-of-some", false, ALL, false).add(DELEGATION_TOKEN, "alpha", true, describe, true);
        self.of("tokens-described").add(USER, "*", false, 14, true);
        self.of("topics").add(TOPIC, "*", false, ALL, true);
        self.of("groups").add(GROUP, "*", false, ALL, true);
        self.of("one-topic").add(GROUP, "*", false, ALL, true).add(TRANSACTIONAL_ID, "*", false, ALL, true);
        self.add(TOPIC, "alpha", false, ALL, true);
        self.of("one-group").add(TOPIC, "*", false, ALL, true).add(GROUP, "alpha", false, ALL, true);
        // For everybody.
        self.users.push("*".to_owned());
        self.all_types("public", true, ALL, true).all_types("public-1", false, delete, false);
        self.users.pop();
    }

    /// Who may do one thing with everything, and who may do one thing with the cluster.
    fn single_operations(&mut self) {
        for operation in [3, 4, 5, 6, 7, 8, 10, 11] {
            let name = format!("may-{}", name_of(operation));
            self.of(&name).all_types("*", false, operation, true);
        }
        for operation in [5, 7, 8, 9, 10, 11, 12] {
            let name = format!("cluster-{}", name_of(operation));
            self.of(&name).add(CLUSTER, "kafka-cluster", false, operation, true);
            self.add(TOPIC, "alpha", true, 8, true);
        }
    }

    fn random(&mut self, number: u64, random: &mut Random) {
        const SUPPORTED: [(i8, &[i8]); 4] = [
            (TOPIC, &[2, 3, 4, 5, 6, 7, 8, 10, 11]),
            (GROUP, &[2, 3, 6, 8, 10, 11]),
            (CLUSTER, &[2, 5, 7, 8, 9, 10, 11, 12]),
            (TRANSACTIONAL_ID, &[2, 4, 8, 15]),
        ];
        self.of(&format!("random-{number}"));
        for _ in 0..4 + random.below(8) {
            let (resource_type, operations) = *random.pick(&SUPPORTED);
            let operation = *random.pick(operations);
            let allow = !random.once_in(4);
            if resource_type == CLUSTER {
                self.add(CLUSTER, "kafka-cluster", false, operation, allow);
            } else {
                let prefixed = random.once_in(2);
                let names: &[&str] = match prefixed {
                    true => &["a", "alpha", "alpha-", "alpha-s", "beta", "ga", "gamma"],
                    false => &["*", "*", "alpha", "alpha-1", "alpha-kept", "beta", "gamma", "alpha-missing"],
                };
                let name = names[random.below(names.len())];
                self.add(resource_type, name, prefixed, operation, allow);
            }
            let host = *random.pick(&["*", "*", "*", "127.0.0.1", "10.1.2.3"]);
            let mut acl = self.acls.pop().expect("one was added");
            acl.host = host;
            if !self.acls.contains(&acl) {
                self.acls.push(acl);
            }
        }
    }

    fn of(&mut self, user: &str) -> &mut World {
        self.users.push(user.to_owned());
        self
    }

    fn add(&mut self, resource_type: i8, name: &str, prefixed: bool, operation: i8, allow: bool) -> &mut World {
        let principal = format!("User:{}", self.users.last().expect("somebody"));
        self.acls.push(Acl { principal, host: "*", resource_type, name: name.to_owned(), prefixed, operation, allow });
        self
    }

    fn all_types(&mut self, name: &str, prefixed: bool, operation: i8, allow: bool) -> &mut World {
        for resource_type in NAMED {
            self.add(resource_type, name, prefixed, operation, allow);
        }
        self
    }

    /// The last ACLs, one for each type, hold for this host only.
    fn from(&mut self, host: &'static str) -> &mut World {
        self.acls.iter_mut().rev().take(NAMED.len()).for_each(|acl| acl.host = host);
        self
    }
}

fn name_of(operation: i8) -> String {
    let name = OPERATIONS.iter().find(|(code, _)| *code == operation).map_or("", |(_, name)| name);
    name.to_lowercase()
}
