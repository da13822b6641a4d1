//! A topic that is not what it should be: what is forged is ignored, what is lost is not taken for deleted, and what is
//! known goes on as long as it may.

use std::time::{Duration, Instant};

use crate::log::{Log, Topic};
use crate::replica::{Replica, SOON, acl, settings, soon, users};
use apis::Refused;
use bytes::{BufMut, BytesMut};
use store::kafka::{KafkaSettings, SnapshotSettings};
use store::{Place, Places, Reload};
use uuid::Uuid;

/// A batch of one record, as anybody could write it.
fn batch(key: &[u8], value: Option<&[u8]>) -> bytes::Bytes {
    use kafka_protocol::records::{Compression, Record, RecordBatchEncoder, RecordEncodeOptions, TimestampType};
    let record = Record {
        transactional: false,
        control: false,
        partition_leader_epoch: 0,
        producer_id: -1,
        producer_epoch: -1,
        timestamp_type: TimestampType::Creation,
        offset: 0,
        sequence: -1,
        timestamp: 0,
        key: Some(bytes::Bytes::copy_from_slice(key)),
        value: value.map(bytes::Bytes::copy_from_slice),
        headers: Default::default(),
        delete_horizon: false,
    };
    let mut bytes = BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    RecordBatchEncoder::encode(&mut bytes, [&record], &options).expect("a good record");
    bytes.freeze()
}

/// Puts a batch at the end of the log.
fn append(log: &Log, batch: &[u8]) {
    let mut state = log.state();
    let topic = state.topic();
    let (base, count) = (topic.end(), i32::from_be_bytes(batch[57..61].try_into().expect("four")));
    let mut placed = BytesMut::new();
    placed.put_i64(base);
    placed.extend_from_slice(&batch[8..]);
    topic.batches.push((base, count, placed.freeze()));
    drop(state);
    log.wake();
}

/// The records of the whole log, first to last.
fn records(log: &Log) -> Vec<(Vec<u8>, Vec<u8>)> {
    let batches: Vec<_> = log.state().topic().batches.iter().map(|(.., bytes)| bytes.clone()).collect();
    let read = |mut bytes| kafka_protocol::records::RecordBatchDecoder::decode(&mut bytes).expect("good").records;
    let all = batches.into_iter().flat_map(read);
    all.map(|record| (record.key.expect("a key").to_vec(), record.value.expect("a value").to_vec())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_or_moved_or_has_no_value_is_ignored_and_counted() {
    let (log, _broker, connector) = Log::start().await;
    let replica = Replica::start(&settings(), &connector).await;
    replica.create(&["a", "b"]).await;
    let all = records(&log);
    let acls: Vec<_> = all.iter().filter(|(key, _)| key.starts_with(b"orders/acl/")).cloned().collect();
    append(&log, &batch(&acls[0].0, None));
    append(&log, &batch(&acls[0].0, Some(b"no seal")));
    append(&log, &batch(&acls[0].0, Some(&acls[1].1)));
    append(&log, &batch(b"orders/acl/00", Some(&acls[1].1)));
    append(&log, &batch(b"anything", Some(b"x")));
    append(&log, &batch(b"others/acl/00", Some(b"not for us")));
    replica.create(&["c"]).await;
    replica.has(&["a", "b", "c", "first"]).await;
    let ignored = |replica: &Replica| replica.stores.following().next().expect("followed").1.ignored();
    assert_eq!(ignored(&replica), 5);

    let started_again = Replica::start(&settings(), &connector).await;
    started_again.has(&["a", "b", "c", "first"]).await;
    assert_eq!(ignored(&started_again), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_with_the_wrong_settings_stops_the_start() {
    let (log, _broker, connector) = Log::start().await;
    drop(Replica::start(&settings(), &connector).await);
    let configs =
        [("cleanup.policy", "compact,delete"), ("max.message.bytes", "1048588"), ("compression.type", "zstd")];
    for (name, value) in configs {
        let right = log.state().topic().configs.insert(name.to_owned(), value.to_owned()).expect("it was set");
        let error = Replica::error(&settings(), &connector).await;
        assert!(error.contains(name) && error.contains(value), "{error}");
        log.state().topic().configs.insert(name.to_owned(), right);
    }
    log.state().topic().partitions = 2;
    let error = Replica::error(&settings(), &connector).await;
    assert!(error.contains("it has 2 partitions, expected 1"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_has_lost_its_mark_or_everything_stops_the_start() {
    let (log, _broker, connector) = Log::start().await;
    let replica = Replica::start(&settings(), &connector).await;
    replica.create(&["a"]).await;
    drop(replica);
    let all = records(&log);
    let topic = |log: &Log, keep: &dyn Fn(&[u8]) -> bool| {
        log.state().topic().batches.clear();
        let kept = all.iter().filter(|(key, _)| keep(key));
        kept.for_each(|(key, value)| append(log, &batch(key, Some(value))));
    };
    topic(&log, &|key| !key.ends_with(b"mark/-"));
    let error = Replica::error(&settings(), &connector).await;
    assert!(error.contains("no mark that says they are whole"), "{error}");

    topic(&log, &|key| !key.starts_with(b"orders/acl/"));
    let error = Replica::error(&settings(), &connector).await;
    assert!(error.contains("its mark says 2 ACLs for `orders`, and none is there"), "{error}");

    topic(&log, &|key| !key.starts_with(b"orders/credential/") && !key.starts_with(b"orders/groups/"));
    let error = Replica::error(&settings(), &connector).await;
    assert!(error.contains("its mark says 1 users, and none is there"), "{error}");

    log.state().topic().batches.clear();
    log.state().topic().start = 4;
    let error = Replica::error(&settings(), &connector).await;
    assert!(error.contains("it was emptied"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_deleted_under_a_replica_change_nothing_there() {
    let (log, _broker, connector) = Log::start().await;
    let mut replica = Replica::start(&settings(), &connector).await;
    replica.create(&["a"]).await;
    let kept = std::mem::take(&mut log.state().topic().batches);
    let end = kept.last().map_or(0, |(base, count, _)| base + i64::from(*count));
    log.state().topic().start = end;
    log.wake();
    let Reload::Failed { problems } = replica.tells().await else { panic!("a failure") };
    assert!(problems[0].message.contains("was emptied"), "{problems:?}");
    replica.has(&["a", "first"]).await;
    let refused = replica.stores.acls.create_acls(vec![acl("b")]).await;
    assert!(
        matches!(&refused, Err(Refused::Unavailable(text)) if text.starts_with("nothing was changed")),
        "{refused:?}"
    );

    // The topic is brought back, and goes on.
    log.state().topic().start = 0;
    log.state().topic().batches = kept;
    log.wake();
    let began = Instant::now();
    while replica.stores.acls.create_acls(vec![acl("b")]).await.is_err() {
        assert!(began.elapsed() < SOON);
    }
    replica.has(&["a", "b", "first"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_is_gone_without_a_word_is_kept() {
    let (log, _broker, connector) = Log::start().await;
    let mut replica = Replica::start(&settings(), &connector).await;
    let all = records(&log);
    let (known, end) = (users(&replica), log.state().topic().end());
    assert_eq!(known.len(), 1);
    log.state().topic().start = end;
    log.state().topic().batches.clear();
    let kept = all.iter().filter(|(key, _)| !key.starts_with(b"orders/credential/"));
    kept.for_each(|(key, value)| append(&log, &batch(key, Some(value))));
    // What it finds first may be less than all of it.
    let gone = loop {
        let Reload::Failed { problems } = replica.tells().await else { panic!("a failure") };
        if problems[0].message.contains("gone without a record") {
            break problems;
        }
    };
    assert!(gone[0].message.contains("2 entries"), "{gone:?}");
    assert_eq!(users(&replica), known);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_does_not_show_all_yet_is_not_taken_for_an_empty_log() {
    let (log, _broker, connector) = Log::start().await;
    let replica = Replica::start(&settings(), &connector).await;
    replica.create(&["a"]).await;
    drop(replica);
    log.state().shows_nothing = 2;
    let replica = Replica::start(&settings(), &connector).await;
    replica.has(&["a", "first"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_made_anew_is_not_taken_for_the_old_one() {
    let (log, _broker, connector) = Log::start().await;
    let mut replica = Replica::start(&settings(), &connector).await;
    replica.create(&["a"]).await;
    let configs = log.state().topic().configs.clone();
    log.state().topic = Some(Topic { id: Uuid::from_u128(8), configs, partitions: 1, ..Topic::default() });
    log.wake();
    let Reload::Failed { problems } = replica.tells().await else { panic!("a failure") };
    assert!(problems[0].message.contains("is another one than at the start"), "{problems:?}");
    replica.has(&["a", "first"]).await;
    assert!(replica.stores.acls.create_acls(vec![acl("b")]).await.is_err());
    assert_eq!(log.state().topic().end(), 0, "nothing was written into it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_max_staleness_allows_nothing_until_it_is_read_again() {
    let (log, _broker, connector) = Log::start().await;
    let limited = KafkaSettings { max_staleness: Some(Duration::from_millis(1500)), ..settings() };
    let replica = Replica::start(&limited, &connector).await;
    replica.create(&["a"]).await;
    log.state().is_away = true;
    log.wake();
    let policy = || replica.stores.current.load().policy.clone();
    soon("closed", || policy().is_empty()).await;
    assert_eq!(policy().settings().super_users, Default::default());
    assert!(replica.stores.following().all(|(_, following)| following.is_stale()));
    log.state().is_away = false;
    replica.has(&["a", "first"]).await;
    assert!(policy().settings().super_users.contains("User:root"));
    assert!(replica.stores.following().all(|(_, following)| !following.is_stale()));
}

/// Their ACLs are elsewhere, and hold.
#[tokio::test(flavor = "multi_thread")]
async fn users_alone_that_are_older_than_max_staleness_cannot_log_in() {
    let (log, _broker, connector) = Log::start().await;
    let limited = KafkaSettings { max_staleness: Some(Duration::from_millis(1500)), ..settings() };
    let directory = tempfile::tempdir().expect("a directory");
    let acls = Place::Embedded(directory.path().join("acls"));
    let users_in = Place::Kafka(Box::new(limited));
    let replica = Replica::at(Places::Apart { acls, users: users_in }, &connector).await.expect("a good store");
    let known = users(&replica);
    assert_eq!((known.len(), replica.topics().len()), (1, 1));
    log.state().is_away = true;
    log.wake();
    soon("closed", || users(&replica).is_empty()).await;
    assert_eq!(replica.topics().len(), 1);
    assert!(replica.stores.current.load().policy.settings().super_users.contains("User:root"));
    log.state().is_away = false;
    soon("open", || users(&replica) == known).await;
    assert_eq!(replica.topics().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_on_the_disk_is_enough_to_start_while_it_is_young() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("copy");
    let snapshot = SnapshotSettings { file: file.clone(), max_age: Duration::from_secs(3600) };
    let (log, _broker, connector) = Log::start().await;
    let with_copy = KafkaSettings { snapshot: Some(snapshot.clone()), ..settings() };
    let replica = Replica::start(&with_copy, &connector).await;
    replica.create(&["a"]).await;
    soon("a copy that has it", || {
        let length = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
        length > 0 && !file.with_extension("new").exists()
    })
    .await;
    drop(replica);
    let other = Replica::start(&settings(), &connector).await;
    other.create(&["later"]).await;
    drop(other);

    log.state().is_away = true;
    let mut replica = Replica::start(&with_copy, &connector).await;
    assert!(replica.topics().contains("first") && !replica.topics().contains("later"), "{:?}", replica.topics());
    log.state().is_away = false;
    replica.has(&["a", "first", "later"]).await;
    let Reload::Loaded { edits, .. } = replica.tells().await else { panic!("a change") };
    assert!(edits.added.contains(&acl("later")));
    drop(replica);

    // A topic that was emptied is not filled anew where there is a copy.
    let configs = log.state().topic().configs.clone();
    log.state().topic = Some(Topic { id: Uuid::from_u128(9), configs, partitions: 1, ..Topic::default() });
    let error = Replica::error(&with_copy, &connector).await;
    assert!(error.contains("it was emptied"), "{error}");
}
