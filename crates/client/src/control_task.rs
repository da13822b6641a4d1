//! The task behind a [`crate::ControlConnection`]: connects, serves, loses, and connects again when there is a reason to.
//!
//! ```text
//! idle ──request──▶ connecting ──▶ serving ──lost, stuck or session over──▶ idle, or connecting if requests are left
//!   ▲                    │ failed: all who wait are told, the next attempt waits (backoff)
//!   └────────────────────┘
//! ```

use std::collections::VecDeque;
use std::sync::Arc;

use protocol::GuardedResponse;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, warn};

use crate::backoff::Backoff;
use crate::conversation::Conversation;
use crate::{BrokerFault, ConnectError, Connected, Connector, ControlState, HostPort, OwnRequest, RequestError};

/// A request and who asked it.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) request: OwnRequest,
    pub(crate) deadline: Instant,
    reply: oneshot::Sender<Result<GuardedResponse, RequestError>>,
    sent_before: bool,
}

impl Pending {
    pub(crate) fn new(
        request: OwnRequest,
        deadline: Instant,
        reply: oneshot::Sender<Result<GuardedResponse, RequestError>>,
    ) -> Pending {
        Pending { request, deadline, reply, sent_before: false }
    }

    /// Who asked may be gone; then nobody is told.
    pub(crate) fn answer(self, answer: Result<GuardedResponse, RequestError>) {
        let _ = self.reply.send(answer);
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}

#[derive(Debug)]
pub(crate) struct ControlTask {
    connector: Connector,
    to: HostPort,
    requests: mpsc::Receiver<Pending>,
    /// To be sent before any other.
    first: VecDeque<Pending>,
    state: watch::Sender<ControlState>,
    lost: Arc<Notify>,
    backoff: Backoff,
}

impl ControlTask {
    pub(crate) fn new(
        connector: Connector,
        to: HostPort,
        requests: mpsc::Receiver<Pending>,
        state: watch::Sender<ControlState>,
        lost: Arc<Notify>,
    ) -> ControlTask {
        ControlTask { connector, to, requests, first: VecDeque::new(), state, lost, backoff: Backoff::default() }
    }

    /// Until the handle is dropped.
    pub(crate) async fn run(mut self) {
        while self.has_request().await {
            match self.connect().await {
                Ok(connected) => self.serve(connected).await,
                Err(error) => self.fail_all(&Arc::new(error)),
            }
        }
    }

    async fn has_request(&mut self) -> bool {
        self.first.retain(|pending| !pending.is_abandoned());
        if self.first.is_empty() {
            let Some(pending) = self.requests.recv().await else { return false };
            self.first.push_back(pending);
        }
        true
    }

    async fn connect(&mut self) -> Result<Connected, ConnectError> {
        sleep_until(self.backoff.not_before(Instant::now())).await;
        let connected = self.connector.connect(&self.to).await;
        if connected.is_err() {
            self.backoff.failed(Instant::now());
        }
        connected
    }

    fn fail_all(&mut self, error: &Arc<ConnectError>) {
        debug!(broker = %self.to, %error, "no control connection");
        let waiting = self.first.drain(..).chain(std::iter::from_fn(|| self.requests.try_recv().ok()));
        for pending in waiting {
            pending.answer(Err(RequestError::Connect(Arc::clone(error))));
        }
    }

    async fn serve(&mut self, connected: Connected) {
        let versions = Arc::new(connected.versions.clone());
        self.state.send_replace(ControlState { connected: true, versions: Some(Arc::clone(&versions)) });
        let mut conversation = Conversation::new(self.to.clone(), connected, versions);
        let end = self.converse(&mut conversation).await;
        if conversation.has_answered() {
            self.backoff.succeeded();
        } else {
            self.backoff.failed(Instant::now());
        }
        self.state.send_modify(|state| state.connected = false);
        let stuck = conversation.into_waiting();
        match end {
            Ok(()) => {}
            Err(End::Stuck) => {
                warn!(broker = %self.to, "the broker does not answer in time: the control connection is given up");
                self.ask_again(stuck, None);
            }
            Err(End::Fault(fault)) if fault.is_loss() => {
                debug!(broker = %self.to, %fault, "control connection lost");
                self.ask_again(stuck, Some(&Arc::new(fault)));
            }
            Err(End::Fault(fault)) => {
                warn!(broker = %self.to, %fault, "the broker misbehaves: the control connection is given up");
                self.ask_again(stuck, Some(&Arc::new(fault)));
            }
        }
        self.lost.notify_one();
    }

    /// Until the broker, the session or the last handle ends it.
    async fn converse(&mut self, conversation: &mut Conversation) -> Result<(), End> {
        let mut open = true;
        loop {
            for pending in self.first.drain(..) {
                conversation.send(pending);
            }
            if conversation.is_idle() && (!open || conversation.is_over()) {
                return Ok(());
            }
            let takes_more = open && conversation.takes_more();
            tokio::select! {
                pending = self.requests.recv(), if takes_more => match pending {
                    Some(pending) => conversation.send(pending),
                    None => open = false,
                },
                outcome = conversation.advance() => outcome?,
            }
        }
    }

    /// Those who waited are sent once more over the next connection, unless they have been already.
    fn ask_again(&mut self, waiting: VecDeque<Pending>, fault: Option<&Arc<BrokerFault>>) {
        for mut pending in waiting {
            let (to, api_key) = (self.to.clone(), pending.request.api_key());
            if pending.deadline <= Instant::now() {
                let after = self.connector.settings().request_timeout;
                pending.answer(Err(RequestError::Timeout { to, api_key, after }));
            } else if let (true, Some(fault)) = (pending.sent_before, fault) {
                pending.answer(Err(RequestError::Broker { to, api_key, fault: Arc::clone(fault) }));
            } else {
                pending.sent_before = true;
                self.first.push_back(pending);
            }
        }
    }
}

/// Why a connection was given up.
#[derive(Debug)]
pub(crate) enum End {
    Fault(BrokerFault),
    /// The oldest request has waited for too long; what comes after it cannot come before it.
    Stuck,
}
