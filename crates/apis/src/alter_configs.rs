//! AlterConfigs (33): `ConfigAdminManager` of the broker, then `ControllerApis.handleLegacyAlterConfigs`.
//!
//! What is malformed is refused before anything is asked: a resource named twice, a setting named twice in it, a null
//! value, a type that is no topic, group, broker or client metrics. Then AlterConfigs on the topic, the group, or the cluster. The answers stand in the order of the request.
//!
//! Settings of a broker that say where it can be reached cannot be altered through us (`docs/differences.md`).

use acl::AclOperation;
use protocol::messages::alter_configs_request::AlterConfigsResource;
use protocol::messages::alter_configs_response::AlterConfigsResourceResponse;
use protocol::messages::{AlterConfigsRequest, AlterConfigsResponse};
use protocol::{ErrorCode, StrBytes};

use crate::config_resource::{ConfigResourceType, tells_an_address};
use crate::{Authorize, Edit, Outcome, RequestContext};

impl Authorize for AlterConfigsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<AlterConfigsResponse> {
        let slots: Vec<Option<AlterConfigsResourceResponse>> = (self.resources.iter())
            .map(|resource| {
                let refusal = malformed(resource, &self.resources).or_else(|| denial(resource, context));
                refusal.map(|(error, text)| refused(resource, error, text))
            })
            .collect();
        if slots.iter().all(Option::is_none) {
            return Outcome::Forward;
        }
        if slots.iter().all(Option::is_some) {
            let responses = slots.into_iter().flatten().collect();
            return Outcome::Respond(AlterConfigsResponse::default().with_responses(responses));
        }
        let mut clean = slots.iter().map(Option::is_none);
        self.resources.retain(|_| clean.next().unwrap_or(false));
        let order: Vec<(i8, StrBytes, Option<AlterConfigsResourceResponse>)> = {
            let mut left = self.resources.iter();
            (slots.into_iter())
                .filter_map(|slot| match slot {
                    Some(refused) => Some((refused.resource_type, refused.resource_name.clone(), Some(refused))),
                    None => left.next().map(|resource| (resource.resource_type, resource.resource_name.clone(), None)),
                })
                .collect()
        };
        Outcome::ForwardReduced(Edit::typed(move |_, response: &mut AlterConfigsResponse| {
            let mut answered = std::mem::take(&mut response.responses);
            for (resource_type, name, refused) in order {
                let place = || answered.iter().position(|a| a.resource_type == resource_type && a.resource_name == name);
                match refused {
                    Some(refused) => response.responses.push(refused),
                    None => {
                        if let Some(index) = place() {
                            response.responses.push(answered.swap_remove(index));
                        }
                    }
                }
            }
        }))
    }
}

/// What a broker refuses before it asks the authorizer (`ConfigAdminManager.preprocess`).
fn malformed(
    resource: &AlterConfigsResource,
    all: &[AlterConfigsResource],
) -> Option<(ErrorCode, Option<&'static str>)> {
    let same = |other: &&AlterConfigsResource| {
        other.resource_type == resource.resource_type && other.resource_name == resource.resource_name
    };
    let invalid = |text| Some((ErrorCode::INVALID_REQUEST, Some(text)));
    if all.iter().filter(same).count() > 1 {
        return invalid("each resource must appear at most once");
    }
    let mut names: Vec<&StrBytes> = resource.configs.iter().map(|setting| &setting.name).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return invalid("a setting of the resource appears more than once");
    }
    if resource.configs.iter().any(|setting| setting.value.is_none()) {
        return invalid("a setting of the resource has a null value");
    }
    match ConfigResourceType::from_code(resource.resource_type) {
        None | Some(ConfigResourceType::BrokerLogger) => invalid("unexpected resource type"),
        Some(_) => None,
    }
}

fn denial(
    resource: &AlterConfigsResource,
    context: &mut RequestContext<'_>,
) -> Option<(ErrorCode, Option<&'static str>)> {
    let resource_type = ConfigResourceType::from_code(resource.resource_type)?;
    if let Err(error) = resource_type.authorize(AclOperation::AlterConfigs, &resource.resource_name, context) {
        // A broker answers for its loggers itself, and without a text.
        let text = (resource_type != ConfigResourceType::BrokerLogger).then(|| error.message());
        return Some((error, text));
    }
    let address = resource_type == ConfigResourceType::Broker
        && resource.configs.iter().any(|setting| tells_an_address(&setting.name));
    address.then_some((ErrorCode::POLICY_VIOLATION, Some("addresses of brokers cannot be altered through Doorkeeper")))
}

fn refused(
    resource: &AlterConfigsResource,
    error: ErrorCode,
    text: Option<&'static str>,
) -> AlterConfigsResourceResponse {
    AlterConfigsResourceResponse::default()
        .with_error_code(error.0)
        .with_error_message(text.map(StrBytes::from_static_str))
        .with_resource_type(resource.resource_type)
        .with_resource_name(resource.resource_name.clone())
}
