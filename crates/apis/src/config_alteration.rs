//! What AlterConfigs and IncrementalAlterConfigs have in common: which resources are refused, and in which order the answers
//! stand (`ConfigAdminManager` of the broker, then `ControllerApis`).
//!
//! What is malformed is refused before anything is asked. Then AlterConfigs on the topic, the group, or the cluster. Settings
//! of a broker that say where it can be reached cannot be altered through us (`docs/differences.md`).

use std::collections::{HashMap, HashSet};

use acl::AclOperation;
use protocol::{ErrorCode, StrBytes};

use crate::RequestContext;
use crate::config_resource::{ConfigResourceType, tells_an_address};

/// A resource of the request, whichever of the two it is.
pub(crate) struct Alteration<'r> {
    pub(crate) key: ResourceKey,
    pub(crate) settings: Vec<&'r StrBytes>,
    /// Whether a setting has a null value that the operation on it does not allow.
    pub(crate) has_null: bool,
}

/// Type and name of a resource, as on the wire.
pub(crate) type ResourceKey = (i8, StrBytes);

/// Why a resource is not altered; without a text where a broker sends none.
pub(crate) struct Refusal {
    pub(crate) error: ErrorCode,
    pub(crate) text: Option<&'static str>,
}

/// Whether the request may name a broker's loggers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loggers {
    Altered,
    Refused,
}

/// What becomes of each resource, in the order of the request.
pub(crate) fn judge(
    alterations: &[Alteration<'_>],
    loggers: Loggers,
    context: &mut RequestContext<'_>,
) -> Vec<Option<Refusal>> {
    let mut seen = HashSet::with_capacity(alterations.len());
    let repeated: HashSet<&ResourceKey> =
        alterations.iter().map(|alteration| &alteration.key).filter(|&key| !seen.insert(key)).collect();
    let refusal =
        |alteration: &Alteration<'_>| malformed(alteration, &repeated, loggers).or_else(|| denial(alteration, context));
    alterations.iter().map(refusal).collect()
}

/// What a broker refuses before it asks the authorizer (`ConfigAdminManager.preprocess`).
fn malformed(alteration: &Alteration<'_>, repeated: &HashSet<&ResourceKey>, loggers: Loggers) -> Option<Refusal> {
    let invalid = |text| Some(Refusal { error: ErrorCode::INVALID_REQUEST, text: Some(text) });
    if repeated.contains(&alteration.key) {
        return invalid("each resource must appear at most once");
    }
    let mut names = alteration.settings.clone();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return invalid("a setting of the resource appears more than once");
    }
    if alteration.has_null {
        return invalid("a setting of the resource has a null value");
    }
    match ConfigResourceType::from_code(alteration.key.0) {
        None => invalid("unexpected resource type"),
        Some(ConfigResourceType::BrokerLogger) if loggers == Loggers::Refused => invalid("unexpected resource type"),
        Some(_) => None,
    }
}

fn denial(alteration: &Alteration<'_>, context: &mut RequestContext<'_>) -> Option<Refusal> {
    let (code, name) = &alteration.key;
    let resource_type = ConfigResourceType::from_code(*code)?;
    if let Err(error) = resource_type.authorize(AclOperation::AlterConfigs, name, context) {
        // A broker answers for its loggers itself, and without a text.
        let text = (resource_type != ConfigResourceType::BrokerLogger).then(|| error.message());
        return Some(Refusal { error, text });
    }
    let address = resource_type == ConfigResourceType::Broker
        && alteration.settings.iter().any(|setting| tells_an_address(setting));
    let text = Some("addresses of brokers cannot be altered through Doorkeeper");
    address.then_some(Refusal { error: ErrorCode::POLICY_VIOLATION, text })
}

/// A place in the answer: filled here, or by the broker.
pub(crate) enum Slot<A> {
    Refused(A),
    Asked(ResourceKey),
}

/// The answers in the order of the request.
pub(crate) fn in_order<A>(slots: Vec<Slot<A>>, answered: Vec<A>, key: impl Fn(&A) -> ResourceKey) -> Vec<A> {
    let mut answered: HashMap<ResourceKey, A> = answered.into_iter().map(|answer| (key(&answer), answer)).collect();
    let answer = |slot| match slot {
        Slot::Refused(answer) => Some(answer),
        Slot::Asked(key) => answered.remove(&key),
    };
    slots.into_iter().filter_map(answer).collect()
}
