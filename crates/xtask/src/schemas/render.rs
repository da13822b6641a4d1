//! The definitions as the constants of `protocol::schema`.

use std::fmt::Write;

use anyhow::ensure;

use super::definition::{Definition, Field, Kind, MAX, Versions};

pub(super) fn table(kafka: &str, definitions: &[Definition]) -> anyhow::Result<String> {
    let mut out = format!(
        "//! The requests and responses of Kafka {kafka}. Made by `cargo xtask schemas`; do not edit.\n\n\
         use super::definition::*;\n\n\
         pub(super) static MESSAGES: &[Message] = &[\n"
    );
    for definition in definitions {
        message(&mut out, definition)?;
    }
    out.push_str("];\n");
    Ok(out)
}

fn message(out: &mut String, definition: &Definition) -> anyhow::Result<()> {
    let Definition { name, api_key, is_request, versions, flexible, fields } = definition;
    ensure!(flexible.1 == MAX || *flexible == Versions::NONE, "{name}: flexible versions come to an end");
    let flexible = if *flexible == Versions::NONE { "NEVER".to_owned() } else { flexible.0.to_string() };
    let direction = if *is_request { "request" } else { "response" };
    writeln!(out, "    // {name}")?;
    writeln!(out, "    {direction}({api_key}, {}, {}, {flexible}, &[", versions.0, versions.1)?;
    write_fields(out, 2, fields)?;
    writeln!(out, "    ]),")?;
    Ok(())
}

fn write_fields(out: &mut String, depth: usize, fields: &[Field]) -> anyhow::Result<()> {
    for field in fields {
        write!(out, "{:indent$}field(\"{}\", ", "", field.name, indent = depth * 4)?;
        write_kind(out, depth, &field.kind)?;
        write!(out, ", {})", range(field.versions))?;
        if field.nullable != Versions::NONE {
            write!(out, ".nullable({})", range(field.nullable))?;
        }
        if let Some((tag, versions)) = field.tag {
            write!(out, ".tagged({tag}, {})", range(versions))?;
        }
        out.push_str(",\n");
    }
    Ok(())
}

fn write_kind(out: &mut String, depth: usize, kind: &Kind) -> anyhow::Result<()> {
    match kind {
        Kind::Fixed(size) => write!(out, "Fixed({size})")?,
        Kind::String => out.push_str("String"),
        Kind::Bytes => out.push_str("Bytes"),
        Kind::Array(element) => {
            out.push_str("Array(&");
            write_kind(out, depth, element)?;
            out.push(')');
        }
        Kind::Struct(fields) => {
            out.push_str("Struct(&[\n");
            write_fields(out, depth + 1, fields)?;
            write!(out, "{:indent$}])", "", indent = depth * 4)?;
        }
    }
    Ok(())
}

fn range(versions: Versions) -> String {
    match versions {
        Versions(first, MAX) => format!("{first}, MAX"),
        Versions(first, last) => format!("{first}, {last}"),
    }
}
