//! Changes of a store in Kafka: shared, in the log's order, and once each, whatever becomes of the answers.

use std::time::Duration;

use crate::log::{Fate, Log};
use crate::replica::{Replica, SOON, acl, keyring, settings, soon, users};
use acl::AclBindingFilter;
use apis::{Refused, ScramAlteration};
use authentication::{ScramCredential, ScramMechanism};
use protocol::ErrorCode;
use store::kafka::{Editor, Scope};
use store::{Edits, Reload, UserEdit};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_topic_is_made_for_the_purpose_and_filled_once() {
    let (log, _broker, connector) = Log::start().await;
    let replica = Replica::start(&settings(), &connector).await;
    replica.has(&["first"]).await;
    assert_eq!(users(&replica), ["alice SCRAM-SHA-256 SCRAM-SHA-512 [\"Group:finance\"]"]);
    let config = |name: &str| log.state().topic().configs.get(name).cloned().unwrap_or_default();
    assert_eq!(
        [config("cleanup.policy"), config("max.message.bytes"), config("unclean.leader.election.enable")],
        ["compact", "16777216", "false"]
    );
    assert_eq!(log.state().topic().partitions, 1);
    assert_eq!(log.state().topic().batches.len(), 1);
    replica.delete("first").await;
    drop(replica);

    let replica = Replica::start(&settings(), &connector).await;
    replica.has(&[]).await;
    assert_eq!(users(&replica).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_changes_holds_at_the_other_and_is_told_there() {
    let (_log, _broker, connector) = Log::start().await;
    let mut other = Replica::start(&settings(), &connector).await;
    let one = Replica::start(&settings(), &connector).await;
    assert_eq!(one.create(&["a", "b", "a"]).await, 2);
    assert_eq!(one.create(&["a"]).await, 0, "it is there");
    let mechanism = ScramMechanism::Sha256;
    let credential = ScramCredential::of_salted_password(mechanism, b"salted", b"salt", 4096);
    let set = ScramAlteration { user: "bob".into(), mechanism, credential: Some(credential) };
    let missing = ScramAlteration { user: "carol".into(), mechanism, credential: None };
    let altered = one.stores.users.alter_credentials(vec![set.clone(), missing]).await.expect("done");
    assert_eq!((altered.missing, altered.credentials.len()), (["carol".into()].into(), 1));
    assert_eq!(one.delete("a").await, 1);
    one.has(&["b", "first"]).await;

    other.has(&["b", "first"]).await;
    soon("bob", || users(&other).len() == 2).await;
    let mut told = Edits::default();
    while told.removed.is_empty() {
        let Reload::Loaded { edits, .. } = other.tells().await else { panic!("nothing fails") };
        told.file = edits.file;
        told.added.extend(edits.added);
        told.removed.extend(edits.removed);
        told.users.extend(edits.users);
    }
    told.added.sort_by_key(|binding| binding.pattern.name.clone());
    let expected = Edits {
        file: "topic __doorkeeper".to_owned(),
        added: vec![acl("a"), acl("b")],
        removed: vec![acl("a")],
        users: vec![("bob".to_owned(), UserEdit::Created)],
    };
    assert_eq!(told, expected);

    let gone = ScramAlteration { credential: None, ..set };
    other.stores.users.alter_credentials(vec![gone]).await.expect("done");
    soon("no bob", || users(&one).len() == 1).await;
}

/// Each as a broker may treat a Produce, once or several times in a row.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_in_the_log_once_whatever_becomes_of_its_answers() {
    let (log, _broker, connector) = Log::start().await;
    let replica = Replica::start(&settings(), &connector).await;
    use Fate::{AnswerLost, AppendedAnd, Refused, RequestLost};
    let cases: &[&[Fate]] = &[
        &[AnswerLost],
        &[RequestLost],
        &[RequestLost, AnswerLost, Refused(ErrorCode::NOT_LEADER_OR_FOLLOWER)],
        &[Refused(ErrorCode::NOT_ENOUGH_REPLICAS), Refused(ErrorCode::LEADER_NOT_AVAILABLE)],
        &[AppendedAnd(ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND), RequestLost],
        &[AppendedAnd(ErrorCode::REQUEST_TIMED_OUT)],
        &[AppendedAnd(ErrorCode::DUPLICATE_SEQUENCE_NUMBER)],
        // The broker has forgotten our sequence: is the batch there or not?
        &[AnswerLost, Refused(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)],
        &[RequestLost, Refused(ErrorCode::UNKNOWN_PRODUCER_ID)],
        &[Refused(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)],
        &[],
    ];
    for (number, fates) in cases.iter().enumerate() {
        let before = log.state().topic().batches.len();
        log.state().fates.extend(*fates);
        let topic = format!("topic-{number}");
        assert_eq!(replica.create(&[&topic]).await, 1, "{fates:?}");
        assert!(replica.topics().contains(&topic), "it holds when it is answered: {fates:?}");
        // Whatever is to be corrected afterwards.
        assert_eq!(replica.create(&[&topic]).await, 0);
        assert_eq!(log.state().topic().batches.len(), before + 1, "{fates:?}");
        log.state().fates.clear();
    }
    let started_again = Replica::start(&settings(), &connector).await;
    assert_eq!(started_again.topics(), replica.topics());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_good_is_said_and_the_next_change_goes_through() {
    let (log, _broker, connector) = Log::start().await;
    let replica = Replica::start(&settings(), &connector).await;
    log.state().fates.push_back(Fate::Refused(ErrorCode::TOPIC_AUTHORIZATION_FAILED));
    let refused = replica.stores.acls.create_acls(vec![acl("a")]).await;
    assert!(
        matches!(&refused, Err(Refused::Unavailable(text)) if text.starts_with("nothing was changed")),
        "{refused:?}"
    );
    replica.has(&["first"]).await;
    assert_eq!(replica.create(&["b"]).await, 1);
    replica.has(&["b", "first"]).await;
}

/// The first attempt may still be on its way when the second one is refused.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_after_an_answer_was_lost_is_not_called_undone() {
    let (log, _broker, connector) = Log::start().await;
    let replica = Replica::start(&settings(), &connector).await;
    let fates = [Fate::RequestLost, Fate::Refused(ErrorCode::TOPIC_AUTHORIZATION_FAILED)];
    log.state().fates.extend(fates);
    let refused = replica.stores.acls.create_acls(vec![acl("a")]).await;
    assert!(
        matches!(&refused, Err(Refused::Unavailable(text)) if text.contains("it may have happened")),
        "{refused:?}"
    );
    assert_eq!(replica.create(&["b"]).await, 1);
    replica.has(&["b", "first"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_that_meet_agree_in_the_end() {
    let (_log, _broker, connector) = Log::start().await;
    let replicas = [Replica::start(&settings(), &connector).await, Replica::start(&settings(), &connector).await];
    let work = |number: usize| {
        let stores = replicas[number % 2].stores.clone();
        async move {
            for round in 0..10 {
                let topics = [format!("shared-{round}"), format!("own-{number}-{round}")];
                stores.acls.create_acls(topics.iter().map(|topic| acl(topic)).collect()).await.expect("created");
                let filter = AclBindingFilter { name: Some(topics[0].as_str().into()), ..AclBindingFilter::default() };
                stores.acls.delete_acls(vec![filter]).await.expect("deleted");
            }
        }
    };
    tokio::join!(work(0), work(1), work(2), work(3));
    soon("agreement", || replicas[0].topics() == replicas[1].topics()).await;
    let started_again = Replica::start(&settings(), &connector).await;
    assert_eq!(started_again.topics(), replicas[0].topics());
    assert_eq!(started_again.topics().iter().filter(|topic| topic.starts_with("own")).count(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_acls_are_one_batch_and_one_more_is_too_many() {
    let (log, _broker, connector) = Log::start().await;
    let replica = Replica::start(&settings(), &connector).await;
    let acls = |count: usize| (0..count).map(|number| acl(&format!("topic-{number}"))).collect::<Vec<_>>();
    assert_eq!(replica.stores.acls.create_acls(acls(10_001)).await, Err(Refused::TooMany));
    let before = log.state().topic().batches.len();
    replica.stores.acls.create_acls(acls(10_000)).await.expect("created");
    assert_eq!(log.state().topic().batches.len(), before + 1);
    assert_eq!(replica.stores.current.load().policy.len(), 10_001);
    let long = vec![acl(&"x".repeat(17 << 20))];
    let refused = replica.stores.acls.create_acls(long).await;
    assert!(matches!(&refused, Err(Refused::Unavailable(text)) if text.contains("at most 16777216")), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_share_a_topic_and_each_has_its_own_besides_what_is_for_all() {
    let (_log, _broker, connector) = Log::start().await;
    let orders = Replica::start(&settings(), &connector).await;
    let mut of_billing = settings();
    of_billing.cluster = "billing/eu".to_owned();
    let billing = Replica::start(&of_billing, &connector).await;
    orders.create(&["a", "both"]).await;
    billing.create(&["b"]).await;
    let mut editor = Editor::open(settings(), &connector).await.expect("opened");
    editor.change(Scope::AllClusters, &[], &[acl("all"), acl("both")]).await.expect("changed");
    assert_eq!(editor.acls(Scope::AllClusters).len(), 2);
    orders.has(&["a", "all", "both", "first"]).await;
    billing.has(&["all", "b", "both", "first"]).await;

    // The own one goes, the other one stays; what is for all is not found.
    assert_eq!(orders.delete("both").await, 1);
    assert_eq!(orders.delete("both").await, 0);
    assert_eq!(orders.delete("all").await, 0);
    orders.has(&["a", "all", "both", "first"]).await;
    editor.change(Scope::AllClusters, &[acl("both")], &[]).await.expect("changed");
    orders.has(&["a", "all", "first"]).await;
    drop(orders);
    Replica::start(&settings(), &connector).await.has(&["a", "all", "first"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_rotated_without_losing_anything() {
    let (_log, _broker, connector) = Log::start().await;
    let with = |secrets: &[u8]| store::kafka::KafkaSettings::new("orders", keyring(secrets));
    let old = Replica::start(&with(&[1]), &connector).await;
    old.create(&["a", "gone"]).await;
    old.delete("gone").await;
    drop(old);
    let both = Replica::start(&with(&[2, 1]), &connector).await;
    both.create(&["b"]).await;
    drop(both);
    let error = Replica::error(&with(&[3]), &connector).await;
    assert!(error.contains("cannot be read with `store.kafka.keys`"), "{error}");

    let mut editor = Editor::open(with(&[2, 1]), &connector).await.expect("opened");
    assert_eq!(editor.seal_anew().await.expect("sealed"), 6, "first, a, gone, and what alice has");
    assert_eq!(editor.seal_anew().await.expect("sealed"), 0);
    let new = Replica::start(&with(&[2]), &connector).await;
    new.has(&["a", "b", "first"]).await;
    new.create(&["a", "b", "gone"]).await;
    new.delete("a").await;
    new.has(&["b", "first", "gone"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_changes_is_told_by_a_replica_that_runs_and_a_new_key_is_no_change() {
    let (_log, _broker, connector) = Log::start().await;
    let with = |secrets: &[u8]| store::kafka::KafkaSettings::new("orders", keyring(secrets));
    drop(Replica::start(&with(&[1]), &connector).await);
    let mut replica = Replica::start(&with(&[2, 1]), &connector).await;
    let mut editor = Editor::open(with(&[2, 1]), &connector).await.expect("opened");
    assert!(editor.seal_anew().await.expect("sealed") > 0);
    editor.change(Scope::AllClusters, &[], &[acl("all")]).await.expect("changed");
    let Reload::Loaded { edits, .. } = replica.tells().await else { panic!("nothing fails") };
    let file = "topic __doorkeeper".to_owned();
    assert_eq!(edits, Edits { file, added: vec![acl("all")], ..Edits::default() });
}

#[tokio::test(flavor = "multi_thread")]
async fn one_change_holds_within_milliseconds() {
    let (_log, _broker, connector) = Log::start().await;
    let replica = Replica::start(&settings(), &connector).await;
    replica.create(&["warm"]).await;
    let began = std::time::Instant::now();
    replica.create(&["a"]).await;
    println!("a change of one was answered after {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(1) && SOON > Duration::ZERO);
}
