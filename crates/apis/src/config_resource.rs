//! Resources of the configuration APIs (`org.apache.kafka.common.config.ConfigResource`): which right they need, and
//! which settings of a broker say where it can be reached.

use acl::{AclOperation, CLUSTER_NAME, ResourceType};
use protocol::{ErrorCode, StrBytes};

use crate::{RequestContext, error_code_of};

/// The types of `ConfigResource.Type` that a broker serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConfigResourceType {
    Topic,
    Broker,
    BrokerLogger,
    ClientMetrics,
    Group,
}

impl ConfigResourceType {
    /// By the code on the wire.
    pub(crate) fn from_code(code: i8) -> Option<ConfigResourceType> {
        match code {
            2 => Some(ConfigResourceType::Topic),
            4 => Some(ConfigResourceType::Broker),
            8 => Some(ConfigResourceType::BrokerLogger),
            16 => Some(ConfigResourceType::ClientMetrics),
            32 => Some(ConfigResourceType::Group),
            _ => None,
        }
    }

    /// Asks for the operation on what the resource stands for; the error code of a denial otherwise.
    pub(crate) fn authorize(
        self,
        operation: AclOperation,
        name: &StrBytes,
        context: &mut RequestContext<'_>,
    ) -> Result<(), ErrorCode> {
        const CLUSTER: StrBytes = StrBytes::from_static_str(CLUSTER_NAME);
        let (resource_type, name) = match self {
            ConfigResourceType::Topic => (ResourceType::Topic, name.clone()),
            ConfigResourceType::Group => (ResourceType::Group, name.clone()),
            ConfigResourceType::Broker | ConfigResourceType::BrokerLogger | ConfigResourceType::ClientMetrics => {
                (ResourceType::Cluster, CLUSTER)
            }
        };
        if context.authorize(operation, resource_type, &name) { Ok(()) } else { Err(error_code_of(resource_type)) }
    }
}

/// Whether a setting of a broker says where brokers or controllers can be reached: a way around us. It is shown blank,
/// and cannot be altered through us (`docs/differences.md`). Of the controllers' quorum nothing is shown.
pub(crate) fn tells_an_address(setting: &str) -> bool {
    const NAMES: [&str; 6] =
        ["listeners", "host.name", "port", "zookeeper.connect", "advertised.host.name", "advertised.port"];
    let name = setting.rsplit_once("listener.name.").map_or(setting, |(_, rest)| rest);
    NAMES.contains(&name)
        || name.starts_with("advertised.")
        || name.starts_with("controller.quorum.")
        || name.ends_with("bootstrap.servers")
        || name == "controller.listeners"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_tell_an_address_are_known() {
        for setting in [
            "listeners",
            "advertised.listeners",
            "controller.quorum.voters",
            "controller.quorum.bootstrap.servers",
            "controller.quorum.election.timeout.ms",
            "rlmm.config.remote.log.metadata.common.client.bootstrap.servers",
        ] {
            assert!(tells_an_address(setting), "{setting}");
        }
        for setting in ["listener.security.protocol.map", "controller.listener.names", "num.io.threads"] {
            assert!(!tells_an_address(setting), "{setting}");
        }
    }
}
