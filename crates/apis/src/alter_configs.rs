//! AlterConfigs (33): `ConfigAdminManager` of the broker, then `ControllerApis.handleLegacyAlterConfigs`.
//!
//! Every setting is replaced at once; see `config_alteration.rs` for what is refused. Loggers cannot be altered so.

use protocol::messages::alter_configs_request::AlterConfigsResource;
use protocol::messages::alter_configs_response::AlterConfigsResourceResponse;
use protocol::messages::{AlterConfigsRequest, AlterConfigsResponse};

use crate::config_alteration::{self, Alteration, Fate, Loggers, Refusal, ResourceKey, Slot};
use crate::{Authorize, Edit, Outcome, RequestContext};

impl Authorize for AlterConfigsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<AlterConfigsResponse> {
        let asked: Vec<Alteration<'_>> = self.resources.iter().map(alteration).collect();
        let fates = config_alteration::judge(&asked, Loggers::Refused, self.validate_only, context);
        let tried = fates.iter().any(Fate::is_tried);
        if !tried && !fates.iter().any(Fate::is_refused) {
            return Outcome::Forward;
        }
        let slots: Vec<Slot<AlterConfigsResourceResponse>> = (asked.into_iter().zip(fates))
            .map(|(Alteration { key, .. }, fate)| match fate {
                Fate::Refused(refusal) => Slot::Refused(refused(key, refusal)),
                Fate::Goes => Slot::Asked(key),
                Fate::Tried(refusal) => Slot::Tried(key.clone(), refused(key, refusal)),
            })
            .collect();
        let mut goes = slots.iter().map(|slot| !matches!(slot, Slot::Refused(_)));
        self.resources.retain(|_| goes.next().unwrap_or(false));
        let nothing_left = self.resources.is_empty();
        self.validate_only |= tried;
        let fill = move |_: &mut RequestContext<'_>, response: &mut AlterConfigsResponse| {
            let answered = std::mem::take(&mut response.responses);
            let key = |answer: &AlterConfigsResourceResponse| (answer.resource_type, answer.resource_name.clone());
            let is_fault = |answer: &AlterConfigsResourceResponse| {
                config_alteration::is_found_before_authorization(answer.error_code, answer.error_message.as_ref())
            };
            response.responses = config_alteration::in_order(slots, answered, key, is_fault);
        };
        if nothing_left {
            let mut response = AlterConfigsResponse::default();
            fill(context, &mut response);
            return Outcome::Respond(response);
        }
        Outcome::ForwardReduced(Edit::typed(fill))
    }
}

fn alteration(resource: &AlterConfigsResource) -> Alteration<'_> {
    let nulls = resource.configs.iter().filter(|setting| setting.value.is_none());
    Alteration {
        key: (resource.resource_type, resource.resource_name.clone()),
        settings: resource.configs.iter().map(|setting| &setting.name).collect(),
        nulls: nulls.map(|setting| &setting.name).collect(),
    }
}

fn refused((resource_type, name): ResourceKey, refusal: Refusal) -> AlterConfigsResourceResponse {
    AlterConfigsResourceResponse::default()
        .with_error_code(refusal.error.0)
        .with_error_message(refusal.text)
        .with_resource_type(resource_type)
        .with_resource_name(name)
}

#[cfg(test)]
mod tests {
    use protocol::ErrorCode;
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
            let broker = AlterConfigsResponse::default().with_responses(vec![answered(2, "orders", ErrorCode::NONE)]);
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
    fn a_denied_alteration_of_brokers_shows_only_faults_that_a_broker_finds_before_it_asks() {
        let request = altering(&[(4, "", "a"), (4, "1", "b")]);
        let mut client = Client::with(&[]);
        let asked = client.ask(LAST, &request);
        let mut validated = request.clone();
        validated.validate_only = true;
        assert_eq!(asked.forwarded(), &on_the_wire(LAST, &validated));
        let fault = answered(4, "1", ErrorCode::INVALID_CONFIG);
        let elr = str_bytes("Cluster-level min.insync.replicas cannot be removed while ELR is enabled.");
        let later = answered(4, "", ErrorCode::INVALID_CONFIG).with_error_message(Some(elr));
        let broker = AlterConfigsResponse::default().with_responses(vec![later, fault.clone()]);
        let expected = vec![answered(4, "", ErrorCode::CLUSTER_AUTHORIZATION_FAILED), fault];
        assert_eq!(
            client.answer(asked, broker),
            on_the_wire(LAST, &AlterConfigsResponse::default().with_responses(expected))
        );
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
