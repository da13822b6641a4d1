//! Doorkeeper's own connection to one broker.
//!
//! Connected at the first request, and again after it was lost, with a backoff. Requests of all callers are pipelined; a
//! broker answers them in order. A request whose connection is lost before the answer is sent once more: everything in
//! [`OwnRequest`] may be asked twice.

use std::sync::Arc;

use protocol::messages::{
    ApiVersionsResponse, ConsumerGroupDescribeResponse, DescribeClusterResponse, DescribeConfigsResponse,
    MetadataResponse, StreamsGroupDescribeResponse,
};
use protocol::{Decodable, ErrorCode, GuardedResponse, StrBytes};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use crate::control_task::{ControlTask, Pending};
use crate::{BrokerFault, Connector, HostPort, MetadataTopics, OwnRequest, RequestError};

/// Requests that wait for their turn; more wait with their callers.
const QUEUE: usize = 128;

/// A handle to the connection. It ends when the handle is dropped.
#[derive(Debug)]
pub struct ControlConnection {
    to: HostPort,
    connector: Connector,
    requests: mpsc::Sender<Pending>,
    state: watch::Receiver<ControlState>,
}

/// What is known of the broker.
#[derive(Clone, Debug, Default)]
pub struct ControlState {
    pub connected: bool,
    /// Its answer to ApiVersions when it was last connected.
    pub versions: Option<Arc<ApiVersionsResponse>>,
}

impl ControlConnection {
    /// Nothing is connected yet. `lost` is told when an established connection has ended.
    pub fn new(connector: Connector, to: HostPort, lost: Arc<Notify>) -> ControlConnection {
        let (requests, received) = mpsc::channel(QUEUE);
        let (told, state) = watch::channel(ControlState::default());
        tokio::spawn(ControlTask::new(connector.clone(), to.clone(), received, told, lost).run());
        ControlConnection { to, connector, requests, state }
    }

    /// The broker's address.
    pub fn address(&self) -> &HostPort {
        &self.to
    }

    /// What is known now.
    pub fn state(&self) -> ControlState {
        self.state.borrow().clone()
    }

    /// What the broker can do; connects if that is not known, or may have changed since the connection was lost.
    pub async fn versions(&self) -> Result<Arc<ApiVersionsResponse>, RequestError> {
        let ControlState { connected: true, versions: Some(versions) } = self.state() else {
            return Ok(Arc::new(self.answer(OwnRequest::ApiVersions).await?));
        };
        Ok(versions)
    }

    /// Topics, brokers and the cluster's id.
    pub async fn metadata(
        &self,
        topics: MetadataTopics,
        allow_auto_topic_creation: bool,
    ) -> Result<MetadataResponse, RequestError> {
        let request = OwnRequest::Metadata { topics, allow_auto_topic_creation };
        let response: MetadataResponse = self.answer(request.clone()).await?;
        self.expect_none(&request, response.error_code)?;
        Ok(response)
    }

    /// Configurations of the broker at the other end, which has this id.
    pub async fn describe_broker_configs(
        &self,
        node_id: i32,
        names: Vec<&'static str>,
    ) -> Result<DescribeConfigsResponse, RequestError> {
        self.answer(OwnRequest::DescribeBrokerConfigs { node_id, names }).await
    }

    /// The cluster, with what we may do to it as a bit field.
    pub async fn describe_cluster(&self) -> Result<DescribeClusterResponse, RequestError> {
        let response: DescribeClusterResponse = self.answer(OwnRequest::DescribeCluster).await?;
        self.expect_none(&OwnRequest::DescribeCluster, response.error_code)?;
        Ok(response)
    }

    /// A consumer group with its members. Each group of the answer has its own error.
    pub async fn consumer_group(&self, group: StrBytes) -> Result<ConsumerGroupDescribeResponse, RequestError> {
        self.answer(OwnRequest::ConsumerGroupDescribe { group }).await
    }

    /// A Streams group with its topology. Each group of the answer has its own error.
    pub async fn streams_group(&self, group: StrBytes) -> Result<StreamsGroupDescribeResponse, RequestError> {
        self.answer(OwnRequest::StreamsGroupDescribe { group }).await
    }

    async fn answer<T: Decodable>(&self, request: OwnRequest) -> Result<T, RequestError> {
        let response = self.ask(request.clone()).await?;
        response.decode().map_err(|malformed| self.broker(&request, malformed.into()))
    }

    async fn ask(&self, request: OwnRequest) -> Result<GuardedResponse, RequestError> {
        let api_key = request.api_key();
        let after = self.connector.settings().request_timeout;
        let deadline = Instant::now() + after;
        let (reply, answer) = oneshot::channel();
        let ended = || RequestError::Ended { to: self.to.clone() };
        let answered = timeout_at(deadline, async {
            self.requests.send(Pending::new(request, deadline, reply)).await.map_err(|_| ended())?;
            answer.await.map_err(|_| ended())?
        });
        answered.await.unwrap_or_else(|_| Err(RequestError::Timeout { to: self.to.clone(), api_key, after }))
    }

    fn expect_none(&self, request: &OwnRequest, error: i16) -> Result<(), RequestError> {
        match ErrorCode(error) {
            ErrorCode::NONE => Ok(()),
            error => Err(self.broker(request, BrokerFault::Error { api_key: request.api_key(), error })),
        }
    }

    fn broker(&self, request: &OwnRequest, fault: BrokerFault) -> RequestError {
        RequestError::Broker { to: self.to.clone(), api_key: request.api_key(), fault: Arc::new(fault) }
    }
}
