//! A cluster's own ACLs, before a broker of values: what it says late, what it says that nobody knows, and what it
//! refuses.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use acl::{
    AccessControlEntry, AclBinding, AclBindingFilter, AclOperation, AclPermissionType, ResourcePattern, ResourceType,
};
use apis::Refused;
use bytes::Bytes;
use client::testing::{FakeBroker, Reply, Script, header};
use client::{Connector, UpstreamSecurity, UpstreamSettings};
use protocol::messages::api_versions_response::ApiVersion;
use protocol::messages::create_acls_response::AclCreationResult;
use protocol::messages::delete_acls_response::{DeleteAclsFilterResult, DeleteAclsMatchingAcl};
use protocol::messages::describe_acls_response::{AclDescription, DescribeAclsResource};
use protocol::messages::{
    ApiVersionsResponse, CreateAclsRequest, CreateAclsResponse, DeleteAclsResponse, DescribeAclsResponse,
    MetadataResponse,
};
use protocol::{ApiKey, Encodable, ErrorCode, GuardedRequest, HeaderVersion, Limits, StrBytes};
use store::{Bootstrap, Created, Deleted, OpenError, Place, Places, Reload, StoreSettings, Stores, upstream};
use tokio::sync::{Notify, mpsc};

const SOON: Duration = Duration::from_secs(10);

/// What the broker says.
#[derive(Debug, Default)]
struct Says {
    error: i16,
    acls: Vec<DescribeAclsResource>,
    /// A change is not shown before it was asked so often.
    shown_after: usize,
    waiting: Vec<DescribeAclsResource>,
    cluster: &'static str,
    create_error: i16,
}

type Broker = Arc<Mutex<Says>>;

fn says(broker: &Broker) -> MutexGuard<'_, Says> {
    broker.lock().expect("no test panics while it holds it")
}

/// `allow READ` for User:a, or with other codes.
fn resource(topic: &str, operation: i8, permission_type: i8) -> DescribeAclsResource {
    let acl = AclDescription::default()
        .with_principal(StrBytes::from_static_str("User:a"))
        .with_host(StrBytes::from_static_str("*"))
        .with_operation(operation)
        .with_permission_type(permission_type);
    DescribeAclsResource::default()
        .with_resource_type(2)
        .with_resource_name(StrBytes::from_string(topic.to_owned()))
        .with_pattern_type(3)
        .with_acls(vec![acl])
}

fn binding(topic: &str) -> AclBinding {
    AclBinding::new(
        ResourcePattern::literal(ResourceType::Topic, topic),
        AccessControlEntry::new("User:a", "*", AclOperation::Read, AclPermissionType::Allow),
    )
}

fn script(broker: &Broker) -> Script {
    let broker = Arc::clone(broker);
    Box::new(move |frame| answer(&mut says(&broker), frame))
}

fn answer(says: &mut Says, frame: Bytes) -> Reply {
    let request = protocol::guard_request(header(&frame), &Limits::default()).expect("our own requests");
    match request.api_key {
        ApiKey::ApiVersions => {
            let apis = [
                (ApiKey::ApiVersions, 4),
                (ApiKey::Metadata, 12),
                (ApiKey::DescribeAcls, 3),
                (ApiKey::CreateAcls, 3),
                (ApiKey::DeleteAcls, 3),
            ];
            let api = |(key, max): (ApiKey, i16)| ApiVersion::default().with_api_key(key.code()).with_max_version(max);
            reply(&request, &ApiVersionsResponse::default().with_api_keys(apis.map(api).to_vec()))
        }
        ApiKey::Metadata => {
            let id = StrBytes::from_static_str(says.cluster);
            reply(&request, &MetadataResponse::default().with_cluster_id(Some(id)))
        }
        ApiKey::DescribeAcls => {
            match says.shown_after {
                0 => {
                    let waiting = std::mem::take(&mut says.waiting);
                    says.acls.extend(waiting);
                }
                _ => says.shown_after -= 1,
            }
            let response = DescribeAclsResponse::default().with_error_code(says.error);
            reply(&request, &response.with_resources(says.acls.clone()))
        }
        ApiKey::CreateAcls => {
            let creations = request.decode::<CreateAclsRequest>().expect("guarded").creations;
            let text = StrBytes::from_static_str("the broker's words");
            let result = AclCreationResult::default().with_error_code(says.create_error).with_error_message(Some(text));
            if says.create_error == 0 {
                let created = creations.iter().map(|creation| resource(&creation.resource_name, 3, 3));
                says.waiting.extend(created);
            }
            let results = creations.iter().map(|_| result.clone()).collect();
            reply(&request, &CreateAclsResponse::default().with_results(results))
        }
        ApiKey::DeleteAcls => {
            let matching = |resource: DescribeAclsResource| {
                DeleteAclsMatchingAcl::default()
                    .with_resource_type(resource.resource_type)
                    .with_resource_name(resource.resource_name)
                    .with_pattern_type(resource.pattern_type)
                    .with_principal(StrBytes::from_static_str("User:a"))
                    .with_host(StrBytes::from_static_str("*"))
                    .with_operation(resource.acls[0].operation)
                    .with_permission_type(resource.acls[0].permission_type)
            };
            let found = says.acls.drain(..).map(matching).collect();
            let result = DeleteAclsFilterResult::default().with_matching_acls(found);
            reply(&request, &DeleteAclsResponse::default().with_filter_results(vec![result]))
        }
        _ => Reply::Close,
    }
}

fn reply<T: Encodable + HeaderVersion>(request: &GuardedRequest, response: &T) -> Reply {
    let bytes = protocol::encode_response(request.api_version, request.correlation_id, response);
    Reply::Bytes(bytes.expect("it can be written"))
}

/// The broker, and a look at it that came to this.
async fn open(broker: &Broker) -> (FakeBroker, Result<store::stores::Opened, OpenError>) {
    open_with(broker, acl::Settings::default()).await
}

async fn open_with(broker: &Broker, acl: acl::Settings) -> (FakeBroker, Result<store::stores::Opened, OpenError>) {
    let scripted = Arc::clone(broker);
    let fake = FakeBroker::start(move || script(&scripted)).await;
    let connector = Connector::new(UpstreamSettings {
        bootstrap_servers: vec![fake.address()],
        security: UpstreamSecurity::default(),
        connect_timeout: SOON,
        request_timeout: Duration::from_secs(1),
    });
    // So seldom that only `look_now` makes it look.
    let settings = upstream::Settings { poll_interval: Duration::from_secs(3600) };
    let places = Places::Together(Place::Upstream(settings));
    let settings = StoreSettings { acl, places, bootstrap: Bootstrap::default() };
    let opened = Stores::open(settings, &connector.expect("good settings")).await;
    (fake, opened)
}

/// A store that is followed.
struct Followed {
    _fake: FakeBroker,
    stores: Stores,
    look_now: Arc<Notify>,
    reloads: mpsc::Receiver<Reload>,
}

async fn follow(broker: &Broker) -> Followed {
    let (fake, opened) = open(broker).await;
    let opened = opened.expect("it can be read");
    let stores = opened.stores.clone();
    let (look_now, (tell, reloads)) = (Arc::new(Notify::new()), mpsc::channel(16));
    tokio::spawn(opened.keep_current(Arc::clone(&look_now), tell));
    Followed { _fake: fake, stores, look_now, reloads }
}

impl Followed {
    async fn look(&mut self) -> Reload {
        self.look_now.notify_one();
        self.told().await
    }

    async fn told(&mut self) -> Reload {
        tokio::time::timeout(SOON, self.reloads.recv()).await.expect("in time").expect("it is followed")
    }

    fn topics(&self) -> Vec<String> {
        let mut topics: Vec<String> =
            self.stores.current.load().policy.bindings().map(|acl| acl.pattern.name.to_string()).collect();
        topics.sort();
        topics
    }

    fn ignored(&self) -> usize {
        self.stores.acls.following().expect("it is elsewhere").ignored()
    }
}

fn broker_with(acls: Vec<DescribeAclsResource>) -> Broker {
    Arc::new(Mutex::new(Says { acls, cluster: "one", ..Says::default() }))
}

#[tokio::test]
async fn changes_made_elsewhere_are_told_and_what_is_as_it_was_is_not_changed() {
    let broker = broker_with(vec![resource("a", 3, 3)]);
    let mut followed = follow(&broker).await;
    assert_eq!(followed.topics(), ["a"]);
    assert_eq!(followed.look().await, Reload::Unchanged { generation: 1 });
    says(&broker).acls = vec![resource("b", 3, 3)];
    let Reload::Loaded { generation: 2, acls: 1, added: 1, removed: 1, edits, .. } = followed.look().await else {
        panic!("something else was told");
    };
    assert_eq!((edits.added, edits.removed), (vec![binding("b")], vec![binding("a")]));
    assert_eq!(followed.topics(), ["b"]);
}

#[tokio::test]
async fn what_might_deny_and_is_not_known_leaves_all_as_it_was() {
    let broker = broker_with(vec![resource("a", 3, 3)]);
    let mut followed = follow(&broker).await;
    says(&broker).acls = vec![resource("b", 3, 3), resource("c", 99, 2)];
    let Reload::Failed { problems } = followed.look().await else { panic!("something else was told") };
    assert!(problems[0].to_string().contains("might deny"), "{problems:?}");
    assert_eq!(followed.topics(), ["a"]);

    says(&broker).acls = vec![resource("b", 3, 3), resource("c", 99, 3)];
    assert_eq!(followed.look().await.result(), "loaded");
    assert_eq!((followed.topics(), followed.ignored()), (vec!["b".to_owned()], 1));
}

#[tokio::test]
async fn a_change_is_answered_when_the_broker_shows_it_and_is_not_told_as_anothers() {
    let broker = broker_with(vec![resource("a", 3, 3)]);
    let mut followed = follow(&broker).await;
    says(&broker).shown_after = 3;
    let created = followed.stores.acls.create_acls(vec![binding("b"), binding("a"), binding("b")]).await;
    assert_eq!(created, Ok(Created { added: vec![binding("b")] }));
    assert_eq!((followed.topics(), says(&broker).shown_after), (vec!["a".to_owned(), "b".to_owned()], 0));

    // The fake shows an ACL once for each time it was created.
    says(&broker).acls = vec![resource("b", 3, 3), resource("c", 3, 3)];
    let deleted = followed.stores.acls.delete_acls(vec![AclBindingFilter::default()]).await;
    let found = vec![binding("b"), binding("c")];
    assert_eq!(deleted, Ok(Deleted { found: vec![found.clone()], removed: found }));
    assert_eq!(followed.topics(), [""; 0]);
    let Reload::Loaded { edits, .. } = followed.told().await else { panic!("something else was told") };
    assert_eq!((edits.added, edits.removed), (vec![], vec![binding("a")]));
}

#[tokio::test]
async fn what_the_broker_refuses_is_refused_in_its_words_and_what_it_does_not_show_is_not_done() {
    let broker = broker_with(vec![]);
    let followed = follow(&broker).await;
    says(&broker).create_error = ErrorCode::POLICY_VIOLATION.0;
    let refused = followed.stores.acls.create_acls(vec![binding("b")]).await;
    let expected = Refused::Upstream { error: ErrorCode::POLICY_VIOLATION, text: "the broker's words".to_owned() };
    assert_eq!(refused, Err(expected));

    (says(&broker).create_error, says(&broker).shown_after) = (0, usize::MAX);
    let unseen = followed.stores.acls.create_acls(vec![binding("b")]).await;
    assert!(matches!(unseen, Err(Refused::Unavailable(_))), "{unseen:?}");
}

#[tokio::test]
async fn a_start_ends_with_what_waiting_does_not_mend() {
    for (error, acls, everyone, words) in [
        (54, vec![], false, "the cluster has no authorizer"),
        (31, vec![], false, "does not let Doorkeeper's user do DescribeAcls"),
        (0, vec![resource("a", 99, 2)], false, "might deny"),
        (0, vec![resource("a", 99, 3)], true, "might close a resource"),
    ] {
        let broker = broker_with(acls);
        says(&broker).error = error;
        let settings = acl::Settings { allow_everyone_if_no_acl_found: everyone, ..acl::Settings::default() };
        let (_fake, opened) = open_with(&broker, settings).await;
        let error = opened.expect_err("it cannot start").to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// Else what was taken away would come back for as long as it lags.
#[tokio::test]
async fn another_broker_that_lags_behind_is_not_believed() {
    let broker = broker_with(vec![resource("a", 3, 3)]);
    let (fake, opened) = open(&broker).await;
    let opened = opened.expect("it can be read");
    let stores = opened.stores.clone();
    let (look_now, (tell, mut reloads)) = (Arc::new(Notify::new()), mpsc::channel(16));
    tokio::spawn(opened.keep_current(Arc::clone(&look_now), tell));
    let deleted = stores.acls.delete_acls(vec![AclBindingFilter::default()]).await.expect("deleted");
    assert_eq!((deleted.removed, stores.current.load().policy.len()), (vec![binding("a")], 0));

    let port = fake.port();
    fake.stop().await;
    says(&broker).acls = vec![resource("a", 3, 3)];
    let scripted = Arc::clone(&broker);
    let _fake = FakeBroker::start_at(port, None, move || script(&scripted)).await;
    look_now.notify_one();
    let told = tokio::time::timeout(SOON, reloads.recv()).await.expect("in time").expect("it is followed");
    assert_eq!((told.result(), stores.current.load().policy.len()), ("unchanged", 0));
    says(&broker).acls = vec![resource("b", 3, 3)];
    look_now.notify_one();
    let told = tokio::time::timeout(SOON, reloads.recv()).await.expect("in time").expect("it is followed");
    assert_eq!((told.result(), stores.current.load().policy.len()), ("loaded", 1));
}

/// Whoever answers at the address of the brokers may be others by then.
#[tokio::test]
async fn another_cluster_is_not_believed() {
    let broker = broker_with(vec![resource("a", 3, 3)]);
    let (fake, opened) = open(&broker).await;
    let opened = opened.expect("it can be read");
    let stores = opened.stores.clone();
    let (look_now, (tell, mut reloads)) = (Arc::new(Notify::new()), mpsc::channel(16));
    tokio::spawn(opened.keep_current(Arc::clone(&look_now), tell));
    let port = fake.port();
    fake.stop().await;
    *says(&broker) = Says { cluster: "another", ..Says::default() };
    let scripted = Arc::clone(&broker);
    let _fake = FakeBroker::start_at(port, None, move || script(&scripted)).await;
    look_now.notify_one();
    let told = tokio::time::timeout(SOON, reloads.recv()).await.expect("in time").expect("it is followed");
    assert!(told.to_string().contains("belongs to the cluster `another`"), "{told}");
    assert_eq!(stores.current.load().policy.len(), 1);
}
