//! The cluster, asked on one connection to one of its brokers.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use acl::{AclBinding, AclBindingFilter};
use client::{Connector, RequestError, TypedConnection};
use protocol::messages::{CreateAclsRequest, DeleteAclsRequest, DescribeAclsResponse, MetadataRequest};
use protocol::{ApiKey, Decodable, Request};

use super::UpstreamError;
use super::wire;

/// Of the three APIs. Version 0 knows no prefixes.
const VERSIONS: RangeInclusive<i16> = 1..=3;

/// From version 2 on Metadata tells the id of the cluster.
const METADATA_VERSIONS: RangeInclusive<i16> = 2..=12;

/// A connection that was not used for so long may be gone without our knowing (`connections.max.idle.ms`, firewalls); a
/// change sent there might be lost, or might not.
const STALE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Cluster {
    connector: Connector,
    connection: Option<(TypedConnection, Instant)>,
    /// How many connections there were.
    connections: u64,
    /// Its id, once it said one.
    id: Option<String>,
}

impl Cluster {
    pub(super) fn new(connector: Connector) -> Cluster {
        Cluster { connector, connection: None, connections: 0, id: None }
    }

    pub(super) fn request_timeout(&self) -> Duration {
        self.connector.settings().request_timeout
    }

    /// Which connection was asked last. Another one may lead to another broker, which may know less.
    pub(super) fn connection(&self) -> u64 {
        self.connections
    }

    /// All its ACLs. Asked again on another connection if the first one was lost: to read twice does no harm.
    pub(super) async fn describe(&mut self) -> Result<DescribeAclsResponse, UpstreamError> {
        let had_connection = self.connection.is_some();
        let response = match self.ask(&wire::describe_all()).await {
            Err(UpstreamError::Request(RequestError::Broker { .. } | RequestError::Ended { .. })) if had_connection => {
                self.ask(&wire::describe_all()).await?
            }
            answered => answered?,
        };
        UpstreamError::check(ApiKey::DescribeAcls, response.error_code, response.error_message.as_deref())?;
        Ok(response)
    }

    /// Creates them; the first error of any of them, if there is one. Others may have been created then.
    pub(super) async fn create(&mut self, bindings: &[AclBinding]) -> Result<(), UpstreamError> {
        let creations = bindings.iter().map(wire::creation).collect();
        let response = self.ask(&CreateAclsRequest::default().with_creations(creations)).await?;
        for result in &response.results {
            UpstreamError::check(ApiKey::CreateAcls, result.error_code, result.error_message.as_deref())?;
        }
        Ok(())
    }

    /// Deletes what the filters find, and says what that was, each filter by itself; the first error of any of them, if
    /// there is one. What others found may have been deleted then.
    pub(super) async fn delete(&mut self, filters: &[AclBindingFilter]) -> Result<Vec<Vec<AclBinding>>, UpstreamError> {
        let filters = filters.iter().map(wire::filter).collect();
        let response = self.ask(&DeleteAclsRequest::default().with_filters(filters)).await?;
        let mut found = Vec::with_capacity(response.filter_results.len());
        let mut unknown = BTreeSet::new();
        for result in &response.filter_results {
            UpstreamError::check(ApiKey::DeleteAcls, result.error_code, result.error_message.as_deref())?;
            let mut of_one = Vec::with_capacity(result.matching_acls.len());
            for acl in &result.matching_acls {
                UpstreamError::check(ApiKey::DeleteAcls, acl.error_code, acl.error_message.as_deref())?;
                match wire::deleted(acl) {
                    Some(binding) => of_one.push(binding),
                    None => drop(unknown.insert(format!("{acl:?}"))),
                }
            }
            found.push(of_one);
        }
        for acl in unknown {
            tracing::warn!("an ACL was deleted at the cluster that this release does not know: {acl}");
        }
        Ok(found)
    }

    async fn ask<T>(&mut self, request: &T) -> Result<T::Response, UpstreamError>
    where
        T: Request,
        T::Response: Decodable,
    {
        // Taken out, so that whoever stops waiting leaves no connection that is half way.
        let usable =
            self.connection.take().filter(|(connection, used)| !connection.is_over() && used.elapsed() < STALE);
        let mut connection = match usable {
            Some((connection, _)) => connection,
            None => self.connect().await?,
        };
        let response = connection.ask(VERSIONS, request).await?;
        self.connection = Some((connection, Instant::now()));
        Ok(response)
    }

    /// To the first bootstrap server that answers, if it belongs to the cluster whose ACLs are in use.
    async fn connect(&mut self) -> Result<TypedConnection, UpstreamError> {
        let mut connection = TypedConnection::open_any(&self.connector).await?;
        self.connections = self.connections.wrapping_add(1);
        let nothing = MetadataRequest::default().with_topics(Some(Vec::new())).with_allow_auto_topic_creation(false);
        let metadata = connection.ask(METADATA_VERSIONS, &nothing).await?;
        let Some(found) = metadata.cluster_id.map(|id| id.to_string()) else { return Ok(connection) };
        match &self.id {
            Some(expected) if *expected != found => {
                let address = connection.address().to_string();
                Err(UpstreamError::OtherCluster { address, found, expected: expected.clone() })
            }
            _ => {
                self.id = Some(found);
                Ok(connection)
            }
        }
    }
}
