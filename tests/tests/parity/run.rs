//! A run: both sides started and prepared, then case by case.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::json;

use crate::cases::{self, Api, Case};
use crate::generate::Naming;
use crate::one::{ask_both, one};
use crate::prepare::versions;
use crate::report::Report;
use crate::scene::{Scene, Setting};
use crate::schema::Schemas;
use crate::side::Outcome;
use crate::world::{ADMIN, World};

/// What to ask.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) setting: Setting,
    pub(crate) seed: u64,
    pub(crate) cases: usize,
    /// Only the case of this number.
    pub(crate) case: Option<u64>,
    /// Names of APIs; all if empty.
    pub(crate) only: Vec<String>,
    /// Requests to ask instead, one on a line, `USER VERSION {…}`, of the first API.
    pub(crate) replay: Option<String>,
}

/// After so many cases everything begins anew, with other random ACLs: what cases leave behind adds up.
const ROUND: usize = 6_000;

pub(crate) async fn run(plan: &Plan) -> Result<Report> {
    let mut report = Report::new(plan);
    let rounds = plan.cases.div_ceil(ROUND).max(1);
    for round in 0..rounds {
        let cases = (plan.cases + round) / rounds;
        let seed = plan.seed + round as u64;
        self::round(&Plan { seed, cases, ..plan.clone() }, &mut report).await?;
        if rounds > 1 {
            println!(
                "{:?}: {} of {} cases, {} with differences",
                plan.setting,
                report.cases(),
                plan.cases,
                report.differences()
            );
        }
    }
    Ok(report)
}

async fn round(plan: &Plan, report: &mut Report) -> Result<()> {
    let began = Instant::now();
    let schemas = Arc::new(Schemas::load()?);
    let world = World::new(plan.seed);
    let (users, acls) = (world.users.len(), world.acls.len());
    println!("SEED={} CASES={} {:?}: {users} users, {acls} ACLs", plan.seed, plan.cases, plan.setting);
    let mut scene = Scene::start(plan.setting, &world, &schemas).await?;
    let with_groups = plan.setting != Setting::SwitchedOff;
    tokio::try_join!(scene.reference.prepare(with_groups), scene.doorkeeper.prepare(with_groups))?;
    let (apis, unserved) = common_apis(&mut scene, &schemas, &plan.only).await?;
    println!("prepared after {:.0?}", began.elapsed());
    if let Some(replay) = &plan.replay {
        return replayed(&mut scene, &apis[0], replay).await;
    }
    report.learn(&schemas.version, &apis, unserved);
    let cases = cases::choose(&apis, &world.users, plan.cases, plan.seed);
    for case in cases.into_iter().filter(|case| plan.case.is_none_or(|only| case.number == only)) {
        let api = &apis[case.api];
        let found = one(&mut scene, &schemas, plan, api, &case, report).await;
        let found = found.with_context(|| format!("{} {case:?}", api.name))?;
        report.add(api, &case, plan.seed, found);
    }
    report.took += began.elapsed();
    Ok(())
}

/// Asks what somebody wants to know, and shows both answers.
async fn replayed(scene: &mut Scene, api: &Api, replay: &str) -> Result<()> {
    for line in replay.lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.trim().splitn(3, ' ');
        let user = words.next().unwrap_or_default().to_owned();
        let version = words.next().and_then(|word| word.parse().ok()).context("no version")?;
        let request = serde_json::from_str(words.next().context("no request")?)?;
        let case = Case { number: 0, api: 0, version, user, naming: Naming::Existing };
        let (broker, doorkeeper) = ask_both(scene, api, &case, &request).await?;
        println!("{line}\n  broker:     {broker}\n  Doorkeeper: {doorkeeper}");
    }
    Ok(())
}

/// What both advertise, in the versions that both have; and what only the broker does, in words.
async fn common_apis(scene: &mut Scene, schemas: &Schemas, only: &[String]) -> Result<(Vec<Api>, Vec<String>)> {
    let key = schemas.key("ApiVersions")?;
    let request = json!({ "ClientSoftwareName": "parity", "ClientSoftwareVersion": "1" });
    let mut ranges = Vec::new();
    for side in [&mut scene.reference, &mut scene.doorkeeper] {
        let Outcome::Answer(answer) = side.ask(ADMIN, key, 3, &request).await? else {
            anyhow::bail!("{} does not tell its versions", side.name);
        };
        ranges.push(versions(&answer));
    }
    let mut apis = Vec::new();
    for (key, message) in schemas.requests() {
        let name = message.api.clone();
        if !only.is_empty() && !only.contains(&name) {
            continue;
        }
        let (versions, refused) = match (ranges[0].get(&key), ranges[1].get(&key)) {
            (Some((broker_min, broker_max)), Some((min, max))) => {
                // A broker that says Produce 0 serves 3.
                let min = if name == "Produce" { 3 } else { *min.max(broker_min) };
                let refused = [min - 1, max + 1].into_iter().filter(|version| *version >= 0);
                ((min..=*max.min(broker_max)).collect(), refused.collect())
            }
            // Nobody may use it, and a connection on which it comes is closed.
            (None, None) => (Vec::new(), vec![0, 1]),
            _ => continue,
        };
        apis.push(Api { key, name, versions, refused });
    }
    let mut unserved = Vec::new();
    for (key, (min, max)) in &ranges[0] {
        let name = &schemas.request(*key)?.api;
        match ranges[1].get(key) {
            None => unserved.push(format!("{name} {min}-{max}")),
            Some((_, ours)) if ours < max => unserved.push(format!("{name} {}-{max}", ours + 1)),
            Some(_) => {}
        }
    }
    Ok((apis, unserved))
}
