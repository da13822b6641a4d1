//! What AlterConfigs and IncrementalAlterConfigs have in common: which resources are refused, and in which order the answers
//! stand (`ConfigAdminManager` of the broker, then `ControllerApis`).
//!
//! What is malformed is refused before anything is asked. Then AlterConfigs on the topic, the group, or the cluster. Settings
//! of a broker that say where it can be reached cannot be altered through us (`docs/differences.md`).
//!
//! A broker finds out what is wrong with new settings of its own before it asks whether the caller may alter them. So a
//! denied alteration of a broker is tried ([`Fate::Tried`]): it goes on to be validated only, and is denied if it is valid.
//! That takes a request in which nothing else is to be altered; in others it is denied right away.

use std::collections::{HashMap, HashSet};

use acl::AclOperation;
use protocol::{ErrorCode, StrBytes};

use crate::RequestContext;
use crate::config_resource::{ConfigResourceType, tells_an_address};

/// A resource of the request, whichever of the two it is.
pub(crate) struct Alteration<'r> {
    pub(crate) key: ResourceKey,
    pub(crate) settings: Vec<&'r StrBytes>,
    /// Those with a null value that the operation on them does not allow.
    pub(crate) nulls: Vec<&'r StrBytes>,
}

/// Type and name of a resource, as on the wire.
pub(crate) type ResourceKey = (i8, StrBytes);

/// Why a resource is not altered; without a text where a broker sends none.
pub(crate) struct Refusal {
    pub(crate) error: ErrorCode,
    pub(crate) text: Option<StrBytes>,
}

/// What becomes of a resource.
pub(crate) enum Fate {
    Goes,
    Refused(Refusal),
    /// Goes on to be validated, and is refused if the broker finds nothing wrong with it.
    Tried(Refusal),
}

/// Whether the request may name a broker's loggers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loggers {
    Altered,
    Refused,
}

/// What becomes of each resource, in the order of the request. If any is tried, the request must become one that only
/// validates.
pub(crate) fn judge(
    alterations: &[Alteration<'_>],
    loggers: Loggers,
    validate_only: bool,
    context: &mut RequestContext<'_>,
) -> Vec<Fate> {
    let mut seen = HashSet::with_capacity(alterations.len());
    let repeated: HashSet<&ResourceKey> =
        alterations.iter().map(|alteration| &alteration.key).filter(|&key| !seen.insert(key)).collect();
    let fate = |alteration: &Alteration<'_>| match malformed(alteration, &repeated, loggers) {
        Some(refusal) => Fate::Refused(refusal),
        None => authorized(alteration, context),
    };
    let mut fates: Vec<Fate> = alterations.iter().map(fate).collect();
    if !validate_only && fates.iter().any(|fate| matches!(fate, Fate::Goes)) {
        fates = fates.into_iter().map(Fate::without_trial).collect();
    }
    fates
}

impl Fate {
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self, Fate::Refused(_))
    }

    pub(crate) fn is_tried(&self) -> bool {
        matches!(self, Fate::Tried(_))
    }

    fn without_trial(self) -> Fate {
        match self {
            Fate::Tried(refusal) => Fate::Refused(refusal),
            fate => fate,
        }
    }
}

/// What a broker refuses before it asks the authorizer (`ConfigAdminManager.preprocess`).
fn malformed(alteration: &Alteration<'_>, repeated: &HashSet<&ResourceKey>, loggers: Loggers) -> Option<Refusal> {
    let invalid =
        |text: String| Some(Refusal { error: ErrorCode::INVALID_REQUEST, text: Some(StrBytes::from_string(text)) });
    let (code, _) = alteration.key;
    if repeated.contains(&alteration.key) {
        return invalid("Each resource must appear at most once.".to_owned());
    }
    let mut names = alteration.settings.clone();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return invalid("Error due to duplicate config keys".to_owned());
    }
    if !alteration.nulls.is_empty() {
        let nulls: Vec<&str> = alteration.nulls.iter().map(|name| &***name).collect();
        return invalid(format!("Null value not supported for : {}", nulls.join(", ")));
    }
    match ConfigResourceType::from_code(code) {
        None => invalid(format!("Unknown resource type {code}")),
        Some(ConfigResourceType::BrokerLogger) if loggers == Loggers::Refused => {
            invalid(format!("Unknown resource type {code}"))
        }
        Some(_) => None,
    }
}

fn authorized(alteration: &Alteration<'_>, context: &mut RequestContext<'_>) -> Fate {
    let (code, name) = &alteration.key;
    let Some(resource_type) = ConfigResourceType::from_code(*code) else { return Fate::Goes };
    let is_broker = resource_type == ConfigResourceType::Broker;
    let address = is_broker && alteration.settings.iter().any(|setting| tells_an_address(setting));
    if let Err(error) = resource_type.authorize(AclOperation::AlterConfigs, name, context) {
        // A broker answers for its loggers itself, and without a text.
        let has_text = resource_type != ConfigResourceType::BrokerLogger;
        let text = has_text.then(|| StrBytes::from_static_str(error.message()));
        let refusal = Refusal { error, text };
        return if is_broker && !address { Fate::Tried(refusal) } else { Fate::Refused(refusal) };
    }
    let text = StrBytes::from_static_str("addresses of brokers cannot be altered through Doorkeeper");
    match address {
        true => Fate::Refused(Refusal { error: ErrorCode::POLICY_VIOLATION, text: Some(text) }),
        false => Fate::Goes,
    }
}

/// A place in the answer: filled here, or by the broker.
pub(crate) enum Slot<A> {
    Refused(A),
    Asked(ResourceKey),
    /// Filled by the broker if it found something wrong, else by this.
    Tried(ResourceKey, A),
}

/// Whether an error is one that a broker finds before it asks the authorizer. What the controller finds comes after it: a
/// policy, and that `min.insync.replicas` of the cluster has to stay while there are eligible leader replicas.
pub(crate) fn is_found_before_authorization(error: i16, text: Option<&StrBytes>) -> bool {
    let of_controller = |text: &StrBytes| text.contains("min.insync.replicas") && text.contains("ELR");
    error != ErrorCode::NONE.0 && error != ErrorCode::POLICY_VIOLATION.0 && !text.is_some_and(of_controller)
}

/// The answers in the order of the request. `is_fault` says whether a broker had found that before it asked the authorizer.
pub(crate) fn in_order<A>(
    slots: Vec<Slot<A>>,
    answered: Vec<A>,
    key: impl Fn(&A) -> ResourceKey,
    is_fault: impl Fn(&A) -> bool,
) -> Vec<A> {
    let mut answered: HashMap<ResourceKey, A> = answered.into_iter().map(|answer| (key(&answer), answer)).collect();
    let answer = |slot| match slot {
        Slot::Refused(answer) => Some(answer),
        Slot::Asked(key) => answered.remove(&key),
        Slot::Tried(key, denied) => {
            let answer = answered.remove(&key);
            Some(answer.filter(|answer| is_fault(answer)).unwrap_or(denied))
        }
    };
    slots.into_iter().filter_map(answer).collect()
}
