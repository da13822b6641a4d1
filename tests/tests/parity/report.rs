//! What a run found: a table, each kind of difference with an example, and `docs/parity.md`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::cases::{Api, Case};
use crate::compare::Difference;
use crate::run::Plan;
use crate::scene::Setting;
use crate::side::{Outcome, first_error};

/// A difference, and the question it came up with.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) case: Case,
    pub(crate) request: Value,
    pub(crate) answers: (String, String),
    pub(crate) difference: Difference,
}

/// What came of a case.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// What differs; mostly nothing.
    Found(Vec<Found>),
    /// Something differs, and this entry of [`crate::exceptions::LISTED`] says that it is to.
    Listed(usize),
    /// Neither side says anything.
    Unanswered,
}

#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) setting: Setting,
    pub(crate) seed: u64,
    pub(crate) kafka: String,
    pub(crate) rows: BTreeMap<i16, Row>,
    /// What only the broker serves.
    pub(crate) unserved: Vec<String>,
    pub(crate) took: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) name: String,
    versions: Vec<i16>,
    pub(crate) cases: usize,
    /// Cases of a version that neither serves.
    pub(crate) refused: usize,
    /// Cases in which neither says anything.
    pub(crate) unanswered: usize,
    /// Cases with a difference that is not listed.
    pub(crate) different: usize,
    /// Cases with each listed difference.
    pub(crate) listed: BTreeMap<usize, usize>,
    /// How often a broker's answer had which error first.
    errors: BTreeMap<String, usize>,
    found: Vec<Found>,
}

impl Row {
    pub(crate) fn versions(&self) -> String {
        match (self.versions.first(), self.versions.last()) {
            (Some(first), Some(last)) if first != last => format!("{first}-{last}"),
            (Some(first), _) => first.to_string(),
            _ => String::new(),
        }
    }
}

impl Report {
    pub(crate) fn new(plan: &Plan) -> Report {
        Report {
            setting: plan.setting,
            seed: plan.seed,
            kafka: String::new(),
            rows: BTreeMap::new(),
            unserved: Vec::new(),
            took: Duration::ZERO,
        }
    }

    /// What there is to ask, before the first case of a round.
    pub(crate) fn learn(&mut self, kafka: &str, apis: &[Api], unserved: Vec<String>) {
        kafka.clone_into(&mut self.kafka);
        self.unserved = unserved;
        for api in apis {
            self.rows.entry(api.key).or_insert_with(|| Row {
                name: api.name.clone(),
                versions: api.versions.clone(),
                ..Row::default()
            });
        }
    }

    /// Counts what a broker has answered: many errors of one kind say that the requests are not good enough.
    pub(crate) fn count(&mut self, api: &Api, outcome: &Outcome) {
        let error = match outcome {
            Outcome::Answer(answer) => first_error(answer).unwrap_or(0).to_string(),
            Outcome::Closed => "closed".to_owned(),
            _ => "none".to_owned(),
        };
        *self.rows.entry(api.key).or_default().errors.entry(error).or_default() += 1;
    }

    pub(crate) fn add(&mut self, api: &Api, case: &Case, seed: u64, verdict: Verdict) {
        let row = self.rows.entry(api.key).or_default();
        row.cases += 1;
        row.refused += usize::from(api.refused.contains(&case.version));
        match verdict {
            Verdict::Listed(which) => *row.listed.entry(which).or_default() += 1,
            Verdict::Unanswered => row.unanswered += 1,
            Verdict::Found(found) => {
                row.different += usize::from(!found.is_empty());
                let paths: Vec<&str> = found.iter().map(|found| found.difference.path.as_str()).collect();
                if !paths.is_empty() {
                    println!("case {} of SEED={seed}: {} differs in {}", case.number, api.name, paths.join(", "));
                }
                row.found.extend(found);
            }
        }
    }

    pub(crate) fn cases(&self) -> usize {
        self.rows.values().map(|row| row.cases).sum()
    }

    /// Cases in which the sides differ, and nothing says that they are to.
    pub(crate) fn differences(&self) -> usize {
        self.rows.values().map(|row| row.different).sum()
    }

    /// Cases in which neither side says anything.
    pub(crate) fn unanswered(&self) -> usize {
        self.rows.values().map(|row| row.unanswered).sum()
    }

    fn explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in self.rows.values() {
            let mut kinds: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
            row.found.iter().for_each(|found| kinds.entry(&found.difference.path).or_default().push(found));
            for (path, found) in kinds {
                writeln!(f, "{} {path}: {} times, as in", row.name, found.len())?;
                let Some(found) = found.first() else { continue };
                let Case { number, version, user, naming, .. } = &found.case;
                writeln!(
                    f,
                    "  case {number}: version {version}, {user} names {naming:?}: {}",
                    shortened(&found.request)
                )?;
                writeln!(f, "    broker:     {}", found.difference.reference)?;
                writeln!(f, "    Doorkeeper: {}", found.difference.doorkeeper)?;
                if std::env::var_os("VERBOSE").is_some() {
                    writeln!(f, "    request:           {}", found.request)?;
                    writeln!(f, "    all of broker:     {}", found.answers.0)?;
                    writeln!(f, "    all of Doorkeeper: {}", found.answers.1)?;
                }
            }
        }
        Ok(())
    }
}

fn shortened(request: &Value) -> String {
    request.to_string().chars().take(500).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explain(f)?;
        writeln!(
            f,
            "{:<28} {:>9} {:>6} {:>7} {:>7} {:>11}",
            "API", "versions", "cases", "listed", "silent", "differences"
        )?;
        for row in self.rows.values() {
            let listed: usize = row.listed.values().sum();
            let (name, versions, silent) = (&row.name, row.versions(), row.unanswered);
            writeln!(f, "{name:<28} {versions:>9} {:>6} {listed:>7} {silent:>7} {:>11}", row.cases, row.different)?;
            if std::env::var_os("VERBOSE").is_some() {
                let errors: Vec<String> = row.errors.iter().map(|(error, count)| format!("{error}: {count}")).collect();
                writeln!(f, "    {}", errors.join(", "))?;
            }
        }
        let (setting, cases, differences) = (self.setting, self.cases(), self.differences());
        let (kafka, seed, took) = (&self.kafka, self.seed, self.took);
        let silent = self.unanswered();
        write!(f, "{setting:?}: {cases} cases, {differences} with differences, {silent} that neither answers, ")?;
        write!(f, "Kafka {kafka}, SEED={seed}, {took:.0?}")
    }
}
