//! What a run found: a table, and each kind of difference with an example.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use crate::cases::{Api, Case};
use crate::compare::Difference;
use crate::run::Plan;
use crate::scene::Setting;

/// A difference, and the question it came up with.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) case: Case,
    pub(crate) request: Value,
    pub(crate) answers: (String, String),
    pub(crate) difference: Difference,
}

#[derive(Debug)]
pub(crate) struct Report {
    setting: Setting,
    seed: u64,
    kafka: String,
    rows: BTreeMap<i16, Row>,
    pub(crate) took: Duration,
}

#[derive(Debug)]
struct Row {
    name: String,
    versions: Vec<i16>,
    cases: usize,
    /// Cases with a difference.
    different: usize,
    found: Vec<Found>,
}

impl Report {
    pub(crate) fn new(plan: &Plan, kafka: &str, apis: &[Api]) -> Report {
        let row = |api: &Api| Row {
            name: api.name.clone(),
            versions: api.versions.clone(),
            cases: 0,
            different: 0,
            found: Vec::new(),
        };
        Report {
            setting: plan.setting,
            seed: plan.seed,
            kafka: kafka.to_owned(),
            rows: apis.iter().map(|api| (api.key, row(api))).collect(),
            took: Duration::ZERO,
        }
    }

    pub(crate) fn add(&mut self, api: &str, _version: i16, found: Vec<Found>) {
        let row = self.rows.values_mut().find(|row| row.name == api).expect("an API of this run");
        row.cases += 1;
        row.different += usize::from(!found.is_empty());
        row.found.extend(found);
    }

    /// Cases in which the sides differ.
    pub(crate) fn differences(&self) -> usize {
        self.rows.values().map(|row| row.different).sum()
    }

    /// Writes the matrix, if this is a run that is told to.
    pub(crate) fn keep(&self) -> Result<()> {
        Ok(())
    }
}

fn shortened(request: &Value) -> String {
    request.to_string().chars().take(500).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in self.rows.values() {
            let mut kinds: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
            row.found.iter().for_each(|found| kinds.entry(&found.difference.path).or_default().push(found));
            for (path, found) in kinds {
                writeln!(f, "{} {path}: {} times, as in", row.name, found.len())?;
                for found in found.iter().take(1) {
                    let Case { version, user, naming, .. } = &found.case;
                    writeln!(f, "  version {version}, {user} names {naming:?}: {}", shortened(&found.request))?;
                    writeln!(f, "    broker:     {}", found.difference.reference)?;
                    writeln!(f, "    Doorkeeper: {}", found.difference.doorkeeper)?;
                    if std::env::var_os("VERBOSE").is_some() {
                        writeln!(f, "    all of it:  {}", found.answers.0)?;
                        writeln!(f, "    all of it:  {}", found.answers.1)?;
                    }
                }
            }
        }
        writeln!(f, "{:<28} {:>9} {:>6} {:>11}", "API", "versions", "cases", "differences")?;
        for row in self.rows.values() {
            let versions = format!("{}-{}", row.versions.first().unwrap_or(&0), row.versions.last().unwrap_or(&0));
            writeln!(f, "{:<28} {versions:>9} {:>6} {:>11}", row.name, row.cases, row.different)?;
        }
        let cases: usize = self.rows.values().map(|row| row.cases).sum();
        write!(
            f,
            "{:?}: {cases} cases, {} with differences, Kafka {}, SEED={}, {:.0?}",
            self.setting, self.differences(), self.kafka, self.seed, self.took
        )
    }
}
