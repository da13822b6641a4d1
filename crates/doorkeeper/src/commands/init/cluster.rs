//! What a cluster tells of itself to somebody who may look at it.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, Result};
use client::{Connector, HostPort, TypedConnection, UpstreamSettings};
use protocol::messages::{DescribeAclsRequest, MetadataRequest};
use protocol::{ApiKey, ErrorCode, StrBytes};

use crate::report::number;

/// ANY, of each part of a filter.
const ANY: i8 = 1;

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) id: Option<String>,
    pub(super) brokers: BTreeMap<i32, HostPort>,
    pub(super) authorizer: Authorizer,
    /// Lines for whoever reads along.
    told: Vec<(&'static str, String)>,
}

/// Whether the cluster decides itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Authorizer {
    /// Everybody who is let in may do everything.
    None,
    /// It has so many ACLs.
    With(usize),
    /// It does not tell, in these words.
    Unknown(String),
}

impl Cluster {
    pub(super) async fn ask(settings: &UpstreamSettings) -> Result<Cluster> {
        let connector = Connector::new(settings.clone())?;
        let mut connection = TypedConnection::open_any(&connector).await?;
        let nothing = MetadataRequest::default().with_topics(Some(Vec::new()));
        let metadata = connection.ask(1..=12, &nothing).await?;
        let id = metadata.cluster_id.as_ref().map(ToString::to_string);
        let mut brokers = BTreeMap::new();
        for broker in &metadata.brokers {
            let port = u16::try_from(broker.port)
                .with_context(|| format!("broker {} says that it is at port {}", broker.node_id.0, broker.port))?;
            brokers.insert(broker.node_id.0, HostPort::new(broker.host.to_string(), port));
        }
        let authorizer = authorizer(&mut connection).await?;
        let mut cluster = Cluster { id, brokers, authorizer, told: Vec::new() };
        cluster.tell_cluster();
        for (node_id, address) in cluster.brokers.clone() {
            let told = match TypedConnection::open(&connector, &address).await {
                Ok(connection) => ("ok", format!("broker {node_id} at {address}: {}", versions(&connection))),
                Err(error) => {
                    ("warning", format!("broker {node_id} at {address} cannot be reached from here: {error}"))
                }
            };
            cluster.told.push(told);
        }
        Ok(cluster)
    }

    #[cfg(test)]
    pub(super) fn for_test(brokers: BTreeMap<i32, HostPort>) -> Cluster {
        Cluster { id: None, brokers, authorizer: Authorizer::None, told: Vec::new() }
    }

    fn tell_cluster(&mut self) {
        let id = self.id.as_deref().unwrap_or("without an id");
        self.told.push(("ok", format!("cluster {id}, {}", number(self.brokers.len(), "broker"))));
        self.told.push(match &self.authorizer {
            Authorizer::None => ("ok", "it has no authorizer: whoever it lets in may do everything".to_owned()),
            Authorizer::With(acls) => ("ok", format!("it has an authorizer with {}", number(*acls, "ACL"))),
            Authorizer::Unknown(reason) => ("warning", format!("it does not tell whether it has ACLs: {reason}")),
        });
    }

    /// What was found, line by line.
    pub(super) fn told(&self) -> String {
        self.told.iter().fold(String::new(), |mut text, (kind, line)| {
            let _ = writeln!(text, "{kind:<8} {line}");
            text
        })
    }
}

async fn authorizer(connection: &mut TypedConnection) -> Result<Authorizer> {
    let everything = DescribeAclsRequest::default()
        .with_resource_type_filter(ANY)
        .with_resource_name_filter(None)
        .with_principal_filter(None)
        .with_host_filter(None)
        .with_pattern_type_filter(ANY)
        .with_operation(ANY)
        .with_permission_type(ANY);
    let response = connection.ask(1..=3, &everything).await?;
    let acls = response.resources.iter().map(|resource| resource.acls.len()).sum();
    let error = ErrorCode(response.error_code);
    let text = |message: Option<StrBytes>| message.map_or_else(|| error.message().to_owned(), |text| text.to_string());
    Ok(match error {
        ErrorCode::NONE => Authorizer::With(acls),
        ErrorCode::SECURITY_DISABLED => Authorizer::None,
        _ => Authorizer::Unknown(format!("{}: {}", error.name(), text(response.error_message))),
    })
}

/// How new a broker is, as far as it says.
fn versions(connection: &TypedConnection) -> String {
    let versions = connection.versions();
    let features = &versions.finalized_features;
    let level = features.iter().find(|feature| feature.name.as_str() == "metadata.version");
    let level = level.map_or_else(String::new, |feature| format!("metadata.version {}, ", feature.max_version_level));
    let newest = versions.api_keys.iter().filter(|api| ApiKey::try_from(api.api_key).is_ok()).count();
    format!("{level}{}", number(newest, "API"))
}
