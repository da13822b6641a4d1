//! The options of `kafka-acls.sh`, read as that tool reads them.
//!
//! Kafka: `AclCommand.AclCommandOptions`, on `jopt-simple`: long options only, never shortened, `--name value` or
//! `--name=value`. Safer here: a name of an option is never taken for the value of another, `--topic=` does not take the
//! next word, and a flag takes no value (there, `--force=false` is `--force`).

use std::collections::BTreeMap;
use std::fmt::Write;

use Value::{None as Flag, Optional, Required};

/// What comes after an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    None,
    /// What it is called in the usage.
    Required(&'static str),
    Optional(&'static str),
}

struct Opt {
    name: &'static str,
    value: Value,
    help: &'static str,
}

const fn opt(name: &'static str, value: Value, help: &'static str) -> Opt {
    Opt { name, value, help }
}

/// All of Kafka's, and ours for what is no cluster.
const OPTIONS: &[Opt] = &[
    opt("bootstrap-server", Required("SERVERS"), "a running Doorkeeper or a broker: `host:port`, separated by commas"),
    opt("bootstrap-controller", Required("SERVERS"), "controllers of a cluster, instead of brokers"),
    opt("command-config", Optional("FILE"), "how to log in there: a Java client's properties"),
    opt("file", Required("FILE"), "the ACL file of a `file` store; comments and form stay"),
    opt("embedded", Required("DIRECTORY"), "an embedded store that no Doorkeeper has open (also --store-directory)"),
    opt("store-directory", Required("DIRECTORY"), ""),
    opt("add", Flag, "adds ACLs"),
    opt("remove", Flag, "removes ACLs; without a principal all of the resource"),
    opt("list", Flag, "lists ACLs, of all resources if none is named"),
    opt("topic", Required("NAME"), "a topic; `*` is every topic. All resources may be given several times"),
    opt("group", Required("NAME"), "a consumer group; `*` is every group"),
    opt("transactional-id", Required("ID"), "a transactional id; `*` is every one"),
    opt("delegation-token", Required("ID"), "a delegation token; `*` is every token"),
    opt("user-principal", Required("PRINCIPAL"), "a user as a resource, such as `User:alice`"),
    opt("cluster", Flag, "the cluster"),
    opt("resource-pattern-type", Required("TYPE"), "literal (default) or prefixed; to list and remove also any, match"),
    opt("operation", Required("NAME"), "an operation such as Read, several times; default All"),
    opt("allow-principal", Required("PRINCIPAL"), "who may: `User:name`, several times; `User:*` is everybody"),
    opt("deny-principal", Required("PRINCIPAL"), "who may not, whatever else allows it"),
    opt("allow-host", Required("HOST"), "from where --allow-principal may; default `*`"),
    opt("deny-host", Required("HOST"), "from where --deny-principal may not; default `*`"),
    opt("principal", Optional("PRINCIPAL"), "with --list: only ACLs of this principal, several times"),
    opt("producer", Flag, "Write, Describe, Create on --topic; Write, Describe on --transactional-id"),
    opt("consumer", Flag, "Read, Describe on --topic; Read on --group"),
    opt("idempotent", Flag, "with --producer: IdempotentWrite on the cluster"),
    opt("force", Flag, "asks nothing"),
    opt("help", Flag, "shows this"),
    opt("version", Flag, "shows the version"),
];

/// The options of a command line, with their values in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Options {
    given: BTreeMap<&'static str, Vec<String>>,
    /// Words that belong to no option, which Kafka's tool does not look at.
    pub(super) ignored: Vec<String>,
}

impl Options {
    /// What is wrong is said in the words of Kafka's tool.
    pub(super) fn parse(words: &[String]) -> Result<Options, String> {
        let mut options = Options::default();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            if word == "--" {
                options.ignored.extend(words.cloned());
                break;
            }
            let Some(rest) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
                options.ignored.push(word.clone());
                continue;
            };
            let (long, name_and_value) = match rest.strip_prefix('-') {
                Some(rest) => (true, rest),
                None => (false, rest),
            };
            let (name, value) = match name_and_value.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (name_and_value, None),
            };
            let Some(found) = OPTIONS.iter().find(|option| option.name == name) else {
                // One dash begins a row of letters, of which there is none.
                let unknown = if long { name.to_owned() } else { name.chars().take(1).collect() };
                return Err(format!("{unknown} is not a recognized option"));
            };
            let values = options.given.entry(found.name).or_default();
            match (found.value, value) {
                (Flag, None) => {}
                (Flag, Some(_)) => return Err(format!("Option {name} takes no argument")),
                (Required(_) | Optional(_), Some(value)) if !value.is_empty() => values.push(value.to_owned()),
                (Required(_), Some(_)) => return Err(format!("Option {name} requires an argument")),
                (Optional(_), Some(_)) => {}
                (Required(_), None) => match words.next_if(|next| !is_option(next)) {
                    Some(value) => values.push(value.clone()),
                    None => return Err(format!("Option {name} requires an argument")),
                },
                (Optional(_), None) => values.extend(words.next_if(|next| !next.starts_with('-')).cloned()),
            }
        }
        Ok(options)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        debug_assert!(OPTIONS.iter().any(|option| option.name == name), "{name}");
        self.given.contains_key(name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.given.is_empty() && self.ignored.is_empty()
    }

    pub(super) fn values(&self, name: &str) -> &[String] {
        debug_assert!(OPTIONS.iter().any(|option| option.name == name), "{name}");
        self.given.get(name).map_or(&[], Vec::as_slice)
    }

    /// The value of an option that may be given once.
    pub(super) fn value(&self, name: &str) -> Result<Option<&str>, String> {
        match self.values(name) {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            _ => Err(format!("Found multiple arguments for option {name}, but you asked for only one")),
        }
    }
}

fn is_option(word: &str) -> bool {
    let name = word.strip_prefix("--").map(|word| word.split_once('=').map_or(word, |(name, _)| name));
    name.is_some_and(|name| OPTIONS.iter().any(|option| option.name == name))
}

/// All options, for the usage.
pub(super) fn usage() -> String {
    let mut text = String::new();
    for Opt { name, value, help } in OPTIONS.iter().filter(|option| !option.help.is_empty()) {
        let option = match value {
            Flag => format!("--{name}"),
            Required(value) => format!("--{name} {value}"),
            Optional(value) => format!("--{name} [{value}]"),
        };
        let _ = writeln!(text, "  {option:<32}  {help}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options, String> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_as_by_kafkas_tool() {
        let options = parsed("--list --topic a --topic=b=c -group g x --principal --command-config --force -- --add")
            .expect("good");
        assert_eq!(options.values("topic"), ["a", "b=c"]);
        assert_eq!(options.values("group"), ["g"]);
        assert!(["list", "principal", "command-config", "force"].iter().all(|name| options.has(name)));
        assert!(options.values("principal").is_empty() && !options.has("add"));
        assert_eq!(options.ignored, ["x", "--add"]);
        assert_eq!(options.value("group"), Ok(Some("g")));
        assert_eq!(
            options.value("topic"),
            Err("Found multiple arguments for option topic, but you asked for only one".to_owned())
        );
    }

    #[test]
    fn what_is_wrong_is_said_as_by_kafkas_tool_or_more_strictly() {
        for (line, expected) in [
            ("--bogus", "bogus is not a recognized option"),
            ("--lis", "lis is not a recognized option"),
            ("-h", "h is not a recognized option"),
            ("-xyz", "x is not a recognized option"),
            ("--list --topic", "Option topic requires an argument"),
            ("--list --topic --group g", "Option topic requires an argument"),
            ("--list --topic= --group g", "Option topic requires an argument"),
            ("--remove --topic t --force=false", "Option force takes no argument"),
        ] {
            assert_eq!(parsed(line), Err(expected.to_owned()), "{line}");
        }
    }
}
