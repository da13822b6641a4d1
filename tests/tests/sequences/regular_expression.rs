//! A member that subscribes by a regular expression: it gets the topics that match and that it may describe, also those
//! that come later; and what it may describe changes.
//!
//! A broker looks for new topics every ten seconds at most, and not at all for changed ACLs until then or until somebody
//! says the subscription anew; Doorkeeper at each heartbeat. So epochs differ, and what is compared is what a member ends
//! up with.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::acls::{DESCRIBE, GROUP, READ, TOPIC, acl};
use crate::duet::Duet;

const USER: &str = "expressive";
const NAME: &str = "expressive-group";
const MEMBER: &str = "expressive-1";
const DENIED: i64 = 30;

fn heartbeat(epoch: Value, expression: Option<&str>, owned: Value) -> Value {
    json!({
        "GroupId": NAME, "MemberId": MEMBER, "MemberEpoch": epoch, "RebalanceTimeoutMs": 20_000,
        "SubscribedTopicNames": null, "SubscribedTopicRegex": expression, "TopicPartitions": owned,
    })
}

/// The names in an assignment, if the answer has one.
fn assigned(answer: &Value) -> Option<Vec<&str>> {
    let topics = answer["Assignment"]["TopicPartitions"].as_array()?;
    let names = topics.iter().map(|topic| topic["TopicId"].as_str().unwrap_or_default().trim_start_matches("id:"));
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    Some(names)
}

/// Sends heartbeats until both sides have assigned these topics, and says which it works on.
async fn gets(duet: &mut Duet, expression: Option<&str>, topics: &[&str]) -> Result<()> {
    const FOLLOWS: [(&str, &str); 2] = [("epoch", "/MemberEpoch"), ("owned", "/Assignment/TopicPartitions")];
    let api = "ConsumerGroupHeartbeat";
    let request = heartbeat(json!("$epoch"), expression, json!("$owned"));
    duet.each_following(USER, api, 1, request, &FOLLOWS, |answer| assigned(answer).as_deref() == Some(topics)).await?;
    let request = heartbeat(json!("$epoch"), None, json!("$owned"));
    let goes_on = |answer: &Value| answer["ErrorCode"] == 0;
    duet.each_following(USER, api, 1, request, &FOLLOWS[..1], goes_on).await.map(|_| ())
}

#[tokio::test]
async fn a_regular_expression_meets_new_topics_and_new_acls() -> Result<()> {
    let mut duet = Duet::begin().await?;
    let [one, other, hidden, later] = ["expressive-a", "expressive-b", "expressive-hidden", "expressive-later"];
    for topic in [one, other, hidden, "other-expressive"] {
        duet.topic(topic, 1).await?;
    }
    duet.behind("FindCoordinator", 4, json!({ "KeyType": 0, "CoordinatorKeys": [NAME] })).await?;
    let may_describe = |topic: &str| acl(USER, DESCRIBE, TOPIC, topic);
    let expression = "expressive-.*";

    let join = || heartbeat(json!(0), Some(expression), json!([]));
    let answer = duet.ask(USER, "ConsumerGroupHeartbeat", 1, join()).await?;
    ensure!(answer["ErrorCode"] == DENIED, "{answer}");
    duet.allow(&[&acl(USER, READ, GROUP, NAME), &may_describe(one), &may_describe(later)]).await?;
    let joined = |answer: &Value| answer["ErrorCode"] == 0;
    let follows = [("epoch", "/MemberEpoch"), ("owned", "/Assignment/TopicPartitions")];
    duet.each_following(USER, "ConsumerGroupHeartbeat", 1, join(), &follows, joined).await?;
    let nothing = |answer: &Value| assigned(answer).is_some();
    duet.each_following(USER, "ConsumerGroupHeartbeat", 1, join(), &follows, nothing).await?;
    gets(&mut duet, Some(expression), &[one]).await?;

    // A topic that comes later and may be described, and an ACL that comes later.
    duet.allow(&[&may_describe(other)]).await?;
    duet.topic(later, 1).await?;
    gets(&mut duet, None, &[one, other, later]).await?;

    let bad = heartbeat(json!("$epoch"), Some("expressive-["), Value::Null);
    let answers = duet.ask_each(USER, "ConsumerGroupHeartbeat", 1, &bad).await?;
    let invalid = 128;
    ensure!(answers.iter().all(|answer| answer["ErrorCode"] == invalid), "{answers:?}");
    duet.ask(USER, "ConsumerGroupHeartbeat", 1, heartbeat(json!(-1), None, Value::Null)).await?;
    Ok(())
}
