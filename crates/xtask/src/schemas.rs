//! `cargo xtask schemas [--check] [--jar PATH]`: the guard's table of Kafka's messages.
//!
//! Kafka's own code is generated from JSON definitions, and the kafka-clients jar carries them. So does our table
//! (`crates/protocol/src/schema/table.rs`): the guard knows what the real parser knows, for every key and version,
//! also those that `kafka-protocol` lacks. `--check` only says whether the table is current.

mod definition;
mod render;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use definition::Definition;

const KAFKA: &str = "4.3.0";
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol/src/schema/table.rs");

pub(crate) fn run(arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let options = Options::parse(arguments)?;
    let jar = options.jar.map_or_else(jar_of_maven, Ok)?;
    let table = render::table(KAFKA, &read_definitions(&jar)?)?;
    if options.check {
        let current = fs::read_to_string(TABLE).with_context(|| format!("cannot read `{TABLE}`"))?;
        ensure!(current == table, "the schema table is not what {} says; run `cargo xtask schemas`", jar.display());
        println!("the schema table is current");
    } else {
        fs::write(TABLE, table).with_context(|| format!("cannot write `{TABLE}`"))?;
    }
    Ok(())
}

#[derive(Default)]
struct Options {
    check: bool,
    jar: Option<PathBuf>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Options> {
        let mut options = Options::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--check" => options.check = true,
                "--jar" => options.jar = Some(arguments.next().context("`--jar` needs a path")?.into()),
                unknown => {
                    bail!("unknown argument `{unknown}`, expected `--check` or `--jar PATH`")
                }
            }
        }
        Ok(options)
    }
}

/// The jar that Maven has fetched for the tests.
fn jar_of_maven() -> anyhow::Result<PathBuf> {
    let home = std::env::var_os("HOME").context("`HOME` is not set; give the path with `--jar`")?;
    let jar = Path::new(&home)
        .join(format!(".m2/repository/org/apache/kafka/kafka-clients/{KAFKA}/kafka-clients-{KAFKA}.jar"));
    ensure!(
        jar.exists(),
        "{} does not exist; run `mvn dependency:get -Dartifact=org.apache.kafka:kafka-clients:{KAFKA}`, \
         or give the path with `--jar`",
        jar.display()
    );
    Ok(jar)
}

/// Every request and response of the jar that still has versions, in the order of keys, requests first.
fn read_definitions(jar: &Path) -> anyhow::Result<Vec<Definition>> {
    let file = File::open(jar).with_context(|| format!("cannot open `{}`", jar.display()))?;
    let mut archive = zip::ZipArchive::new(file)?;
    let mut definitions = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let name = entry.name()?.into_owned();
        if name.starts_with("common/message/") && name.ends_with(".json") {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            definitions.extend(Definition::parse(&text).with_context(|| format!("in `{name}`"))?);
        }
    }
    ensure!(!definitions.is_empty(), "`{}` holds no message definitions", jar.display());
    definitions.sort_by_key(|definition| (definition.api_key, !definition.is_request));
    Ok(definitions)
}
