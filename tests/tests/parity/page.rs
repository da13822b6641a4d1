//! `docs/parity.md`: the matrix as the long run leaves it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::exceptions::{LISTED, LOGGERS, Listed, MUST_DIFFER, OWN_SETTINGS, UNORDERED};
use crate::report::{Report, Row};
use crate::scene::Setting;

/// The reports of this process so far.
static REPORTS: Mutex<Vec<Report>> = Mutex::new(Vec::new());

/// Writes the page anew with one more report, if this run is told where.
pub(crate) fn keep(report: Report) -> Result<()> {
    let Ok(path) = std::env::var("PARITY_PAGE") else { return Ok(()) };
    let mut reports = REPORTS.lock().unwrap_or_else(PoisonError::into_inner);
    reports.push(report);
    reports.sort_by_key(|report| report.setting);
    let path = testkit::paths::repository().join(Path::new(&path));
    fs::write(&path, page(&reports)).with_context(|| format!("cannot write `{}`", path.display()))
}

fn page(reports: &[Report]) -> String {
    let mut text = "# Parity with a broker\n\n\
        Written by `make parity`; an edit is lost at the next run.\n\n\
        The same request goes to two real brokers: one that decides by its own `StandardAuthorizer`, and one that decides\n\
        nothing, behind Doorkeeper, which has the same ACLs in its policy file. The decoded answers are compared field for\n\
        field, and after what changes something, what a super user sees of topics, groups, offsets and configurations.\n\
        Requests and answers are written and read by the message definitions of Kafka itself; what is asked is every API\n\
        and version that both sides advertise, by principals with every shape of ACLs, about what exists, what does not,\n\
        nothing, everything, one thing twice and all of that at once (`tests/tests/parity`).\n\n"
        .to_owned();
    for report in reports {
        let _ = writeln!(
            text,
            "- {}: **{} cases, {} differences**; Kafka {}, `SEED={}`",
            words(report.setting),
            report.cases(),
            report.differences(),
            report.kafka,
            report.seed
        );
    }
    table(&mut text, reports);
    listed(&mut text, reports);
    forgiven(&mut text);
    if let Some(report) = reports.first() {
        unserved(&mut text, report);
    }
    text
}

fn words(setting: Setting) -> &'static str {
    match setting {
        Setting::Usual => "As most clusters are",
        Setting::Everyone => "`allow.everyone.if.no.acl.found=true`, topics not created by asking",
        Setting::SwitchedOff => "`delete.topic.enable=false`, groups of the classic protocol only",
    }
}

fn table(text: &mut String, reports: &[Report]) {
    let mut rows: BTreeMap<i16, Vec<&Row>> = BTreeMap::new();
    for (key, row) in reports.iter().flat_map(|report| &report.rows) {
        rows.entry(*key).or_default().push(row);
    }
    *text += "\n| key | API | versions | cases | listed | differences |\n|---|---|---|---|---|---|\n";
    for (key, rows) in rows {
        let Some(first) = rows.first() else { continue };
        let sum = |count: fn(&Row) -> usize| rows.iter().map(|row| count(row)).sum::<usize>();
        let (cases, different) = (sum(|row| row.cases), sum(|row| row.different));
        let listed = sum(|row| row.listed.values().sum());
        let _ = writeln!(text, "| {key} | {} | {} | {cases} | {listed} | {different} |", first.name, first.versions());
    }
}

fn listed(text: &mut String, reports: &[Report]) {
    *text += "\n## Differences on purpose\n\nCounted as \"listed\" above; `docs/differences.md` says more.\n\n";
    for (index, Listed { api, why, .. }) in LISTED.iter().enumerate() {
        let rows = reports.iter().flat_map(|report| report.rows.values());
        let cases: usize = rows.filter_map(|row| row.listed.get(&index)).sum();
        let _ = writeln!(text, "- {api}: {why} ({cases} cases)");
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

fn unserved(text: &mut String, report: &Report) {
    *text += "\n## What the broker advertises and Doorkeeper does not\n\n";
    match report.unserved.is_empty() {
        true => *text += "Nothing.\n",
        false => {
            let _ = writeln!(text, "{}.", report.unserved.join(", "));
        }
    }
}
