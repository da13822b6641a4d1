//! Which ACLs a command line of `kafka-acls.sh` is about: for each resource it names, the entries it makes of principals,
//! hosts and operations.
//!
//! Kafka: `AclCommand.getResourceFilterToAcls` and what it calls, with its order of checks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use acl::{
    AccessControlEntry, AclBindingFilter, AclOperation, AclPermissionType, CLUSTER_NAME, KafkaPrincipal, PatternFilter,
    PatternType, ResourcePattern, ResourceType, WILDCARD_HOST,
};

use super::options::Options;
use super::print;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Said with the usage.
    Usage(String),
    /// Said as what happened while the command ran.
    Value(String),
}

/// Resources as they are looked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ResourceFilter {
    pub(super) resource_type: ResourceType,
    pub(super) name: String,
    pub(super) pattern_type: Pattern,
}

/// `--resource-pattern-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pattern {
    Any,
    Match,
    Literal,
    Prefixed,
}

/// `--operation`, as far as Kafka's tool understands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Any,
    Unknown,
    Known(AclOperation),
}

/// The entries of each resource. None at all stands for all that there are.
pub(super) type Plan = BTreeMap<ResourceFilter, Vec<AccessControlEntry>>;

/// What to add: each resource with at least one entry.
pub(super) fn to_add(options: &Options) -> Result<Vec<(ResourcePattern, Vec<AccessControlEntry>)>, Wrong> {
    let pattern_type = match pattern_type(options)? {
        Pattern::Literal => PatternType::Literal,
        Pattern::Prefixed => PatternType::Prefixed,
        said @ (Pattern::Any | Pattern::Match) => {
            let message =
                format!("A '--resource-pattern-type' value of '{}' is not valid when adding acls.", said.name());
            return Err(Wrong::Usage(message));
        }
    };
    let plan = to_remove(options)?;
    if plan.values().any(Vec::is_empty) {
        let message = "You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.";
        return Err(Wrong::Usage(message.to_owned()));
    }
    let pattern = |filter: ResourceFilter| match filter.resource_type {
        // Of `--idempotent`, whatever the others are.
        ResourceType::Cluster => ResourcePattern::literal(ResourceType::Cluster, filter.name),
        resource_type => ResourcePattern::new(resource_type, filter.name, pattern_type),
    };
    Ok(plan.into_iter().map(|(filter, entries)| (pattern(filter), entries)).collect())
}

/// What to remove.
pub(super) fn to_remove(options: &Options) -> Result<Plan, Wrong> {
    let mut plan = Plan::new();
    let (producer, consumer) = (options.has("producer"), options.has("consumer"));
    if !producer && !consumer {
        let entries = entries(options, &operations(options))?;
        for filter in some_resources(options)? {
            plan.insert(filter, entries.clone());
        }
    }
    let mut role = |operations: &[(ResourceType, &[AclOperation])]| -> Result<(), Wrong> {
        for filter in some_resources(options)? {
            if let Some((_, operations)) = operations.iter().find(|(of, _)| *of == filter.resource_type) {
                let operations: Vec<Operation> = operations.iter().copied().map(Operation::Known).collect();
                plan.entry(filter).or_default().extend(entries(options, &operations)?);
            }
        }
        Ok(())
    };
    use AclOperation::{Create, Describe, IdempotentWrite, Read, Write};
    if producer {
        role(&[
            (ResourceType::Topic, &[Write, Describe, Create]),
            (ResourceType::TransactionalId, &[Write, Describe]),
        ])?;
    }
    if consumer {
        role(&[(ResourceType::Topic, &[Read, Describe]), (ResourceType::Group, &[Read])])?;
    }
    if producer && options.has("idempotent") {
        plan.insert(cluster(), entries(options, &[Operation::Known(IdempotentWrite)])?);
    }
    for (filter, entries) in &mut plan {
        in_order(entries);
        supported(filter.resource_type, entries)?;
    }
    if let Some(message) = unknown_operation(options, &plan) {
        return Err(Wrong::Usage(message));
    }
    Ok(plan)
}

/// What to list: each filter finds something else, and none at all stands for everything.
pub(super) fn to_list(options: &Options) -> Result<(BTreeSet<ResourceFilter>, BTreeSet<String>), Wrong> {
    Ok((resources(options)?, principals(options, "principal")?))
}

fn some_resources(options: &Options) -> Result<BTreeSet<ResourceFilter>, Wrong> {
    let resources = resources(options)?;
    match resources.is_empty() {
        false => Ok(resources),
        true => Err(Wrong::Usage(
            "You must provide at least one resource: --topic <topic> or --cluster or --group <group> or --delegation-token <Delegation Token ID>"
                .to_owned(),
        )),
    }
}

fn resources(options: &Options) -> Result<BTreeSet<ResourceFilter>, Wrong> {
    let pattern_type = pattern_type(options)?;
    let mut resources = BTreeSet::new();
    let mut named = |option: &str, resource_type, text: fn(&str) -> &str| {
        resources.extend(options.values(option).iter().map(|name| ResourceFilter {
            resource_type,
            name: text(name).to_owned(),
            pattern_type,
        }));
    };
    named("topic", ResourceType::Topic, trimmed);
    named("group", ResourceType::Group, trimmed);
    named("transactional-id", ResourceType::TransactionalId, |text| text);
    named("delegation-token", ResourceType::DelegationToken, trimmed);
    named("user-principal", ResourceType::User, trimmed);
    if pattern_type == Pattern::Literal && (options.has("cluster") || options.has("idempotent")) {
        resources.insert(cluster());
    }
    Ok(resources)
}

fn cluster() -> ResourceFilter {
    ResourceFilter {
        resource_type: ResourceType::Cluster,
        name: CLUSTER_NAME.to_owned(),
        pattern_type: Pattern::Literal,
    }
}

fn pattern_type(options: &Options) -> Result<Pattern, Wrong> {
    let Some(word) = options.value("resource-pattern-type").map_err(Wrong::Value)? else { return Ok(Pattern::Literal) };
    let all = [Pattern::Any, Pattern::Match, Pattern::Literal, Pattern::Prefixed];
    all.into_iter()
        .find(|pattern| pattern.name().eq_ignore_ascii_case(word))
        .ok_or_else(|| Wrong::Value(format!("Cannot parse argument '{word}' of option resource-pattern-type")))
}

fn operations(options: &Options) -> Vec<Operation> {
    match options.values("operation") {
        [] => vec![Operation::Known(AclOperation::All)],
        words => words.iter().map(|word| operation(trimmed(word))).collect(),
    }
}

/// In Pascal case or any other, without underscores.
fn operation(word: &str) -> Operation {
    if word.eq_ignore_ascii_case("any") {
        return Operation::Any;
    }
    let known = AclOperation::VALUES.iter().copied().find(|operation| operation.name().eq_ignore_ascii_case(word));
    known.map_or(Operation::Unknown, Operation::Known)
}

/// Each principal from each of its hosts with each operation, allowed and denied apart.
fn entries(options: &Options, operations: &[Operation]) -> Result<Vec<AccessControlEntry>, Wrong> {
    let allowed = principals(options, "allow-principal")?;
    let denied = principals(options, "deny-principal")?;
    let mut entries = Vec::new();
    for (principals, hosts, permission_type) in
        [(allowed, "allow-host", AclPermissionType::Allow), (denied, "deny-host", AclPermissionType::Deny)]
    {
        let hosts: BTreeSet<&str> = match options.values(hosts) {
            [] => [WILDCARD_HOST].into(),
            hosts => hosts.iter().map(|host| trimmed(host)).collect(),
        };
        for principal in &principals {
            for host in &hosts {
                for operation in operations {
                    match operation {
                        Operation::Any => return Err(Wrong::Value("operation must not be ANY".to_owned())),
                        // Said of its resource, later.
                        Operation::Unknown => {}
                        Operation::Known(operation) => entries.push(AccessControlEntry::new(
                            principal.as_str(),
                            *host,
                            *operation,
                            permission_type,
                        )),
                    }
                }
            }
        }
    }
    Ok(entries)
}

fn principals(options: &Options, name: &str) -> Result<BTreeSet<String>, Wrong> {
    let parse = |text: &String| match KafkaPrincipal::parse(trimmed(text)) {
        Ok(principal) => Ok(principal.to_string()),
        Err(_) => Err(Wrong::Value(format!(
            "expected a string in format principalType:principalName but got {}",
            trimmed(text)
        ))),
    };
    options.values(name).iter().map(parse).collect()
}

/// What the tool checks, and no broker does.
fn supported(resource_type: ResourceType, entries: &[AccessControlEntry]) -> Result<(), Wrong> {
    let is_supported =
        |operation| operation == AclOperation::All || resource_type.supported_operations().contains(&operation);
    match entries.iter().all(|entry| is_supported(entry.operation)) {
        true => Ok(()),
        false => Err(Wrong::Usage(only_supports(resource_type))),
    }
}

/// An unknown word is an operation that no resource supports, if it makes entries at all.
fn unknown_operation(options: &Options, plan: &Plan) -> Option<String> {
    let makes_entries = options.has("allow-principal") || options.has("deny-principal");
    let is_unknown = operations(options).contains(&Operation::Unknown);
    let (first, _) = plan.first_key_value()?;
    (makes_entries && is_unknown).then(|| only_supports(first.resource_type))
}

fn only_supports(resource_type: ResourceType) -> String {
    let supported = resource_type.supported_operations().iter().copied();
    let names: Vec<&str> = [AclOperation::All].into_iter().chain(supported).map(AclOperation::upper_name).collect();
    format!("ResourceType {} only supports operations [{}]", resource_type.upper_name(), names.join(", "))
}

fn in_order(entries: &mut Vec<AccessControlEntry>) {
    entries.sort_by(print::in_order);
    entries.dedup();
}

/// As Java does it.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|letter| letter <= ' ')
}

impl Pattern {
    fn name(self) -> &'static str {
        match self {
            Pattern::Any => "ANY",
            Pattern::Match => "MATCH",
            Pattern::Literal => "LITERAL",
            Pattern::Prefixed => "PREFIXED",
        }
    }
}

impl ResourceFilter {
    /// All entries of these resources.
    pub(super) fn every_entry(&self) -> AclBindingFilter {
        AclBindingFilter {
            resource_type: Some(self.resource_type),
            name: Some(self.name.as_str().into()),
            pattern_type: match self.pattern_type {
                Pattern::Any => PatternFilter::Any,
                Pattern::Match => PatternFilter::Match,
                Pattern::Literal => PatternFilter::Exactly(PatternType::Literal),
                Pattern::Prefixed => PatternFilter::Exactly(PatternType::Prefixed),
            },
            ..AclBindingFilter::default()
        }
    }

    /// One entry of these resources.
    pub(super) fn entry(&self, entry: &AccessControlEntry) -> AclBindingFilter {
        AclBindingFilter {
            principal: Some(entry.principal.clone()),
            host: Some(entry.host.clone()),
            operation: Some(entry.operation),
            permission_type: Some(entry.permission_type),
            ..self.every_entry()
        }
    }
}

impl fmt::Display for ResourceFilter {
    /// As Kafka's tool prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ResourcePattern(resourceType={}, name={}, patternType={})",
            self.resource_type.upper_name(),
            self.name,
            self.pattern_type.name()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Options {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).expect("good options")
    }

    fn added(line: &str) -> Vec<String> {
        let plan = to_add(&options(line)).expect("a good command");
        let each = plan.into_iter().flat_map(|(pattern, entries)| {
            entries.into_iter().map(move |entry| {
                format!("{} {:?} {} {}", pattern.resource_type, pattern.pattern_type, pattern.name, entry.operation)
            })
        });
        each.collect()
    }

    /// facts: what the convenience options stand for, with the real tool.
    #[test]
    fn convenience_options_stand_for_entries() {
        let line =
            "--allow-principal User:a --producer --consumer --topic t --group g --transactional-id x --idempotent";
        assert_eq!(
            added(&format!("{line} --resource-pattern-type Prefixed")),
            [
                "Topic Prefixed t Read",
                "Topic Prefixed t Write",
                "Topic Prefixed t Create",
                "Topic Prefixed t Describe",
                "Group Prefixed g Read",
                "Cluster Literal kafka-cluster IdempotentWrite",
                "TransactionalId Prefixed x Write",
                "TransactionalId Prefixed x Describe",
            ]
        );
        assert_eq!(
            added("--allow-principal User:a --producer --topic t --group g --cluster"),
            ["Topic Literal t Write", "Topic Literal t Create", "Topic Literal t Describe"]
        );
    }

    #[test]
    fn what_is_wrong_is_said_in_the_tools_order() {
        let usage = |message: &str| Wrong::Usage(message.to_owned());
        let value = |message: &str| Wrong::Value(message.to_owned());
        let group = "ResourceType GROUP only supports operations [ALL, READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS]";
        let no_principal = "You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.";
        for (line, expected) in [
            ("--group g --operation Describe_Configs --allow-principal User:a", usage(group)),
            ("--group g --operation Write --allow-principal User:a", usage(group)),
            ("--group g --operation any --allow-principal User:a", value("operation must not be ANY")),
            ("--group g --operation any", usage(no_principal)),
            ("--group g --operation nonsense", usage(no_principal)),
            (
                "--group g --deny-principal bob",
                value("expected a string in format principalType:principalName but got bob"),
            ),
            (
                "--group g --resource-pattern-type match --deny-principal bob",
                usage("A '--resource-pattern-type' value of 'MATCH' is not valid when adding acls."),
            ),
            ("--resource-pattern-type x", value("Cannot parse argument 'x' of option resource-pattern-type")),
        ] {
            assert_eq!(to_add(&options(line)), Err(expected), "{line}");
        }
    }
}
