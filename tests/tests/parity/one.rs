//! One case: made, asked of both sides, compared with what it has left behind, and undone.

use std::pin::pin;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::apis::{self, joins_a_group};
use crate::cases::{Api, Case};
use crate::compare::{Difference, differences, normalised, walk};
use crate::effects::Effects;
use crate::exceptions::{LISTED, Listed};
use crate::generate::{self, Draw};
use crate::prepare::{joins, versions};
use crate::random::Random;
use crate::report::{Found, Report, Verdict};
use crate::run::Plan;
use crate::scene::Scene;
use crate::schema::Schemas;
use crate::side::{Outcome, Side, first_error};

/// How long both sides may take until a change is seen everywhere.
const SETTLED: Duration = Duration::from_secs(5);

/// Codes that say "in a moment": the question is asked again if only one side says so.
const IN_A_MOMENT: &[i64] = &[3, 5, 6, 14, 15, 16, 51, 100];

/// If no side has answered after this time, none will.
const BOTH_SILENT: Duration = Duration::from_secs(3);

/// Asks both sides and says where they differ.
pub(crate) async fn one(
    scene: &mut Scene,
    schemas: &Schemas,
    plan: &Plan,
    api: &Api,
    case: &Case,
    report: &mut Report,
) -> Result<Verdict> {
    let (setting, mut random) = (plan.setting, Random::for_case(plan.seed, case.number));
    let by_id = match api.name.as_str() {
        "Metadata" => case.version >= 12 && random.once_in(2),
        _ => random.once_in(2),
    };
    let (version, naming) = (case.version, case.naming);
    let (user, number) = (case.user.as_str(), case.number);
    let mut draw = Draw { api: &api.name, version, naming, user, case: number, random: &mut random, by_id };
    let request = generate::request(schemas.request(api.key)?, &mut draw);

    let here = |listed: &Listed| listed.api == api.name && listed.setting.is_none_or(|only| only == setting);
    let listed = |outcomes: &(Outcome, Outcome)| {
        LISTED.iter().position(|listed| here(listed) && (listed.is_it)(&request, &outcomes.0, &outcomes.1))
    };
    let mut asked: u64 = 0;
    let (outcomes, mut found) = loop {
        let outcomes = ask_both(scene, api, case, &request).await?;
        let found = differences(&outcomes.0, &outcomes.1);
        asked += 1;
        if found.is_empty() || listed(&outcomes).is_some() {
            break (outcomes, found);
        }
        // A topic that an earlier case made by the way may have come late, or be gone later for a coordinator.
        let joins = joins_a_group(&api.name) && joins(&request);
        if asked <= 3 && (joins || !apis::changes(&api.name)) {
            sleep(Duration::from_millis(100 * asked)).await;
            if joins {
                leave(scene, &api.name, &request).await?;
            }
            restore(scene, "Metadata").await?;
            continue;
        }
        // What a broker never answers holds up what comes behind it, for a while and by chance.
        let silent = |outcome: &Outcome| matches!(outcome, Outcome::Nonsense(_));
        if !apis::changes(&api.name) && (silent(&outcomes.0) || silent(&outcomes.1)) && asked < 5 {
            sleep(BOTH_SILENT).await;
            continue;
        }
        let moment = soon(&outcomes.0) || soon(&outcomes.1);
        if !moment || asked == 5 {
            break (outcomes, found);
        }
        sleep(Duration::from_millis(100)).await;
    };
    report.count(api, &outcomes.0);
    if api.name == "Metadata" {
        created(scene, &outcomes.0).await?;
    }
    if apis::is_decided_elsewhere(&api.name) {
        let Scene { reference, doorkeeper, .. } = scene;
        tokio::try_join!(reference.catch_up(), doorkeeper.catch_up())?;
    }
    if apis::changes(&api.name) {
        let left_behind = effects(scene, api, &request).await?;
        if !left_behind.is_empty() {
            // Else every later case would find it, too.
            let Scene { reference, doorkeeper, .. } = scene;
            tokio::try_join!(reference.begin_anew(), doorkeeper.begin_anew())?;
        }
        found.extend(left_behind);
    }
    if apis::destroys(&api.name) {
        restore(scene, &api.name).await?;
    }
    if let (Some(which), false) = (listed(&outcomes), found.is_empty()) {
        if api.name.starts_with("Share") {
            // One side may have a session now.
            scene.reference.disconnect(&case.user);
            scene.doorkeeper.disconnect(&case.user);
        }
        if joins_a_group(&api.name) {
            leave(scene, &api.name, &request).await?;
        }
        return Ok(Verdict::Listed(which));
    }
    if outcomes.0 == Outcome::Unanswered && found.is_empty() {
        return Ok(Verdict::Unanswered);
    }
    let found = found.into_iter().map(|difference| Found {
        case: case.clone(),
        request: request.clone(),
        answers: (outcomes.0.to_string(), outcomes.1.to_string()),
        difference,
    });
    Ok(Verdict::Found(found.collect()))
}

/// Undoes that a member of its own has joined a group.
async fn leave(scene: &mut Scene, api: &str, request: &Value) -> Result<()> {
    let Scene { reference, doorkeeper, .. } = scene;
    tokio::try_join!(reference.leave(api, request), doorkeeper.leave(api, request)).map(|_| ())
}

fn soon(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Answer(answer) if first_error(answer).is_some_and(|code| IN_A_MOMENT.contains(&code)))
}

pub(crate) async fn ask_both(scene: &mut Scene, api: &Api, case: &Case, request: &Value) -> Result<(Outcome, Outcome)> {
    let Scene { reference, doorkeeper, .. } = scene;
    let (one, other) = {
        let one = reference.ask(&case.user, api.key, case.version, request);
        let other = doorkeeper.ask(&case.user, api.key, case.version, request);
        let (mut one, mut other) = (pin!(one), pin!(other));
        tokio::select! {
            answer = &mut one => (answer?, other.await?),
            answer = &mut other => (one.await?, answer?),
            () = sleep(BOTH_SILENT) => (Outcome::Unanswered, Outcome::Unanswered),
        }
    };
    let (one, mut other) = (plain(&api.name, reference, one), plain(&api.name, doorkeeper, other));
    let mut one = one;
    if let (true, Outcome::Answer(broker), Outcome::Answer(ours)) = (api.name == "ApiVersions", &mut one, &mut other) {
        leave_out_what_is_not_served(broker, ours);
    }
    Ok((one, other))
}

/// Doorkeeper advertises what it serves: no other API than the broker, and no other version.
fn leave_out_what_is_not_served(broker: &mut Value, doorkeeper: &mut Value) {
    let ours = versions(doorkeeper);
    let (Some(theirs), Some(list)) = (broker["ApiKeys"].as_array_mut(), doorkeeper["ApiKeys"].as_array_mut()) else {
        return;
    };
    let key = |entry: &Value| entry["ApiKey"].as_i64().and_then(|key| i16::try_from(key).ok()).unwrap_or(-1);
    theirs.retain(|entry| ours.contains_key(&key(entry)));
    for entry in &mut *theirs {
        let (_, max) = ours[&key(entry)];
        if entry["MaxVersion"].as_i64() > Some(max.into()) {
            entry["MaxVersion"] = json!(max);
        }
    }
    theirs.sort_by_key(key);
    list.sort_by_key(key);
}

fn plain(api: &str, side: &Side, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Answer(answer) => Outcome::Answer(normalised(api, side, &answer)),
        other => other,
    }
}

/// Waits until topics are there that a broker makes after its answer, which says LEADER_NOT_AVAILABLE of them.
async fn created(scene: &mut Scene, outcome: &Outcome) -> Result<()> {
    const LEADER_NOT_AVAILABLE: i64 = 5;
    let Outcome::Answer(answer) = outcome else { return Ok(()) };
    let topics = answer["Topics"].as_array().into_iter().flatten();
    let coming = topics.filter(|topic| topic["ErrorCode"] == LEADER_NOT_AVAILABLE);
    let coming: Vec<&str> = coming.filter_map(|topic| topic["Name"].as_str()).collect();
    let end = Instant::now() + SETTLED;
    while !coming.is_empty() && Instant::now() < end {
        let Scene { reference, doorkeeper, .. } = scene;
        let (one, other) = tokio::try_join!(reference.topics(), doorkeeper.topics())?;
        if coming.iter().all(|name| one.contains_key(*name) && other.contains_key(*name)) {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// What both have left behind, once they agree or time is up.
async fn effects(scene: &mut Scene, api: &Api, request: &Value) -> Result<Vec<Difference>> {
    let end = Instant::now() + SETTLED;
    loop {
        let Scene { reference, doorkeeper, .. } = scene;
        let (one, other) =
            tokio::try_join!(reference.effects(&api.name, request), doorkeeper.effects(&api.name, request))?;
        let found = different_effects(scene, &one, &other);
        if found.is_empty() || Instant::now() > end {
            return Ok(found);
        }
        sleep(Duration::from_millis(20)).await;
    }
}

fn different_effects(scene: &Scene, reference: &Effects, doorkeeper: &Effects) -> Vec<Difference> {
    let mut found = Vec::new();
    for ((api, one), (_, other)) in reference.iter().zip(doorkeeper) {
        let one = normalised(api, &scene.reference, one);
        let other = normalised(api, &scene.doorkeeper, other);
        walk(&format!("afterwards {api}"), &one, &other, &mut found);
    }
    found
}

async fn restore(scene: &mut Scene, api: &str) -> Result<()> {
    let Scene { reference, doorkeeper, .. } = scene;
    tokio::try_join!(reference.restore_topics(), doorkeeper.restore_topics())?;
    if api != "Metadata" {
        tokio::try_join!(reference.restore_groups(), doorkeeper.restore_groups())?;
    }
    Ok(())
}
