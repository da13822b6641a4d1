//! The steps of the tour.

use std::time::Duration;

use anyhow::Result;
use testkit::Tool;

use super::house::{House, POLICY};
use super::screen;

pub(super) async fn all(house: &House) -> Result<()> {
    administrator(house).await?;
    allowed(house).await?;
    denied_topic(house).await?;
    denied_group(house).await?;
    denied_transaction(house).await?;
    idempotent_producer(house).await?;
    filtered(house).await?;
    certificate(house).await?;
    live(house).await
}

fn produce(house: &House, user: &str, topic: &str, extra: &[&str], text: &str) -> Result<Tool> {
    Ok(Tool::kafka("kafka-console-producer")
        .args(["--bootstrap-server", &house.bootstrap(), "--command-config"])
        .arg(house.user(user)?)
        .args(["--topic", topic])
        .args(extra)
        .stdin(text.to_owned()))
}

fn consume(house: &House, user: &str, topic: &str, group: &str) -> Result<Tool> {
    Ok(Tool::kafka("kafka-console-consumer")
        .args(["--bootstrap-server", &house.bootstrap(), "--command-config"])
        .arg(house.user(user)?)
        .args(["--topic", topic, "--group", group, "--from-beginning", "--max-messages", "2", "--timeout-ms", "20000"]))
}

async fn administrator(house: &House) -> Result<()> {
    screen::heading("1. admin, a super user, creates two topics");
    for topic in ["orders", "payments"] {
        let tool = Tool::kafka("kafka-topics")
            .args(["--bootstrap-server", &house.bootstrap(), "--command-config"])
            .arg(house.user("admin")?)
            .args(["--create", "--topic", topic, "--partitions", "1"]);
        house.try_out(tool).await?.shows(&format!("Created topic {topic}"))?;
    }
    Ok(())
}

async fn allowed(house: &House) -> Result<()> {
    screen::heading("2. alice may write and read `orders`, in groups that begin with `billing-`");
    house.try_out(produce(house, "alice", "orders", &[], "order one\norder two\n")?).await?.hides("ERROR")?;
    let tried = house.try_out(consume(house, "alice", "orders", "billing-1")?).await?;
    tried.shows("order one")?.shows("Processed a total of 2 messages")?;
    Ok(())
}

async fn denied_topic(house: &House) -> Result<()> {
    screen::heading("3. alice may not write `payments`: TOPIC_AUTHORIZATION_FAILED");
    let tried = house.try_out(produce(house, "alice", "payments", &[], "a payment\n")?).await?;
    tried.shows("TopicAuthorizationException")?.audited(&["User:alice is Denied", "Topic:LITERAL:payments"]).await?;
    Ok(())
}

async fn denied_group(house: &House) -> Result<()> {
    screen::heading("4. alice may not use another group: GROUP_AUTHORIZATION_FAILED");
    let tried = house.try_out(consume(house, "alice", "orders", "audit-1")?).await?;
    tried.shows("GroupAuthorizationException")?.audited(&["User:alice is Denied", "Group:LITERAL:audit-1"]).await?;
    Ok(())
}

async fn denied_transaction(house: &House) -> Result<()> {
    screen::heading("5. alice may not use transactional ids: TRANSACTIONAL_ID_AUTHORIZATION_FAILED");
    let tool = Tool::kafka("kafka-producer-perf-test")
        .args(["--bootstrap-server", &house.bootstrap(), "--command-config"])
        .arg(house.user("alice")?)
        .args(["--topic", "orders", "--num-records", "1", "--record-size", "10", "--throughput", "-1"])
        .args(["--transactional-id", "tx-1", "--transaction-duration-ms", "100"]);
    let tried = house.try_out(tool).await?;
    tried
        .shows("TransactionalIdAuthorizationException")?
        .audited(&["User:alice is Denied", "TransactionalId:LITERAL:tx-1"])
        .await?;
    Ok(())
}

async fn idempotent_producer(house: &House) -> Result<()> {
    screen::heading("6. bob may write nothing anywhere: his idempotent producer gets CLUSTER_AUTHORIZATION_FAILED");
    let tried = house.try_out(produce(house, "bob", "orders", &["--sync"], "from bob\n")?).await?;
    tried
        .shows("ClusterAuthorizationException")?
        .audited(&["User:bob is Denied", "IDEMPOTENT_WRITE", "Cluster:LITERAL:kafka-cluster"])
        .await?;
    screen::heading("   … and once he may write a topic, it works; the file was edited, nothing restarted");
    let line = "  - { principal: User:bob, allow: Write, topic: orders }\n";
    edit(house, &format!("{POLICY}{line}")).await?;
    house.try_out(produce(house, "bob", "orders", &[], "from bob\n")?).await?.hides("Exception")?.hides("ERROR")?;
    Ok(())
}

async fn filtered(house: &House) -> Result<()> {
    screen::heading("7. Lists are filtered, not refused");
    for user in ["admin", "bob"] {
        let tool = Tool::kafka("kafka-consumer-groups")
            .args(["--bootstrap-server", &house.bootstrap(), "--command-config"])
            .arg(house.user(user)?)
            .arg("--list");
        let tried = house.try_out(tool).await?;
        if user == "admin" {
            tried.shows("billing-1")?;
        } else {
            tried.hides("billing-1")?.hides("Exception")?;
            screen::came_back("(bob sees no group, and no error)");
        }
    }
    let tool = Tool::kafka("kafka-log-dirs")
        .args(["--bootstrap-server", &house.bootstrap(), "--command-config"])
        .arg(house.user("alice")?)
        .arg("--describe");
    house.try_out(tool).await?.hides("payments-0")?.shows("orders-0")?;
    Ok(())
}

async fn certificate(house: &House) -> Result<()> {
    screen::heading("8. carol has a certificate, CN=carol,OU=services,O=Example, which is mapped to User:carol");
    let tool = |topic: &str| -> Result<Tool> {
        Ok(Tool::kafka("kafka-console-producer")
            .args(["--bootstrap-server", &house.services(), "--command-config"])
            .arg(house.carol()?)
            .args(["--topic", topic])
            .stdin("from carol\n"))
    };
    house.try_out(tool("orders")?).await?.hides("Exception")?.hides("ERROR")?;
    let tried = house.try_out(tool("payments")?).await?;
    tried.shows("TopicAuthorizationException")?.audited(&["User:carol is Denied", "Topic:LITERAL:payments"]).await?;
    Ok(())
}

async fn live(house: &House) -> Result<()> {
    screen::heading("9. An ACL edited in the file is in force on a live connection");
    let tool = Tool::kafka("kafka-console-consumer")
        .args(["--bootstrap-server", &house.bootstrap(), "--command-config"])
        .arg(house.user("alice")?)
        .args(["--topic", "orders", "--group", "billing-2", "--from-beginning", "--timeout-ms", "60000"]);
    screen::tried("kafka-console-consumer … --topic orders --group billing-2   (keeps running)");
    let consumer = tool.start()?;
    let read = consumer.stdout().wait_for(|line| line == "order two", Duration::from_secs(30)).await?;
    screen::came_back(&read);
    let mark = house.doorkeeper().log().mark();
    let deny = "  - { principal: User:alice, deny: Read, topic: orders }\n";
    edit(house, &format!("{POLICY}{deny}")).await?;
    let wanted = |line: &str| line.contains("TopicAuthorizationException");
    let refused = consumer.stderr().wait_for(wanted, Duration::from_secs(30)).await?;
    screen::came_back(refused.trim());
    let wanted = |line: &str| line.contains("User:alice is Denied operation = READ");
    let line = house.doorkeeper().log().wait_for_since(mark, wanted, Duration::from_secs(10)).await?;
    screen::audit(line.find("Principal = ").and_then(|start| line.get(start..)).unwrap_or(&line));
    Ok(())
}

/// Edits the policy and waits until it is in force.
async fn edit(house: &House, policy: &str) -> Result<()> {
    let added: Vec<&str> = policy.lines().filter(|line| !POLICY.contains(line)).collect();
    screen::tried(&format!("edit acls.yaml: {}", added.join(" ").trim()));
    house.policy_is_now(policy).await
}
