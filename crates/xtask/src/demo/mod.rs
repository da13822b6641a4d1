//! `cargo xtask demo`: a tour of Doorkeeper in front of a real Kafka, with Kafka's own command-line tools.
//!
//! Each step prints what was tried, what came back and the audit line. A step that does not come out as it should ends
//! the tour with an error, so that the tour is also a test. `--keep` leaves everything running.

mod house;
mod screen;
mod steps;

use std::time::Instant;

use anyhow::{Result, bail};

use house::House;

pub(crate) fn run(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let keep = match arguments.next().as_deref() {
        None => false,
        Some("--keep") => true,
        Some(unknown) => bail!("unknown argument `{unknown}`, expected nothing or `--keep`"),
    };
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(tour(keep))
}

async fn tour(keep: bool) -> Result<()> {
    let start = Instant::now();
    screen::heading("Doorkeeper in front of a real Kafka 4.3, which has no authorizer of its own");
    let house = House::build().await?;
    steps::all(&house).await?;
    screen::heading(&format!(
        "The tour took {} seconds. Nothing was refused that should not be.",
        start.elapsed().as_secs()
    ));
    if keep {
        house.tell_how_to_connect()?;
        tokio::signal::ctrl_c().await?;
    }
    house.close().await
}
