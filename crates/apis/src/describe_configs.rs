//! DescribeConfigs (32): `ConfigHelper.handleDescribeConfigsRequest`.
//!
//! DescribeConfigs on the topic, the group, or the cluster (brokers, loggers, client metrics). A resource of any other
//! type spoils the whole request, though what stands before it has been asked. Allowed ones are answered first.
//!
//! Where a broker's settings say where brokers can be reached they are shown blank, as sensitive ones are: our own
//! difference (`docs/differences.md`).

use acl::AclOperation;
use protocol::messages::describe_configs_request::DescribeConfigsResource;
use protocol::messages::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult};
use protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};
use protocol::{ErrorCode, StrBytes};

use crate::config_resource::{ConfigResourceType, tells_an_address};
use crate::{Authorize, Edit, Outcome, RequestContext};

impl Authorize for DescribeConfigsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DescribeConfigsResponse> {
        let mut denied = Vec::new();
        let mut allowed = Vec::new();
        let mut brokers = false;
        for resource in &self.resources {
            let Some(resource_type) = ConfigResourceType::from_code(resource.resource_type) else {
                let results = self.resources.iter().map(|each| refused(each, ErrorCode::INVALID_REQUEST)).collect();
                return Outcome::Respond(DescribeConfigsResponse::default().with_results(results));
            };
            match resource_type.authorize(AclOperation::DescribeConfigs, &resource.resource_name, context) {
                Ok(()) => allowed.push(resource.clone()),
                Err(error) => denied.push(refused(resource, error)),
            }
            brokers |= resource_type == ConfigResourceType::Broker;
        }
        let nothing_left = allowed.is_empty();
        let reduced = !denied.is_empty();
        if reduced && nothing_left {
            return Outcome::Respond(DescribeConfigsResponse::default().with_results(denied));
        }
        if !reduced && !brokers {
            return Outcome::Forward;
        }
        let edit = Edit::typed(move |_, response: &mut DescribeConfigsResponse| {
            blank_addresses(response);
            response.results.extend(denied);
        });
        if !reduced {
            return Outcome::ForwardThen(edit);
        }
        self.resources = allowed;
        Outcome::ForwardReduced(edit)
    }
}

fn refused(resource: &DescribeConfigsResource, error: ErrorCode) -> DescribeConfigsResult {
    DescribeConfigsResult::default()
        .with_resource_type(resource.resource_type)
        .with_resource_name(resource.resource_name.clone())
        .with_error_code(error.0)
        .with_error_message(Some(StrBytes::from_static_str(error.message())))
}

fn blank_addresses(response: &mut DescribeConfigsResponse) {
    let brokers = response
        .results
        .iter_mut()
        .filter(|result| ConfigResourceType::from_code(result.resource_type) == Some(ConfigResourceType::Broker));
    for setting in brokers.flat_map(|result| result.configs.iter_mut()) {
        if tells_an_address(&setting.name) {
            blank(setting);
        } else {
            setting
                .synonyms
                .iter_mut()
                .filter(|synonym| tells_an_address(&synonym.name))
                .for_each(|each| each.value = None);
        }
    }
}

fn blank(setting: &mut DescribeConfigsResourceResult) {
    setting.value = None;
    setting.is_sensitive = true;
    for synonym in &mut setting.synonyms {
        synonym.value = None;
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::describe_configs_response::DescribeConfigsSynonym;

    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    const ALL_CONFIGS: &str = "allow AlterConfigs Cluster";

    fn resource(resource_type: i8, name: &str) -> DescribeConfigsResource {
        DescribeConfigsResource::default().with_resource_type(resource_type).with_resource_name(str_bytes(name))
    }

    fn asking(resources: &[(i8, &str)]) -> DescribeConfigsRequest {
        let resources = resources.iter().map(|(resource_type, name)| resource(*resource_type, name)).collect();
        DescribeConfigsRequest::default().with_resources(resources)
    }

    fn told(resource_type: i8, name: &str, configs: Vec<DescribeConfigsResourceResult>) -> DescribeConfigsResult {
        let result = DescribeConfigsResult::default().with_resource_type(resource_type);
        result.with_resource_name(str_bytes(name)).with_configs(configs)
    }

    fn setting(name: &str, value: Option<&str>) -> DescribeConfigsResourceResult {
        DescribeConfigsResourceResult::default().with_name(str_bytes(name)).with_value(value.map(str_bytes))
    }

    #[test]
    fn each_type_of_resource_asks_for_its_own() {
        let request = asking(&[(2, "orders"), (32, "billing"), (4, "1"), (8, "1"), (16, "metrics")]);
        for version in [1, 4] {
            let mut client =
                Client::with(&["allow AlterConfigs Topic orders", "allow DescribeConfigs Group billing", ALL_CONFIGS]);
            assert!(client.ask(version, &request).went_on_as_it_came());
            assert_eq!(
                client.decisions(),
                [
                    "allowed DescribeConfigs Topic orders",
                    "allowed DescribeConfigs Group billing",
                    "allowed DescribeConfigs Cluster kafka-cluster",
                    "allowed DescribeConfigs Cluster kafka-cluster",
                    "allowed DescribeConfigs Cluster kafka-cluster",
                ]
            );
        }
    }

    #[test]
    fn denied_resources_are_appended_and_alone_no_broker_is_asked() {
        for version in [1, 4] {
            let mut client = Client::with(&["allow DescribeConfigs Topic orders"]);
            let asked = client.ask(version, &asking(&[(32, "billing"), (2, "orders"), (4, "1")]));
            assert_eq!(asked.forwarded(), &asking(&[(2, "orders")]));
            let broker = DescribeConfigsResponse::default().with_results(vec![told(2, "orders", Vec::new())]);
            let group = refused(&resource(32, "billing"), ErrorCode::GROUP_AUTHORIZATION_FAILED);
            let node = refused(&resource(4, "1"), ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
            let expected = vec![told(2, "orders", Vec::new()), group.clone(), node];
            let expected = DescribeConfigsResponse::default().with_results(expected);
            assert_eq!(client.answer(asked, broker), on_the_wire(version, &expected));

            let expected = DescribeConfigsResponse::default().with_results(vec![group]);
            assert_eq!(client.ask(version, &asking(&[(32, "billing")])).response(), on_the_wire(version, &expected));
        }
    }

    #[test]
    fn a_resource_of_unknown_type_spoils_the_request() {
        let answer = Client::with(&[ALL_CONFIGS]).ask(4, &asking(&[(4, "1"), (3, "?"), (4, "2")])).response();
        let errors: Vec<i16> = answer.results.iter().map(|result| result.error_code).collect();
        assert_eq!(errors, [ErrorCode::INVALID_REQUEST.0; 3]);
    }

    #[test]
    fn where_a_broker_can_be_reached_is_not_shown() {
        let mut client = Client::with(&[ALL_CONFIGS]);
        let asked = client.ask(4, &asking(&[(4, "1")]));
        let synonym =
            DescribeConfigsSynonym::default().with_name(str_bytes("listeners")).with_value(Some(str_bytes("x")));
        let shown = setting("num.io.threads", Some("8"));
        let hidden = setting("listeners", Some("PLAINTEXT://kafka-1:9092")).with_synonyms(vec![synonym.clone()]);
        let broker = DescribeConfigsResponse::default().with_results(vec![told(4, "1", vec![shown.clone(), hidden])]);
        let blank = setting("listeners", None).with_is_sensitive(true).with_synonyms(vec![synonym.with_value(None)]);
        let expected = DescribeConfigsResponse::default().with_results(vec![told(4, "1", vec![shown, blank])]);
        assert_eq!(client.answer(asked, broker), expected);
    }
}
