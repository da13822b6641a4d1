//! `docs/parity.md`: the matrix as the last `make parity` left it, and the long runs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::exceptions::{LISTED, LOGGERS, Listed, MUST_DIFFER, OWN_SETTINGS, UNORDERED};
use crate::report::Report;
use crate::scene::Setting;
use crate::summary::{self, Counts, Summary};

/// Where runs are kept, and the page is written from.
const RUNS: &str = "docs/parity.json";
const PAGE: &str = "docs/parity.md";

/// Keeps a run, if it is told to, and writes the page anew: as the last one (`PARITY_PAGE`) or as a long one (`PARITY_LONG`).
pub(crate) fn keep(report: &Report) -> Result<()> {
    let is_told = |name: &str| std::env::var(name).is_ok_and(|text| !text.is_empty());
    let long = is_told("PARITY_LONG");
    if !long && !is_told("PARITY_PAGE") {
        return Ok(());
    }
    summary::save(&in_repository(RUNS), &Summary::of(report, long))?;
    write()
}

/// Writes the page from the runs that were kept.
pub(crate) fn write() -> Result<()> {
    let (long, runs): (Vec<_>, Vec<_>) = summary::saved(&in_repository(RUNS))?.into_iter().partition(|run| run.long);
    let unserved = runs.first().map(|run| run.unserved.clone()).unwrap_or_default();
    let path = in_repository(PAGE);
    fs::write(&path, page(&runs, &long, &unserved)).with_context(|| format!("cannot write `{}`", path.display()))
}

fn in_repository(path: &str) -> PathBuf {
    testkit::paths::repository().join(Path::new(path))
}

fn page(runs: &[Summary], long: &[Summary], unserved: &[String]) -> String {
    let mut text = "# Parity with a broker\n\n\
        Written by `make parity`; an edit is lost at the next run.\n\n\
        The same request goes to two real brokers: one that decides by its own `StandardAuthorizer`, and one that decides\n\
        nothing, behind Doorkeeper; both got the same ACLs by the same CreateAcls. The decoded answers are compared field\n\
        for field, and after what changes something, what a super user sees of it: topics, groups, offsets, configurations,\n\
        transactions, quotas, ACLs, SCRAM users. Requests and answers are written and read by the message definitions of\n\
        Kafka itself. Asked is every API and version that both sides advertise, and versions and APIs that neither does, by\n\
        principals with every shape of ACLs, about what exists, what does not, nothing, everything, one thing twice and\n\
        all of that at once (`tests/tests/parity`).\n\n"
        .to_owned();
    runs.iter().for_each(|run| headline(&mut text, run));
    if !long.is_empty() {
        text += "\nLong runs (`make parity LONG=1`); each begins anew, with other random ACLs (`SEED`, `SEED` + 1, …), after 6,000 cases\n\
            at the latest:\n\n";
        long.iter().for_each(|run| headline(&mut text, run));
        let sum = |count: fn(&Counts) -> u64| long.iter().map(|run| run.sum(count)).sum::<u64>();
        let (cases, different) = (sum(|row| row.cases), sum(|row| row.different));
        let _ = writeln!(text, "- **Together: {cases} cases, {different} differences**");
    }
    table(&mut text, runs, long);
    listed(&mut text, runs, long);
    forgiven(&mut text);
    text += "\n## What the broker advertises and Doorkeeper does not\n\n";
    text += &if unserved.is_empty() { "Nothing.\n".to_owned() } else { format!("{}.\n", unserved.join(", ")) };
    text
}

fn headline(text: &mut String, run: &Summary) {
    let (cases, different) = (run.sum(|row| row.cases), run.sum(|row| row.different));
    let (setting, kafka, seed) = (words(run.setting), &run.kafka, run.seed);
    let note = if run.note.is_empty() { String::new() } else { format!(" ({})", run.note) };
    let _ = writeln!(text, "- {setting}: {cases} cases, {different} differences; Kafka {kafka}, `SEED={seed}`{note}");
}

fn words(setting: Setting) -> &'static str {
    match setting {
        Setting::Usual => "As most clusters are",
        Setting::Everyone => "`allow.everyone.if.no.acl.found=true`, topics not created by asking",
        Setting::SwitchedOff => "`delete.topic.enable=false`, groups of the classic protocol only",
    }
}

fn by_key(runs: &[Summary]) -> BTreeMap<i16, Counts> {
    let mut rows: BTreeMap<i16, Counts> = BTreeMap::new();
    for (key, counts) in runs.iter().flat_map(|run| &run.rows) {
        rows.entry(*key).or_default().add(counts);
    }
    rows
}

fn table(text: &mut String, runs: &[Summary], long: &[Summary]) {
    *text += "\n\"Refused\" are cases of versions that neither side serves, \"listed\" ones with a difference on purpose, \"silent\"\n\
        ones in which neither side answers: there are requests that a broker never answers.\n\n\
        | key | API | versions | cases | refused | listed | silent | differences | long runs: cases | differences |\n\
        |---|---|---|---|---|---|---|---|---|---|\n";
    let long = by_key(long);
    for (key, row) in by_key(runs) {
        let Counts { name, versions, cases, refused, listed, unanswered, different } = row;
        let versions = if versions.is_empty() { "none".to_owned() } else { versions };
        let (of_long, different_of_long) = long.get(&key).map_or((0, 0), |row| (row.cases, row.different));
        let _ = writeln!(
            text,
            "| {key} | {name} | {versions} | {cases} | {refused} | {listed} | {unanswered} | {different} | {of_long} | {different_of_long} |"
        );
    }
}

fn listed(text: &mut String, runs: &[Summary], long: &[Summary]) {
    *text += "\n## Differences on purpose\n\nCounted as \"listed\" above; `docs/differences.md` says more.\n\n";
    for Listed { api, why, .. } in LISTED {
        let key = ((*api).to_owned(), (*why).to_owned());
        let sum = |runs: &[Summary]| runs.iter().filter_map(|run| run.listed.get(&key)).sum::<u64>();
        let (cases, of_long) = (sum(runs), sum(long));
        let _ = writeln!(text, "- {api}: {why} ({cases} cases; in the long runs {of_long})");
    }
}

fn forgiven(text: &mut String) {
    *text += "\n## What must differ\n\nAll else is compared as it is.\n\n| API | field | why |\n|---|---|---|\n";
    let any = |api: &str| if api == "*" { "any".to_owned() } else { api.to_owned() };
    for (api, field, _, why) in MUST_DIFFER {
        let _ = writeln!(text, "| {} | {field} | {why} |", any(api));
    }
    for (setting, why) in OWN_SETTINGS {
        let rest = if setting.ends_with('.') { "…" } else { "" };
        let _ = writeln!(text, "| DescribeConfigs | the value of `{setting}{rest}` | {why} |");
    }
    let _ =
        writeln!(text, "| DescribeConfigs | loggers but `{}` | those whose classes were used |", LOGGERS.join("`, `"));
    *text += "\nThese lists have no order that could be compared:\n\n| API | list | why |\n|---|---|---|\n";
    for (api, list, _, why) in UNORDERED {
        let _ = writeln!(text, "| {api} | {list} | {why} |");
    }
}
