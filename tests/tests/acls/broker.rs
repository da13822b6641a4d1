//! The same requests to a real broker with an authorizer and to Doorkeeper: the same codes, the same lists, and a text
//! where a broker has one. The words themselves are each one's own.

use std::fmt::Debug;
use std::time::Instant;

use anyhow::{Result, ensure};
use bytes::Bytes;
use kafka_protocol::messages::alter_user_scram_credentials_request::{
    ScramCredentialDeletion, ScramCredentialUpsertion,
};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::describe_user_scram_credentials_request::UserName;
use kafka_protocol::messages::{
    AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, CreateAclsRequest, CreateAclsResponse,
    DeleteAclsRequest, DeleteAclsResponse, DescribeAclsRequest, DescribeAclsResponse,
    DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
};
use kafka_protocol::protocol::{Request, StrBytes};
use testkit::{KafkaCluster, Options, RawClient, ScramMechanism, Security};

use crate::{SOON, stage, str_bytes};

/// One user's connections to both.
struct Both {
    broker: RawClient,
    doorkeeper: RawClient,
}

/// Takes out of a response what may differ.
trait Comparable: Debug + PartialEq {
    fn comparable(self) -> Self;
}

async fn kafka() -> Result<KafkaCluster> {
    let options = Options::secured(Security::SaslPlaintext).user("admin", "admin-secret").user("alice", "alice-secret");
    KafkaCluster::start(Options { super_users: Some(vec!["User:admin".to_owned()]), ..options }).await
}

impl Both {
    async fn connect(kafka: &KafkaCluster, user: &str) -> Result<Both> {
        let mut broker = RawClient::connect(kafka.bootstrap().parse()?).await?;
        broker.login_scram(ScramMechanism::Sha256, user, &testkit::stage::password(user)).await?;
        Ok(Both { broker, doorkeeper: stage().await?.raw(user).await? })
    }

    /// A broker may show a change a moment after it has answered it: it is asked until it agrees.
    async fn agree<R: Request + Debug>(&mut self, version: i16, request: &R) -> Result<()>
    where
        R::Response: Comparable,
    {
        let ours = self.doorkeeper.send(version, request).await?.comparable();
        let started = Instant::now();
        loop {
            let theirs = self.broker.send(version, request).await?.comparable();
            if theirs == ours {
                return Ok(());
            }
            let differ = format!("{request:#?} version {version}\nbroker: {theirs:#?}\nDoorkeeper: {ours:#?}");
            ensure!(started.elapsed() < SOON && R::KEY == DescribeAclsRequest::KEY, "{differ}");
        }
    }
}

/// Whether there is a text, and whether it is empty.
fn kind_of_text(text: Option<StrBytes>) -> Option<StrBytes> {
    text.map(|text| if text.is_empty() { text } else { StrBytes::from_static_str("some text") })
}

impl Comparable for CreateAclsResponse {
    fn comparable(mut self) -> Self {
        for result in &mut self.results {
            result.error_message = kind_of_text(result.error_message.take());
        }
        self
    }
}

impl Comparable for DescribeAclsResponse {
    fn comparable(mut self) -> Self {
        self.error_message = kind_of_text(self.error_message.take());
        for resource in &mut self.resources {
            resource.acls.sort_by_key(|acl| format!("{acl:?}"));
        }
        self.resources.sort_by_key(|resource| format!("{resource:?}"));
        self
    }
}

impl Comparable for DeleteAclsResponse {
    fn comparable(mut self) -> Self {
        for result in &mut self.filter_results {
            result.error_message = kind_of_text(result.error_message.take());
            result.matching_acls.sort_by_key(|acl| format!("{acl:?}"));
        }
        self
    }
}

impl Comparable for DescribeUserScramCredentialsResponse {
    fn comparable(mut self) -> Self {
        self.error_message = kind_of_text(self.error_message.take());
        for result in &mut self.results {
            result.error_message = kind_of_text(result.error_message.take());
            result.credential_infos.sort_by_key(|info| info.mechanism);
        }
        self.results.sort_by_key(|result| result.user.to_string());
        self
    }
}

impl Comparable for AlterUserScramCredentialsResponse {
    fn comparable(mut self) -> Self {
        for result in &mut self.results {
            result.error_message = kind_of_text(result.error_message.take());
        }
        self.results.sort_by_key(|result| result.user.to_string());
        self
    }
}

/// An ACL on a topic, but for what a test changes.
fn acl(name: &str) -> AclCreation {
    AclCreation::default()
        .with_resource_type(2)
        .with_resource_name(str_bytes(name))
        .with_resource_pattern_type(3)
        .with_principal(str_bytes("User:both"))
        .with_host(str_bytes("*"))
        .with_operation(3)
        .with_permission_type(3)
}

fn creating(creations: Vec<AclCreation>) -> CreateAclsRequest {
    CreateAclsRequest::default().with_creations(creations)
}

/// All of `User:both`, but for what a test changes.
fn described() -> DescribeAclsRequest {
    DescribeAclsRequest::default()
        .with_resource_type_filter(1)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(1)
        .with_principal_filter(Some(str_bytes("User:both")))
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1)
}

fn deleted() -> DeleteAclsFilter {
    DeleteAclsFilter::default()
        .with_resource_type_filter(1)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(1)
        .with_principal_filter(Some(str_bytes("User:both")))
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1)
}

#[tokio::test]
async fn acls_are_made_found_and_deleted_as_by_a_broker() -> Result<()> {
    let kafka = kafka().await?;
    let mut both = Both::connect(&kafka, "admin").await?;
    let cluster = |name| acl(name).with_resource_type(4);
    for version in 1..=3 {
        for other in [
            acl("odd").with_operation(1),
            acl("odd").with_permission_type(1),
            acl("odd").with_resource_type(1),
            acl("odd").with_resource_pattern_type(1),
            acl("odd").with_resource_pattern_type(2),
            cluster("odd"),
            cluster("*"),
            cluster(""),
            cluster("kafka-cluster"),
            cluster("kafka-cluster").with_resource_pattern_type(4).with_operation(9),
            acl(""),
            acl("odd").with_resource_type(99),
            acl("odd").with_resource_pattern_type(99),
            acl("odd").with_operation(99),
            acl("odd").with_permission_type(-7),
            acl("odd").with_principal(str_bytes("")),
            acl("odd").with_principal(str_bytes("both")),
            acl("odd").with_principal(str_bytes(":")),
            acl("odd").with_principal(str_bytes("Group:x")),
            acl("odd").with_host(str_bytes("")),
            acl("odd").with_host(str_bytes("no address")),
            acl("odd").with_operation(9),
            acl("a/b c"),
            acl(&"x".repeat(300)),
            acl("twice"),
        ] {
            both.agree(version, &creating(vec![other, acl("twice")])).await?;
        }
        both.agree(version, &creating(vec![])).await?;
        both.agree(version, &described()).await?;
    }
    let patterns = [("foo", 3), ("fo", 3), ("bar", 3), ("*", 3), ("fo", 4), ("foo", 4), ("foobar", 4), ("*", 4)];
    let patterns = patterns.map(|(name, pattern_type)| acl(name).with_resource_pattern_type(pattern_type));
    both.agree(3, &creating(patterns.to_vec())).await?;
    for pattern_type in [1, 2, 3, 4, 99] {
        for name in [Some("foo"), Some("*"), None, Some("")] {
            let name = name.map(str_bytes);
            let filter = described().with_pattern_type_filter(pattern_type).with_resource_name_filter(name);
            both.agree(3, &filter).await?;
        }
    }
    for filter in [
        described().with_resource_type_filter(99),
        described().with_operation(99),
        described().with_permission_type(99),
        described().with_operation(2),
        described().with_host_filter(Some(str_bytes(""))),
    ] {
        both.agree(3, &filter).await?;
    }
    for filters in [
        vec![],
        vec![deleted().with_resource_type_filter(99), deleted().with_pattern_type_filter(99)],
        vec![deleted().with_operation(99), deleted().with_permission_type(99)],
        vec![deleted().with_resource_name_filter(Some(str_bytes("nothing")))],
        vec![
            deleted().with_resource_name_filter(Some(str_bytes("foo"))).with_pattern_type_filter(2),
            deleted().with_resource_name_filter(Some(str_bytes("foo"))),
        ],
        vec![deleted()],
    ] {
        both.agree(3, &DeleteAclsRequest::default().with_filters(filters)).await?;
    }
    both.agree(3, &described()).await
}

#[tokio::test]
async fn ten_thousand_are_the_most_of_one_request_as_with_a_broker() -> Result<()> {
    let kafka = kafka().await?;
    let mut both = Both::connect(&kafka, "admin").await?;
    let many = |count: u32| creating((0..count).map(|number| acl(&format!("many-{number}"))).collect());
    both.agree(3, &many(10_001)).await?;
    both.agree(3, &many(10_000)).await?;
    both.agree(3, &many(10_001)).await?;
    let filters = vec![deleted(), deleted().with_resource_name_filter(Some(str_bytes("many-7")))];
    both.agree(3, &DeleteAclsRequest::default().with_filters(filters)).await?;
    // A broker compares each filter with each ACL, which takes it a while.
    let some = (0..200).map(|number| deleted().with_resource_name_filter(Some(str_bytes(&format!("many-{number}")))));
    both.agree(3, &DeleteAclsRequest::default().with_filters(some.collect())).await
}

#[tokio::test]
async fn without_rights_both_refuse_alike() -> Result<()> {
    let kafka = kafka().await?;
    let mut both = Both::connect(&kafka, "alice").await?;
    for version in 1..=3 {
        both.agree(version, &described()).await?;
        both.agree(version, &creating(vec![acl("a"), acl("b").with_operation(1)])).await?;
        both.agree(version, &DeleteAclsRequest::default().with_filters(vec![deleted(), deleted()])).await?;
    }
    let users = ["b", "a", "b"].map(|name| UserName::default().with_name(str_bytes(name))).to_vec();
    both.agree(0, &DescribeUserScramCredentialsRequest::default().with_users(Some(users))).await?;
    let upsertions = vec![upsertion("b", 1, 4096), upsertion("a", 1, 4096), upsertion("b", 2, 1)];
    both.agree(0, &AlterUserScramCredentialsRequest::default().with_upsertions(upsertions)).await
}

#[tokio::test]
async fn an_unknown_element_closes_both_connections() -> Result<()> {
    let kafka = kafka().await?;
    for user in ["admin", "alice"] {
        let mut both = Both::connect(&kafka, user).await?;
        both.broker.send_only(3, &creating(vec![acl("a").with_operation(0)])).await?;
        both.doorkeeper.send_only(3, &creating(vec![acl("a").with_operation(0)])).await?;
        both.broker.expect_close().await?;
        both.doorkeeper.expect_close().await?;
    }
    Ok(())
}

fn upsertion(user: &str, mechanism: i8, iterations: i32) -> ScramCredentialUpsertion {
    ScramCredentialUpsertion::default()
        .with_name(str_bytes(user))
        .with_mechanism(mechanism)
        .with_iterations(iterations)
        .with_salt(Bytes::from_static(b"salt"))
        .with_salted_password(Bytes::from_static(b"salted password"))
}

fn deletion(user: &str, mechanism: i8) -> ScramCredentialDeletion {
    ScramCredentialDeletion::default().with_name(str_bytes(user)).with_mechanism(mechanism)
}

#[tokio::test]
async fn scram_credentials_are_altered_and_described_as_by_a_broker() -> Result<()> {
    let kafka = kafka().await?;
    let mut both = Both::connect(&kafka, "admin").await?;
    let altering = |deletions, upsertions| {
        AlterUserScramCredentialsRequest::default().with_deletions(deletions).with_upsertions(upsertions)
    };
    both.agree(0, &altering(vec![], vec![upsertion("both-a", 1, 4096), upsertion("both-b", 2, 16384)])).await?;
    both.agree(0, &altering(vec![deletion("both-b", 1)], vec![upsertion("both-a", 2, 5000)])).await?;
    let wrong = altering(
        vec![deletion("both-b", 2), deletion("both-none", 1), deletion("both-x", 0), deletion("both-y", 3)],
        vec![
            upsertion("", 1, 4096),
            upsertion("both-few", 1, 4095),
            upsertion("both-many", 1, 16385),
            upsertion("both-less", 1, -1),
            upsertion("both-z", 0, 4096),
            upsertion("both-a", 1, 4096),
            upsertion("both-c", 1, 4096),
            upsertion("both-c", 2, 4096),
        ],
    );
    both.agree(0, &wrong).await?;
    let named = |names: &[&str]| {
        let users = names.iter().map(|name| UserName::default().with_name(str_bytes(name))).collect();
        DescribeUserScramCredentialsRequest::default().with_users(Some(users))
    };
    both.agree(0, &named(&["both-a"])).await?;
    both.agree(0, &named(&["both-c", "both-a", "both-b", "both-a"])).await
}
