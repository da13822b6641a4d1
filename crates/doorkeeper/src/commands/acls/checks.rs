//! Which options go together: the checks of Kafka's `AclCommandOptions.checkArgs`, in their order and words.

use super::options::Options;

/// Where ACLs may be, and how it is said that none or several are named.
const TARGETS: [&str; 5] = ["bootstrap-server", "bootstrap-controller", "file", "embedded", "store-directory"];

/// What is wrong first.
pub(super) fn check(options: &Options) -> Result<(), String> {
    let has = |name: &str| options.has(name);
    let targets: Vec<&str> = TARGETS.into_iter().filter(|name| has(name)).collect();
    match targets.as_slice() {
        [_] => {}
        [] => {
            return refuse(
                "One of --bootstrap-server or --bootstrap-controller must be specified, or --file or --embedded",
            );
        }
        ["bootstrap-server", "bootstrap-controller"] => {
            return refuse("Only one of --bootstrap-server or --bootstrap-controller must be specified");
        }
        [first, second, ..] => return Err(not_together(first, second)),
    }
    if has("command-config") && !has("bootstrap-server") && !has("bootstrap-controller") {
        return refuse(
            "The --command-config option is only available if --bootstrap-server or --bootstrap-controller is set",
        );
    }
    if ["add", "remove", "list"].into_iter().filter(|name| has(name)).count() != 1 {
        return refuse("Command must include exactly one action: --list, --add, --remove. ");
    }
    let not_with = |option: &'static str, others: &[&'static str]| match others.iter().find(|other| has(other)) {
        Some(other) if has(option) => Err(not_together(option, other)),
        _ => Ok(()),
    };
    not_with("list", &["producer", "consumer", "allow-host", "allow-principal", "deny-host", "deny-principal"])?;
    not_with("producer", &["operation", "deny-principal", "deny-host"])?;
    not_with("consumer", &["operation", "deny-principal", "deny-host"])?;
    if has("principal") && !has("list") {
        return refuse("The --principal option is only available if --list is set");
    }
    if has("producer") && !has("topic") {
        return refuse("With --producer you must specify a --topic");
    }
    if has("idempotent") && !has("producer") {
        return refuse("The --idempotent option is only available if --producer is set");
    }
    let is_too_much = !has("producer") && (has("cluster") || has("transactional-id"));
    if has("consumer") && (!has("topic") || !has("group") || is_too_much) {
        return refuse(
            "With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should be specified.",
        );
    }
    Ok(())
}

fn refuse(message: &str) -> Result<(), String> {
    Err(message.to_owned())
}

fn not_together(option: &str, other: &str) -> String {
    format!("Option \"[{option}]\" can't be used with option \"[{other}]\"")
}
