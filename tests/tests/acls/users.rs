//! SCRAM users managed by `kafka-configs.sh`.

use anyhow::{Result, ensure};
use testkit::{Entrance, ScramMechanism, Stage, Tool, ToolOutput};

use crate::{SOON, stage};

async fn kafka_configs(stage: &Stage, user: &str, arguments: &[&str]) -> Result<ToolOutput> {
    let tool = Tool::kafka("kafka-configs")
        .args(["--bootstrap-server", &stage.bootstrap(Entrance::Client), "--command-config"])
        .arg(stage.user(user)?)
        .args(arguments);
    tool.run().await
}

#[tokio::test]
async fn a_user_is_made_logs_in_and_is_gone_with_its_connections() -> Result<()> {
    let stage = stage().await?;
    let mark = stage.doorkeeper().log().mark();
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let credential = format!("{mechanism}=[iterations=8192,password=dora-secret]");
        let output =
            kafka_configs(stage, "manager", &["--alter", "--user", "dora", "--add-config", &credential]).await?;
        ensure!(output.stdout.contains("Completed updating config for user dora."), "{output}");
    }
    let told = |line: &str| {
        line.contains("created SCRAM-SHA-256 credential of user dora by request = AlterUserScramCredentials")
    };
    stage.doorkeeper().log().wait_for_since(mark, told, SOON).await?;
    let mut dora = stage.raw("dora").await?;
    let mut other = stage.raw_before_login().await?;
    other.login_scram(ScramMechanism::Sha512, "dora", "dora-secret").await?;

    let output = kafka_configs(stage, "admin", &["--describe", "--entity-type", "users"]).await?;
    let said = "SCRAM credential configs for user-principal 'dora' are SCRAM-SHA-256=iterations=8192, SCRAM-SHA-512=iterations=8192";
    ensure!(output.status.success() && output.stdout.contains(said), "{output}");

    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let output =
            kafka_configs(stage, "manager", &["--alter", "--user", "dora", "--delete-config", mechanism]).await?;
        ensure!(output.status.success(), "{output}");
    }
    dora.expect_close().await?;
    other.expect_close().await?;
    ensure!(stage.raw("dora").await.is_err(), "a removed user has logged in");
    Ok(())
}

#[tokio::test]
async fn without_alter_on_the_cluster_no_user_is_made() -> Result<()> {
    let stage = stage().await?;
    let credential = "SCRAM-SHA-256=[iterations=4096,password=eve-secret]";
    let output = kafka_configs(stage, "auditor", &["--alter", "--user", "eve", "--add-config", credential]).await?;
    let said = "ClusterAuthorizationException";
    ensure!(!output.status.success() && output.to_string().contains(said), "{output}");
    ensure!(stage.raw("eve").await.is_err());
    Ok(())
}
