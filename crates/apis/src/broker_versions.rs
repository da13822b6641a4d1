//! What a broker said it can do, in its answer to ApiVersions.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use protocol::ApiKey;
use protocol::messages::ApiVersionsResponse;

/// What one broker can do. Keys that this release of Doorkeeper does not know are dropped.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BrokerVersions {
    ranges: BTreeMap<ApiKey, RangeInclusive<i16>>,
    /// The answer as it came, for its features.
    response: ApiVersionsResponse,
}

impl BrokerVersions {
    /// From a broker's answer to ApiVersions.
    pub fn new(response: ApiVersionsResponse) -> BrokerVersions {
        let ranges = response
            .api_keys
            .iter()
            .filter_map(|api| Some((ApiKey::try_from(api.api_key).ok()?, api.min_version..=api.max_version)))
            .collect();
        BrokerVersions { ranges, response }
    }

    /// The versions of an API that the broker serves.
    pub fn range(&self, api_key: ApiKey) -> Option<RangeInclusive<i16>> {
        self.ranges.get(&api_key).cloned()
    }

    /// The answer as the broker gave it: its features and their epoch.
    pub fn response(&self) -> &ApiVersionsResponse {
        &self.response
    }
}
