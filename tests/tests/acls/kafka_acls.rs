//! `kafka-acls.sh`, Kafka's own: its options, what it prints, what it cannot do without the right to.

use anyhow::{Result, ensure};

use crate::{SOON, kafka_acls, kafka_acls_ok, listed, stage};

const BOB: &str = "User:bob";

fn entry(principal: &str, host: &str, operation: &str, permission: &str) -> String {
    format!("(principal={principal}, host={host}, operation={operation}, permissionType={permission})")
}

#[tokio::test]
async fn acls_are_added_listed_and_removed() -> Result<()> {
    let stage = stage().await?;
    let mark = stage.doorkeeper().log().mark();
    let add = "--add --topic tool-a --operation Read --operation Write --allow-principal User:bob \
               --allow-host 10.0.0.1 --allow-host 10.0.0.2 --deny-principal User:eve";
    let printed = kafka_acls_ok(stage, "manager", add).await?;
    let header = "Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=tool-a, patternType=LITERAL)`: ";
    ensure!(printed.contains(header), "{printed}");

    let list = "--list --topic tool-a";
    let mut expected = Vec::new();
    for (principal, host, permission) in
        [(BOB, "10.0.0.1", "ALLOW"), (BOB, "10.0.0.2", "ALLOW"), ("User:eve", "*", "DENY")]
    {
        for operation in ["READ", "WRITE"] {
            expected.push(format!("TOPIC tool-a LITERAL: {}", entry(principal, host, operation, permission)));
        }
    }
    let found = listed(&kafka_acls_ok(stage, "manager", list).await?);
    ensure!(found == expected, "{found:#?}");

    let told = stage.doorkeeper().log().wait_for_since(mark, |line| line.contains("name=tool-a"), SOON).await?;
    let words = "Principal = User:manager from host = 127.0.0.1 on listener = CLIENT created ACL by request = CreateAcls: \
                 before = none, after = (pattern=ResourcePattern(resourceType=TOPIC, name=tool-a, patternType=LITERAL)";
    ensure!(told.contains(words), "{told}");

    let printed = kafka_acls_ok(stage, "manager", add).await?;
    ensure!(printed.matches("already exists.").count() == 6, "{printed}");

    let remove = "--remove --force --topic tool-a --operation Write --allow-principal User:bob --allow-host 10.0.0.1";
    kafka_acls_ok(stage, "manager", remove).await?;
    expected.remove(1);
    let found = listed(&kafka_acls_ok(stage, "auditor", list).await?);
    ensure!(found == expected, "{found:#?}");
    kafka_acls_ok(stage, "manager", "--remove --force --topic tool-a").await?;
    let printed = kafka_acls_ok(stage, "auditor", list).await?;
    ensure!(printed.trim().is_empty(), "{printed}");
    Ok(())
}

#[tokio::test]
async fn the_convenience_options_and_prefixes() -> Result<()> {
    let stage = stage().await?;
    let add = "--add --allow-principal User:app --producer --consumer --topic conv- --group conv- \
               --transactional-id conv- --idempotent --resource-pattern-type prefixed";
    kafka_acls_ok(stage, "manager", add).await?;
    let found = listed(&kafka_acls_ok(stage, "manager", "--list --principal User:app").await?);
    let expected: Vec<String> = [
        ("CLUSTER kafka-cluster LITERAL", "IDEMPOTENT_WRITE"),
        ("GROUP conv- PREFIXED", "READ"),
        ("TOPIC conv- PREFIXED", "CREATE"),
        ("TOPIC conv- PREFIXED", "DESCRIBE"),
        ("TOPIC conv- PREFIXED", "READ"),
        ("TOPIC conv- PREFIXED", "WRITE"),
        ("TRANSACTIONAL_ID conv- PREFIXED", "DESCRIBE"),
        ("TRANSACTIONAL_ID conv- PREFIXED", "WRITE"),
    ]
    .map(|(pattern, operation)| format!("{pattern}: {}", entry("User:app", "*", operation, "ALLOW")))
    .to_vec();
    ensure!(found == expected, "{found:#?}");

    let matching = "--list --topic conv-orders --resource-pattern-type match";
    let found = listed(&kafka_acls_ok(stage, "manager", matching).await?);
    ensure!(found == expected[2..6], "{found:#?}");
    let printed = kafka_acls_ok(stage, "manager", "--list --topic conv-orders").await?;
    ensure!(printed.trim().is_empty(), "{printed}");
    kafka_acls_ok(stage, "manager", "--remove --force --topic conv-orders --resource-pattern-type match").await?;
    let found = listed(&kafka_acls_ok(stage, "manager", "--list --principal User:app").await?);
    ensure!(found == [&expected[..2], &expected[6..]].concat(), "{found:#?}");
    Ok(())
}

#[tokio::test]
async fn every_operation_on_every_type_of_resource() -> Result<()> {
    let stage = stage().await?;
    for (resource, pattern, operations) in [
        ("--topic ops", "TOPIC ops LITERAL", "Alter AlterConfigs Create Delete Describe DescribeConfigs Read Write"),
        (
            "--cluster",
            "CLUSTER kafka-cluster LITERAL",
            "Alter AlterConfigs ClusterAction Create Describe DescribeConfigs IdempotentWrite",
        ),
        ("--group ops", "GROUP ops LITERAL", "AlterConfigs Delete Describe DescribeConfigs Read"),
        ("--transactional-id ops", "TRANSACTIONAL_ID ops LITERAL", "Describe TwoPhaseCommit Write"),
        ("--delegation-token ops", "DELEGATION_TOKEN ops LITERAL", "Describe"),
        ("--user-principal User:ops", "USER User:ops LITERAL", "CreateTokens DescribeTokens"),
    ] {
        let options: String = operations.split(' ').map(|operation| format!(" --operation {operation}")).collect();
        let add = format!("--add --deny-principal User:ops {resource}{options}");
        kafka_acls_ok(stage, "manager", &add).await?;
        let found = listed(&kafka_acls_ok(stage, "manager", &format!("--list --principal User:ops {resource}")).await?);
        let upper = |operation: &str| -> String {
            let underscored =
                |letter: char| if letter.is_uppercase() { format!("_{letter}") } else { letter.to_string() };
            operation.chars().map(underscored).collect::<String>().trim_start_matches('_').to_uppercase()
        };
        let mut expected: Vec<String> = operations
            .split(' ')
            .map(|operation| format!("{pattern}: {}", entry("User:ops", "*", &upper(operation), "DENY")))
            .collect();
        expected.sort();
        ensure!(found == expected, "{found:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn who_may_not_is_told_so() -> Result<()> {
    let stage = stage().await?;
    for (user, arguments) in [
        ("alice", "--list"),
        ("alice", "--add --topic not --operation Read --allow-principal User:alice"),
        ("auditor", "--add --topic not --operation Read --allow-principal User:auditor"),
        ("auditor", "--remove --force --topic not"),
    ] {
        let output = kafka_acls(stage, user, arguments).await?;
        let said = "ClusterAuthorizationException: Cluster authorization failed.";
        ensure!(!output.status.success() && output.to_string().contains(said), "{user} {arguments}: {output}");
    }
    let printed = kafka_acls_ok(stage, "auditor", "--list --topic not").await?;
    ensure!(printed.trim().is_empty(), "{printed}");
    Ok(())
}
