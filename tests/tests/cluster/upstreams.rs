//! Every way into a broker, through the whole proxy; and what becomes of one that is configured wrongly.

use std::time::Duration;

use anyhow::{Result, ensure};
use kafka_protocol::messages::MetadataRequest;
use testkit::Certificates;

use crate::SOON;
use crate::ground::{PASSWORD, Plan, USERNAME, ground};
use crate::records::{batch, fetch, produce};

const TLS: &str = "  tls: { trust: ca.crt }\n";
const MUTUAL_TLS: &str = "  tls: { trust: ca.crt, certificate: client.crt, private_key: client.key }\n";

/// Lines below `upstream:`.
fn upstream(security_protocol: &str, mechanism: Option<&str>, tls: &str) -> String {
    let sasl = mechanism.map_or_else(String::new, |mechanism| {
        format!("  sasl.mechanism: {mechanism}\n  username: {USERNAME}\n  password: ${{file:password}}\n")
    });
    format!("  security.protocol: {security_protocol}\n{sasl}{tls}")
}

#[tokio::test]
async fn records_go_through_by_every_way_into_a_broker() -> Result<()> {
    let ground = ground().await?;
    let ways = [
        ("OPEN", upstream("PLAINTEXT", None, "")),
        ("TLS", upstream("SSL", None, TLS)),
        ("MUTUAL", upstream("SSL", None, MUTUAL_TLS)),
        ("SASL", upstream("SASL_PLAINTEXT", Some("PLAIN"), "")),
        ("SASLTLS", upstream("SASL_SSL", Some("SCRAM-SHA-256"), TLS)),
        ("SASLTLS", upstream("SASL_SSL", Some("SCRAM-SHA-512"), TLS)),
    ];
    for (number, (listener, lines)) in ways.into_iter().enumerate() {
        let door = Plan::new(listener, &lines).await?.open().await?;
        let topic = format!("alice-way-{number}");
        ground.kafka.create_topic(&topic, 1).await?;
        let mut alice = door.alice().await?;
        let records = batch(format!("by {lines}"))?;
        produce(&mut alice, &topic, records.clone()).await.map_err(|error| error.context(lines.clone()))?;
        let fetched = fetch(&mut alice, &topic).await.map_err(|error| error.context(lines.clone()))?;
        // A broker writes the epoch of the partition's leader into the first bytes, before the checksum.
        ensure!(fetched.get(16..) == records.get(16..), "{lines}");
        drop(alice);
        door.is_left_clean(listener).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_way_in_that_is_configured_wrongly_is_told_to_the_operator_and_never_to_clients() -> Result<()> {
    let stranger = std::fs::read_to_string(Certificates::named("CN=Another CA")?.ca())?;
    let impatient = "limits: { handshake_timeout: 2s }\n";
    let scram = upstream("SASL_PLAINTEXT", Some("SCRAM-SHA-512"), "");
    let cases = [
        ("SASL", scram.clone(), "authentication", "the broker refused the login by SCRAM-SHA-512"),
        ("TLS", upstream("SSL", None, TLS), "tls", "UnknownIssuer"),
        ("MUTUAL", upstream("SSL", None, TLS), "tls", "ertificate"),
        ("TLS", upstream("PLAINTEXT", None, ""), "protocol", "`security.protocol` should be SSL or SASL_SSL"),
        ("OPEN", scram, "protocol", "SaslHandshake was answered with ILLEGAL_SASL_STATE"),
    ];
    for (listener, lines, reason, words) in cases {
        let context = |error: anyhow::Error| error.context(format!("{reason}: {lines}"));
        let plan = Plan::new(listener, &lines).await?.with(impatient).with_file("password", "a-wrong-guess".to_owned());
        // The certificate of the broker on MUTUAL is believed: it is ours that is missing.
        let plan = if listener == "TLS" { plan.with_file("ca.crt", stranger.clone()) } else { plan };
        let door = plan.launch()?;
        let told = |line: &str| line.contains("a broker cannot be asked") && line.contains(words);
        door.doorkeeper.wait_for_line(told, SOON).await.map_err(context)?;
        let (live, ready) = (door.get("/livez").await?.0, door.get("/readyz").await?.0);
        ensure!((live, ready) == (200, 503), "{listener}: alive {live}, ready {ready}");
        let counted = door.metric("doorkeeper_upstream_connect_errors_total", &format!("reason=\"{reason}\"")).await?;
        let all = door.metric("doorkeeper_upstream_connect_errors_total", "").await?;
        ensure!(counted > 0.0 && counted == all, "{reason}: {counted} of {all}\n{}", door.doorkeeper.log().tail(20));

        let mut alice = door.alice().await?;
        alice.set_deadline(Duration::from_secs(10));
        alice.send_only(12, &MetadataRequest::default().with_topics(Some(Vec::new()))).await?;
        alice.expect_close().await.map_err(context)?;
        let log = door.doorkeeper.log().lines().join("\n");
        ensure!(!log.contains("a-wrong-guess") && !log.contains(PASSWORD), "a password is in the log:\n{log}");
    }
    Ok(())
}
