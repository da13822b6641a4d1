//! `cargo xtask docs`: writes `docs/authorization.md` from the table of APIs; `--check` proves it current.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use apis::{Kind, Row, table};

const PAGE: &str = "docs/authorization.md";

pub(crate) fn run(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let check = match arguments.next().as_deref() {
        None => false,
        Some("--check") => true,
        Some(unknown) => bail!("unknown argument `{unknown}`, expected nothing or `--check`"),
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(PAGE);
    let page = page();
    if !check {
        fs::write(&path, page).with_context(|| format!("cannot write `{PAGE}`"))?;
        println!("wrote {PAGE}");
        return Ok(());
    }
    let current = fs::read_to_string(&path).with_context(|| format!("cannot read `{PAGE}`"))?;
    if current != page {
        bail!("`{PAGE}` is not what the table says; run `cargo xtask docs`");
    }
    println!("{PAGE} is current");
    Ok(())
}

fn page() -> String {
    let mut page = String::from(
        "# What is asked, API by API\n\n\
         Written by `cargo xtask docs` from `crates/apis/src/table.rs`; do not edit.\n\n\
         *Asked* names the operations in the order they are asked, as in the request handlers of Kafka 4.3. Where several stand\n\
         there the API's file says which is asked when. *Versions* are those served, as far as the broker behind has them too.\n\n\
         ## Served\n\n\
         | key | API | versions | asked | a denial is answered at |\n|---:|---|---|---|---|\n",
    );
    for row in table::all().iter().filter(|row| row.kind != Kind::Refuse) {
        let _ = writeln!(
            page,
            "| {} | {} | {}–{} | {} | {} |",
            row.api_key as i16,
            row.api_key.name(),
            row.versions.start(),
            row.versions.end(),
            asked(row),
            row.denial
        );
    }
    page.push_str("\n## Refused\n\nNeither advertised nor served: the connection of whoever sends one is closed.\n\n");
    let refused: Vec<String> = (table::all().iter())
        .filter(|row| row.kind == Kind::Refuse)
        .map(|row| format!("{} ({})", row.api_key.name(), row.api_key as i16))
        .collect();
    for line in refused.chunks(4) {
        let _ = writeln!(page, "{},", line.join(", "));
    }
    page.truncate(page.trim_end().trim_end_matches(',').len());
    page.push_str(".\n");
    page
}

fn asked(row: &Row) -> String {
    if row.requirements.is_empty() {
        return "nothing".to_owned();
    }
    let one = |requirement: &apis::Requirement| format!("{} → {}", requirement.operation, requirement.resource_type);
    row.requirements.iter().map(one).collect::<Vec<_>>().join("; ")
}
