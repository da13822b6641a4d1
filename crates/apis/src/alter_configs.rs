//! AlterConfigs (33): `ConfigAdminManager` of the broker, then `ControllerApis.handleLegacyAlterConfigs`.
//!
//! What is malformed is refused before anything is asked: a resource named twice, a setting named twice in it, a null
//! value, a type that is no topic, group, broker or client metrics. Then AlterConfigs on the topic, the group, or the cluster. The answers stand in the order of the request.
//!
//! Settings of a broker that say where it can be reached cannot be altered through us (`docs/differences.md`).

use std::collections::{HashMap, HashSet};

use acl::AclOperation;
use protocol::messages::alter_configs_request::AlterConfigsResource;
use protocol::messages::alter_configs_response::AlterConfigsResourceResponse;
use protocol::messages::{AlterConfigsRequest, AlterConfigsResponse};
use protocol::{ErrorCode, StrBytes};

use crate::config_resource::{ConfigResourceType, tells_an_address};
use crate::{Authorize, Edit, Outcome, RequestContext};

impl Authorize for AlterConfigsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<AlterConfigsResponse> {
        let repeated = repeated(&self.resources);
        let slots: Vec<Option<AlterConfigsResourceResponse>> = (self.resources.iter())
            .map(|resource| {
                let refusal = malformed(resource, &repeated).or_else(|| denial(resource, context));
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
            let answered = std::mem::take(&mut response.responses).into_iter();
            let mut answered: HashMap<_, _> =
                answered.map(|one| ((one.resource_type, one.resource_name.clone()), one)).collect();
            response.responses = order
                .into_iter()
                .filter_map(|(resource_type, name, refused)| refused.or_else(|| answered.remove(&(resource_type, name))))
                .collect();
        }))
    }
}

/// Resources that are named more than once, by type and name.
fn repeated(resources: &[AlterConfigsResource]) -> HashSet<(i8, StrBytes)> {
    let mut seen = HashSet::with_capacity(resources.len());
    let keys = resources.iter().map(|resource| (resource.resource_type, resource.resource_name.clone()));
    keys.filter(|key| !seen.insert(key.clone())).collect()
}

/// What a broker refuses before it asks the authorizer (`ConfigAdminManager.preprocess`).
fn malformed(
    resource: &AlterConfigsResource,
    repeated: &HashSet<(i8, StrBytes)>,
) -> Option<(ErrorCode, Option<&'static str>)> {
    let invalid = |text| Some((ErrorCode::INVALID_REQUEST, Some(text)));
    if repeated.contains(&(resource.resource_type, resource.resource_name.clone())) {
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

#[cfg(test)]
mod tests {
    use protocol::messages::alter_configs_request::AlterableConfig;

    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    const LAST: i16 = 2;

    fn altering(resources: &[(i8, &str, &str)]) -> AlterConfigsRequest {
        let resource = |(resource_type, name, setting): &(i8, &str, &str)| {
            let setting = AlterableConfig::default().with_name(str_bytes(setting)).with_value(Some(str_bytes("1")));
            AlterConfigsResource::default()
                .with_resource_type(*resource_type)
                .with_resource_name(str_bytes(name))
                .with_configs(vec![setting])
        };
        AlterConfigsRequest::default().with_resources(resources.iter().map(resource).collect())
    }

    fn answered(resource_type: i8, name: &str, error: ErrorCode) -> AlterConfigsResourceResponse {
        let text = (error != ErrorCode::NONE).then(|| str_bytes(error.message()));
        AlterConfigsResourceResponse::default()
            .with_resource_type(resource_type)
            .with_resource_name(str_bytes(name))
            .with_error_code(error.0)
            .with_error_message(text)
    }

    #[test]
    fn each_type_of_resource_asks_for_its_own() {
        let request = altering(&[(2, "orders", "a"), (32, "billing", "a"), (4, "1", "num.io.threads"), (16, "m", "a")]);
        for version in [0, LAST] {
            let mut client = Client::with(&[
                "allow AlterConfigs Topic orders",
                "allow AlterConfigs Group billing",
                "allow AlterConfigs Cluster",
            ]);
            assert!(client.ask(version, &request).passed_through());
            assert_eq!(
                client.decisions(),
                [
                    "allowed AlterConfigs Topic orders",
                    "allowed AlterConfigs Group billing",
                    "allowed AlterConfigs Cluster kafka-cluster",
                    "allowed AlterConfigs Cluster kafka-cluster",
                ]
            );
        }
    }

    #[test]
    fn answers_stand_in_the_order_of_the_request() {
        for version in [0, LAST] {
            let mut client = Client::with(&["allow AlterConfigs Topic orders"]);
            let request = altering(&[(2, "pay", "a"), (2, "orders", "a"), (32, "billing", "a"), (4, "", "a")]);
            let asked = client.ask(version, &request);
            assert_eq!(asked.forwarded(), &on_the_wire(version, &altering(&[(2, "orders", "a")])));
            let broker =
                AlterConfigsResponse::default().with_responses(vec![answered(2, "orders", ErrorCode::NONE)]);
            let expected = AlterConfigsResponse::default().with_responses(vec![
                answered(2, "pay", ErrorCode::TOPIC_AUTHORIZATION_FAILED),
                answered(2, "orders", ErrorCode::NONE),
                answered(32, "billing", ErrorCode::GROUP_AUTHORIZATION_FAILED),
                answered(4, "", ErrorCode::CLUSTER_AUTHORIZATION_FAILED),
            ]);
            assert_eq!(client.answer(asked, broker), on_the_wire(version, &expected));
        }
    }

    #[test]
    fn with_all_denied_no_broker_is_asked() {
        for version in [0, LAST] {
            let asked = Client::with(&["allow DescribeConfigs Topic pay"]).ask(version, &altering(&[(2, "pay", "a")]));
            let denied = vec![answered(2, "pay", ErrorCode::TOPIC_AUTHORIZATION_FAILED)];
            let expected = AlterConfigsResponse::default().with_responses(denied);
            assert_eq!(asked.response(), on_the_wire(version, &expected));
        }
    }

    #[test]
    fn what_is_malformed_is_refused_before_anything_is_asked() {
        let twice = altering(&[(2, "orders", "a"), (2, "orders", "b")]);
        let unknown = altering(&[(3, "what", "a")]);
        let mut null = altering(&[(2, "orders", "a")]);
        null.resources[0].configs[0].value = None;
        let mut repeated = altering(&[(2, "orders", "a")]);
        let again = repeated.resources[0].configs[0].clone();
        repeated.resources[0].configs.push(again);
        for request in [twice, unknown, null, repeated] {
            let mut client = Client::with(&["allow All Topic orders"]);
            let answer = client.ask(LAST, &request).response();
            assert!(answer.responses.iter().all(|each| each.error_code == ErrorCode::INVALID_REQUEST.0), "{answer:?}");
            assert_eq!(client.decisions(), Vec::<String>::new());
        }
    }

    #[test]
    fn where_a_broker_can_be_reached_cannot_be_altered() {
        let request = altering(&[(4, "1", "advertised.listeners")]);
        let answer = Client::with(&["allow AlterConfigs Cluster"]).ask(LAST, &request).response();
        assert_eq!(answer.responses[0].error_code, ErrorCode::POLICY_VIOLATION.0);
    }

    /// What takes a step for each pair of resources would take hours here, and the worker with it.
    #[test]
    fn very_many_resources_take_no_longer_than_they_are_many() {
        let resource = |index: usize| {
            AlterConfigsResource::default().with_resource_type(2).with_resource_name(str_bytes(&index.to_string()))
        };
        let request = AlterConfigsRequest::default().with_resources((0..200_000).map(resource).collect());
        assert_eq!(Client::with(&[]).ask(LAST, &request).response().responses.len(), 200_000);
    }
}
