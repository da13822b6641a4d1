//! What is left of a report for `docs/parity.md`: counts. They are kept in a file beside it, since nobody repeats a long
//! run to change a word.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::exceptions::LISTED;
use crate::report::Report;
use crate::scene::Setting;

/// One run, in one setting.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    pub(crate) setting: Setting,
    pub(crate) seed: u64,
    pub(crate) kafka: String,
    /// What a person has to say of it; written into the file by hand.
    pub(crate) note: String,
    /// A long one; of the others only the last is kept.
    pub(crate) long: bool,
    /// What only the broker serves.
    pub(crate) unserved: Vec<String>,
    /// By the key of the API.
    pub(crate) rows: BTreeMap<i16, Counts>,
    /// Cases of each difference on purpose, by the API and the words of its reason.
    pub(crate) listed: BTreeMap<(String, String), u64>,
}

/// Cases of one API.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) name: String,
    pub(crate) versions: String,
    pub(crate) cases: u64,
    /// Of a version, or a whole API, that neither side serves.
    pub(crate) refused: u64,
    pub(crate) listed: u64,
    pub(crate) unanswered: u64,
    pub(crate) different: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Counts) {
        self.name.clone_from(&other.name);
        self.versions.clone_from(&other.versions);
        self.cases += other.cases;
        self.refused += other.refused;
        self.listed += other.listed;
        self.unanswered += other.unanswered;
        self.different += other.different;
    }
}

impl Summary {
    pub(crate) fn of(report: &Report, long: bool) -> Summary {
        let mut listed = BTreeMap::new();
        let rows = report.rows.iter().map(|(key, row)| {
            for (which, cases) in &row.listed {
                let why = LISTED.get(*which).map_or("", |entry| entry.why);
                *listed.entry((row.name.clone(), why.to_owned())).or_default() += *cases as u64;
            }
            let counts = Counts {
                name: row.name.clone(),
                versions: row.versions(),
                cases: row.cases as u64,
                refused: row.refused as u64,
                listed: row.listed.values().sum::<usize>() as u64,
                unanswered: row.unanswered as u64,
                different: row.different as u64,
            };
            (*key, counts)
        });
        let rows = rows.collect();
        Summary {
            setting: report.setting,
            seed: report.seed,
            kafka: report.kafka.clone(),
            note: String::new(),
            long,
            unserved: report.unserved.clone(),
            rows,
            listed,
        }
    }

    pub(crate) fn sum(&self, count: fn(&Counts) -> u64) -> u64 {
        self.rows.values().map(count).sum()
    }

    fn to_json(&self) -> Value {
        let row = |(key, row): (&i16, &Counts)| {
            json!({
                "key": key, "name": row.name, "versions": row.versions, "cases": row.cases, "refused": row.refused,
                "listed": row.listed, "unanswered": row.unanswered, "different": row.different,
            })
        };
        let listed = self.listed.iter().map(|((api, why), cases)| json!({ "api": api, "why": why, "cases": cases }));
        json!({
            "setting": self.setting.name(), "seed": self.seed, "kafka": self.kafka, "note": self.note,
            "long": self.long, "unserved": self.unserved,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(), "listed": listed.collect::<Vec<_>>(),
        })
    }

    fn from_json(value: &Value) -> Option<Summary> {
        let text = |value: &Value, field: &str| value[field].as_str().map(str::to_owned);
        let mut rows = BTreeMap::new();
        for row in value["rows"].as_array()? {
            let counts = Counts {
                name: text(row, "name")?,
                versions: text(row, "versions")?,
                cases: row["cases"].as_u64()?,
                refused: row["refused"].as_u64()?,
                listed: row["listed"].as_u64()?,
                unanswered: row["unanswered"].as_u64()?,
                different: row["different"].as_u64()?,
            };
            rows.insert(i16::try_from(row["key"].as_i64()?).ok()?, counts);
        }
        let mut listed = BTreeMap::new();
        for entry in value["listed"].as_array()? {
            listed.insert((text(entry, "api")?, text(entry, "why")?), entry["cases"].as_u64()?);
        }
        let setting = Setting::of_name(value["setting"].as_str()?)?;
        let note = text(value, "note").unwrap_or_default();
        let unserved = value["unserved"].as_array()?.iter().filter_map(|api| Some(api.as_str()?.to_owned()));
        Some(Summary {
            setting,
            seed: value["seed"].as_u64()?,
            kafka: text(value, "kafka")?,
            note,
            long: value["long"].as_bool()?,
            unserved: unserved.collect(),
            rows,
            listed,
        })
    }
}

/// The runs that a file holds; none if there is no such file.
pub(crate) fn saved(path: &Path) -> Result<Vec<Summary>> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(Vec::new()) };
    let runs: Vec<Value> = serde_json::from_str(&text)?;
    let runs: Option<Vec<Summary>> = runs.iter().map(Summary::from_json).collect();
    runs.with_context(|| format!("`{}` holds something else than runs", path.display()))
}

/// Adds a run to a file, in place of one of the same setting and, if it is a long one, seed.
pub(crate) fn save(path: &Path, run: &Summary) -> Result<()> {
    let mut runs = saved(path)?;
    let same_seed = |other: &Summary| !run.long || other.seed == run.seed;
    runs.retain(|other| (other.setting, other.long) != (run.setting, run.long) || !same_seed(other));
    runs.push(run.clone());
    runs.sort_by_key(|run| (run.long, run.setting, run.seed));
    let lines: Vec<String> = runs.iter().map(|run| run.to_json().to_string()).collect();
    fs::write(path, format!("[\n{}\n]\n", lines.join(",\n")))
        .with_context(|| format!("cannot write `{}`", path.display()))
}
