//! The audit: who was allowed or refused what, who logged in, what was reloaded, who changed what.
//!
//! Decisions are told as Kafka's `StandardAuthorizer` tells them, on the same logger name `kafka.authorizer.logger`:
//! refusals at INFO, permissions at DEBUG, mere probing at TRACE; and as JSON, one object a line, if a file is named.
//!
//! ```text
//! connection ──bounded queue──▶ writer thread ──▶ log, JSON file
//! ```
//!
//! A connection only puts events into the queue. What is slow (working out the rule that decided, formatting, writing)
//! is done by the thread, and only for lines that are really written. When the queue is full, `audit.overflow` says what
//! happens: `drop` (counted, and told) or `block` (the request waits).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use acl::{AclBinding, AuthorizationResult, Grants, Identity, MatchingRule};
use apis::Decision;
use metrics::{Counter, counter};
use protocol::ApiKey;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tracing::Level;

use crate::audit_writer::{AuditWriter, open_json};
use crate::settings::{AuditSettings, Overflow};

/// Kafka's name of the audit log.
pub(crate) const AUTHORIZER_LOGGER: &str = "kafka.authorizer.logger";
/// Names longer than this are judged at once, so that the queue does not hold them.
const LONG_NAME: usize = 1024;

/// Something to be told.
#[derive(Debug)]
pub(crate) enum Event {
    Decision(Box<DecisionEvent>),
    Login(Box<LoginEvent>),
    Reload(Box<store::Reload>),
    Changes(Box<ChangeEvent>),
    Configuration(Box<ConfigurationEvent>),
    Offline(Box<OfflineEvent>),
    /// Lines of one connection that were too many for a second.
    Suppressed {
        principal: String,
        peer: SocketAddr,
        lines: u64,
    },
    /// The writer ends.
    End,
}

#[derive(Debug)]
pub(crate) struct DecisionEvent {
    pub grants: Arc<Grants>,
    pub api_key: ApiKey,
    pub operation: acl::AclOperation,
    pub resource_type: acl::ResourceType,
    /// A copy: a slice would keep the whole request.
    pub name: Box<str>,
    pub result: AuthorizationResult,
    /// Denied, and let through.
    pub is_shadow_denied: bool,
    pub reference_count: i32,
    pub level: Level,
    /// Worked out by the writer, unless the name was too long to keep.
    pub rule: Option<MatchingRule>,
}

#[derive(Debug)]
pub(crate) struct LoginEvent {
    pub listener: Arc<str>,
    pub peer: SocketAddr,
    /// Of SASL, or `SSL`.
    pub mechanism: &'static str,
    /// The principal, or the true cause of the failure.
    pub outcome: Result<String, String>,
}

/// What somebody changed by one request.
#[derive(Debug)]
pub(crate) struct ChangeEvent {
    pub identity: Arc<Identity>,
    pub api_key: ApiKey,
    pub changes: Vec<Change>,
}

/// Which configuration a start is with.
#[derive(Debug)]
pub(crate) struct ConfigurationEvent {
    pub file: String,
    /// Its digest at the start before, if anybody knows.
    pub before: Option<String>,
    pub after: String,
}

/// What the command line changed in a store since it was in use last.
#[derive(Debug)]
pub(crate) struct OfflineEvent {
    /// Its directory.
    pub store: String,
    pub untold: store::embedded::Untold,
    /// Hears when all of it is written.
    pub written: oneshot::Sender<()>,
}

/// One thing that is not as it was.
#[derive(Debug)]
pub(crate) enum Change {
    AclCreated(AclBinding),
    AclDeleted(AclBinding),
    Credential(store::AlteredCredential),
}

/// Puts events into the queue. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Audit {
    queue: mpsc::Sender<Event>,
    settings: Arc<AuditSettings>,
    dropped: Arc<AtomicU64>,
    events_total: Counter,
    dropped_total: Counter,
}

impl Audit {
    /// Opens the JSON file, if there is one, and starts the writer.
    pub(crate) fn start(settings: AuditSettings) -> io::Result<(Audit, AuditWriter)> {
        let json = settings.json.as_deref().map(open_json).transpose()?;
        let (queue, events) = mpsc::channel(settings.queue.max(1));
        let dropped = Arc::new(AtomicU64::new(0));
        let writer = AuditWriter::start(events, json, settings.allowed, Arc::clone(&dropped))?;
        let audit = Audit {
            queue,
            settings: Arc::new(settings),
            dropped,
            events_total: counter!("doorkeeper_audit_events_total"),
            dropped_total: counter!("doorkeeper_audit_dropped_total"),
        };
        Ok((audit, writer))
    }

    /// Whether anybody reads about decisions of this outcome.
    fn level_if_wanted(&self, decision: &Decision) -> Option<Level> {
        let allowed = decision.result.is_allowed();
        let of_interest = if allowed { decision.log_if_allowed } else { decision.log_if_denied };
        let (level, logged) = match (of_interest, allowed) {
            (true, false) => (Level::INFO, tracing::enabled!(target: AUTHORIZER_LOGGER, Level::INFO)),
            (true, true) => (Level::DEBUG, tracing::enabled!(target: AUTHORIZER_LOGGER, Level::DEBUG)),
            (false, _) => (Level::TRACE, tracing::enabled!(target: AUTHORIZER_LOGGER, Level::TRACE)),
        };
        let in_json = self.settings.json.is_some() && of_interest && (!allowed || self.settings.allowed);
        (logged || in_json).then_some(level)
    }

    /// Tells of decisions. What it gives back has to wait for the queue ([`Self::wait`]): `audit.overflow: block`.
    #[must_use]
    pub(crate) fn decisions(
        &self,
        lines: &mut Lines,
        grants: &Arc<Grants>,
        api_key: ApiKey,
        decisions: &[Decision],
    ) -> Vec<Event> {
        let mut waiting = Vec::new();
        for decision in decisions {
            let Some(level) = self.level_if_wanted(decision) else { continue };
            let suppressed = match lines.take(self.settings.lines_per_connection_and_second) {
                Some(suppressed) => suppressed,
                None => continue,
            };
            if suppressed > 0 {
                let principal = grants.identity().principal.to_string();
                waiting.extend(self.put(Event::Suppressed { principal, peer: lines.peer, lines: suppressed }));
            }
            let event = DecisionEvent::new(grants, api_key, decision, level);
            waiting.extend(self.put(Event::Decision(Box::new(event))));
        }
        waiting
    }

    /// The connection has ended: says how many of its lines were suppressed last.
    pub(crate) fn end_of_lines(&self, lines: &mut Lines, principal: &str) {
        let suppressed = std::mem::take(&mut lines.suppressed);
        if suppressed > 0 {
            let event = Event::Suppressed { principal: principal.to_owned(), peer: lines.peer, lines: suppressed };
            self.put_or_drop(event);
        }
    }

    pub(crate) async fn login(&self, login: LoginEvent) {
        let waiting = self.put(Event::Login(Box::new(login)));
        self.wait(waiting).await;
    }

    /// Is lost as any other if it changes nothing; otherwise as [`Audit::changes`].
    pub(crate) async fn reload(&self, reload: store::Reload) {
        let changes = matches!(&reload, store::Reload::Loaded { edits, .. } if !edits.is_empty());
        let event = Event::Reload(Box::new(reload));
        if changes {
            self.events_total.increment(1);
            self.wait([event]).await;
        } else {
            let waiting = self.put(event);
            self.wait(waiting).await;
        }
    }

    /// Changes are never lost, whatever `audit.overflow` says: they are few.
    pub(crate) async fn changes(&self, changes: ChangeEvent) {
        self.events_total.increment(1);
        self.wait([Event::Changes(Box::new(changes))]).await;
    }

    /// As [`Audit::changes`].
    pub(crate) async fn configuration(&self, configuration: ConfigurationEvent) {
        self.events_total.increment(1);
        self.wait([Event::Configuration(Box::new(configuration))]).await;
    }

    /// As [`Audit::changes`]. Whether it is written, in the log and in the file.
    pub(crate) async fn offline(&self, store: String, untold: store::embedded::Untold) -> bool {
        self.events_total.increment(1);
        let (written, is_written) = oneshot::channel();
        self.wait([Event::Offline(Box::new(OfflineEvent { store, untold, written }))]).await;
        is_written.await.is_ok()
    }

    /// Puts in what did not fit.
    pub(crate) async fn wait(&self, waiting: impl IntoIterator<Item = Event>) {
        for event in waiting {
            // An error means that the writer has ended: the process stops.
            let _ = self.queue.send(event).await;
        }
    }

    /// Gives the event back if it has to wait.
    fn put(&self, event: Event) -> Option<Event> {
        self.events_total.increment(1);
        match (self.queue.try_send(event), self.settings.overflow) {
            (Err(TrySendError::Full(event)), Overflow::Block) => Some(event),
            (Err(TrySendError::Full(_)), Overflow::Drop) => {
                self.count_dropped();
                None
            }
            (Ok(()) | Err(TrySendError::Closed(_)), _) => None,
        }
    }

    fn put_or_drop(&self, event: Event) {
        self.events_total.increment(1);
        if matches!(self.queue.try_send(event), Err(TrySendError::Full(_))) {
            self.count_dropped();
        }
    }

    fn count_dropped(&self) {
        self.dropped.fetch_add(1, Relaxed);
        self.dropped_total.increment(1);
    }
}

impl DecisionEvent {
    fn new(grants: &Arc<Grants>, api_key: ApiKey, decision: &Decision, level: Level) -> DecisionEvent {
        let is_long = decision.name.len() > LONG_NAME;
        let explain = || grants.explain(decision.operation, decision.resource_type, &decision.name).1;
        let end = decision.name.floor_char_boundary(LONG_NAME);
        DecisionEvent {
            grants: Arc::clone(grants),
            api_key,
            operation: decision.operation,
            resource_type: decision.resource_type,
            name: decision.name.get(..end).unwrap_or_default().into(),
            result: decision.result,
            is_shadow_denied: decision.is_shadow_denied,
            reference_count: decision.reference_count,
            level,
            rule: is_long.then(explain),
        }
    }
}

/// How many lines one connection has caused in the second of now.
#[derive(Debug)]
pub(crate) struct Lines {
    peer: SocketAddr,
    second: u64,
    written: u32,
    suppressed: u64,
}

impl Lines {
    pub(crate) fn new(peer: SocketAddr) -> Lines {
        Lines { peer, second: 0, written: 0, suppressed: 0 }
    }

    /// The time of now, in milliseconds, before decisions are told.
    pub(crate) fn at(&mut self, now: u64) {
        let second = now / 1000;
        if second != self.second {
            self.second = second;
            self.written = 0;
        }
    }

    /// Whether one more may be written; if so, how many could not before.
    fn take(&mut self, most: u32) -> Option<u64> {
        if self.written >= most {
            self.suppressed += 1;
            return None;
        }
        self.written += 1;
        Some(std::mem::take(&mut self.suppressed))
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use acl::{AclOperation, Host, KafkaPrincipal, Policy, ResourceType, Settings};
    use protocol::StrBytes;

    use super::*;

    /// A queue that nobody empties.
    fn audit(overflow: Overflow, queue: usize, lines: u32) -> (Audit, mpsc::Receiver<Event>) {
        let (sender, events) = mpsc::channel(queue);
        let settings = AuditSettings {
            overflow,
            lines_per_connection_and_second: lines,
            json: Some("some file".into()),
            ..AuditSettings::default()
        };
        let audit = Audit {
            queue: sender,
            settings: Arc::new(settings),
            dropped: Arc::default(),
            events_total: Counter::noop(),
            dropped_total: Counter::noop(),
        };
        (audit, events)
    }

    fn grants() -> Arc<Grants> {
        let identity = Identity {
            principal: KafkaPrincipal::user("alice"),
            groups: Vec::new(),
            host: Host::from(std::net::IpAddr::from([10, 0, 0, 1])),
            listener: "CLIENT".into(),
            authenticated_by_token: false,
        };
        Arc::new(Policy::empty(Settings::default()).grants(&Arc::new(identity)))
    }

    fn denied(name: &str, log_if_denied: bool) -> Decision {
        Decision {
            operation: AclOperation::Read,
            resource_type: ResourceType::Topic,
            name: StrBytes::from_string(name.to_owned()),
            result: AuthorizationResult::Denied,
            is_shadow_denied: false,
            reference_count: 1,
            log_if_allowed: true,
            log_if_denied,
        }
    }

    fn lines() -> Lines {
        Lines::new(([10, 0, 0, 1], 5555).into())
    }

    /// The names that events are about, or how many lines were suppressed.
    fn told(events: &mut mpsc::Receiver<Event>) -> Vec<String> {
        std::iter::from_fn(|| events.try_recv().ok())
            .map(|event| match event {
                Event::Decision(decision) => decision.name.into_string(),
                Event::Suppressed { principal, lines, .. } => format!("{principal}: {lines} suppressed"),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn a_connection_has_so_many_lines_a_second_and_says_how_many_it_left_out() {
        let (audit, mut events) = audit(Overflow::Drop, 100, 2);
        let mut lines = lines();
        let decisions: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| denied(name, true)).collect();
        lines.at(5_000);
        assert!(audit.decisions(&mut lines, &grants(), ApiKey::Fetch, &decisions).is_empty());
        assert_eq!(told(&mut events), ["a", "b"]);
        lines.at(5_999);
        assert!(audit.decisions(&mut lines, &grants(), ApiKey::Fetch, &decisions[..1]).is_empty());
        assert_eq!(told(&mut events), [""; 0]);
        lines.at(6_000);
        assert!(audit.decisions(&mut lines, &grants(), ApiKey::Fetch, &decisions).is_empty());
        assert_eq!(told(&mut events), ["User:alice: 3 suppressed", "a", "b"]);
        audit.end_of_lines(&mut lines, "User:alice");
        assert_eq!(told(&mut events), ["User:alice: 2 suppressed"]);
    }

    #[test]
    fn probing_is_not_told() {
        let (audit, mut events) = audit(Overflow::Drop, 100, 100);
        assert!(audit.decisions(&mut lines(), &grants(), ApiKey::Fetch, &[denied("a", false)]).is_empty());
        assert_eq!(told(&mut events), [""; 0]);
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_counted() {
        let (audit, mut events) = audit(Overflow::Drop, 1, 100);
        let decisions = [denied("a", true), denied("b", true), denied("c", true)];
        assert!(audit.decisions(&mut lines(), &grants(), ApiKey::Fetch, &decisions).is_empty());
        assert_eq!((told(&mut events), audit.dropped.load(Relaxed)), (vec!["a".to_owned()], 2));
    }

    #[tokio::test]
    async fn what_does_not_fit_is_waited_for_where_nothing_may_happen_untold() {
        let (audit, mut events) = audit(Overflow::Block, 1, 100);
        let decisions = [denied("a", true), denied("b", true)];
        let waiting = audit.decisions(&mut lines(), &grants(), ApiKey::Fetch, &decisions);
        assert_eq!(waiting.len(), 1);
        let waits = tokio::spawn(async move { audit.wait(waiting).await });
        let mut names = Vec::new();
        while let Some(Event::Decision(decision)) = events.recv().await {
            names.push(decision.name.into_string());
        }
        waits.await.expect("it ended");
        assert_eq!(names, ["a", "b"]);
    }
}
