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
    let brokers = response.results.iter_mut().filter(|result| {
        ConfigResourceType::from_code(result.resource_type) == Some(ConfigResourceType::Broker)
    });
    for setting in brokers.flat_map(|result| result.configs.iter_mut()) {
        if tells_an_address(&setting.name) {
            blank(setting);
        } else {
            setting.synonyms.iter_mut().filter(|synonym| tells_an_address(&synonym.name)).for_each(|each| each.value = None);
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
