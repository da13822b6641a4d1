//! The thread that writes the audit: Kafka's line into the log, and JSON into a file.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use acl::{AclBinding, MatchingRule};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tracing::Level;

use crate::audit::{
    AUTHORIZER_LOGGER, Change, ChangeEvent, ConfigurationEvent, DecisionEvent, Event, LoginEvent, OfflineEvent,
};
use crate::audit_offline;

/// Bytes of a name that are written.
const LONGEST_NAME: usize = 256;

/// The thread, as long as it writes.
#[derive(Debug)]
pub(crate) struct AuditWriter {
    thread: JoinHandle<()>,
}

/// Opens the file that JSON is appended to. It tells who does what: a new one is not for everybody on the machine.
pub(crate) fn open_json(path: &Path) -> io::Result<BufWriter<File>> {
    Ok(BufWriter::new(OpenOptions::new().create(true).append(true).mode(0o640).open(path)?))
}

impl AuditWriter {
    pub(crate) fn start(
        mut events: mpsc::Receiver<Event>,
        json: Option<BufWriter<File>>,
        allowed_in_json: bool,
        dropped: Arc<AtomicU64>,
    ) -> io::Result<AuditWriter> {
        let mut writer = Writer { json, allowed_in_json, dropped };
        let thread = std::thread::Builder::new().name("audit".to_owned()).spawn(move || {
            while let Some(event) = events.blocking_recv() {
                if matches!(event, Event::End) {
                    break;
                }
                writer.write(event);
                if events.is_empty() {
                    writer.flush();
                }
            }
            writer.flush();
        })?;
        Ok(AuditWriter { thread })
    }

    /// Waits until all events up to [`Event::End`] are written.
    pub(crate) fn join(self) {
        // The thread only panics if the log does; there is nobody left to tell.
        let _ = self.thread.join();
    }
}

struct Writer {
    json: Option<BufWriter<File>>,
    allowed_in_json: bool,
    dropped: Arc<AtomicU64>,
}

impl Writer {
    fn write(&mut self, event: Event) {
        match event {
            Event::Decision(decision) => self.decision(*decision),
            Event::Login(login) => self.login(&login),
            Event::Reload(reload) => self.reload(&reload),
            Event::Changes(changes) => self.changes(&changes),
            Event::Configuration(configuration) => self.configuration(&configuration),
            Event::Offline(event) => {
                self.offline(&event);
                self.flush();
                // Whoever does not wait any more leaves them to the next start.
                let _ = event.written.send(());
            }
            Event::Suppressed { principal, peer, lines } => {
                let principal = readable(&principal);
                tracing::info!(target: AUTHORIZER_LOGGER, "suppressed {lines} lines of {principal} from {peer}");
                self.json(|| {
                    json!({ "event": "suppressed", "principal": principal, "peer": peer.to_string(), "lines": lines })
                });
            }
            Event::End => {}
        }
        self.tell_of_dropped();
    }

    fn decision(&mut self, event: DecisionEvent) {
        let explain = || event.grants.explain(event.operation, event.resource_type, &event.name).1;
        let rule = event.rule.clone().unwrap_or_else(explain);
        let line = audit_line(&event, &rule);
        match event.level {
            Level::INFO => tracing::info!(target: AUTHORIZER_LOGGER, "{line}"),
            Level::DEBUG => tracing::debug!(target: AUTHORIZER_LOGGER, "{line}"),
            _ => tracing::trace!(target: AUTHORIZER_LOGGER, "{line}"),
        }
        let of_interest = event.level != Level::TRACE;
        if of_interest && (self.allowed_in_json || !event.result.is_allowed()) {
            self.json(|| decision_json(&event, &rule));
        }
    }

    fn login(&mut self, login: &LoginEvent) {
        let LoginEvent { listener, peer, mechanism, outcome } = login;
        match outcome {
            Ok(principal) => {
                let principal = readable(principal);
                tracing::debug!(
                    target: "doorkeeper::authentication",
                    "{principal} from {peer} on listener {listener} is authenticated by {mechanism}"
                );
            }
            Err(cause) => {
                let cause = readable(cause);
                tracing::info!(
                    target: "doorkeeper::authentication",
                    "failed authentication of {peer} on listener {listener}: {cause}"
                );
            }
        }
        self.json(|| {
            let (result, principal, cause) = match outcome {
                Ok(principal) => ("Succeeded", Some(readable(principal)), None),
                Err(cause) => ("Failed", None, Some(readable(cause))),
            };
            json!({
                "event": "login", "result": result, "principal": principal, "cause": cause,
                "peer": peer.to_string(), "listener": &**listener, "mechanism": mechanism,
            })
        });
    }

    fn reload(&mut self, reload: &store::Reload) {
        let text = escaped(&reload.to_string());
        match reload {
            store::Reload::Loaded { .. } => tracing::info!(target: "doorkeeper::policy", "{text}"),
            store::Reload::Unchanged { .. } => tracing::debug!(target: "doorkeeper::policy", "{text}"),
            store::Reload::Failed { .. } => tracing::error!(target: "doorkeeper::policy", "{text}"),
            store::Reload::Held { .. } => tracing::warn!(target: "doorkeeper::policy", "{text}"),
        }
        self.json(|| json!({ "event": "reload", "result": reload.result(), "text": text }));
        if let store::Reload::Loaded { edits, .. } = reload {
            self.edits(edits);
        }
    }

    fn edits(&mut self, edits: &store::Edits) {
        let file = readable(&edits.file);
        let removed = edits.removed.iter().map(ToldChange::acl_deleted);
        let added = edits.added.iter().map(ToldChange::acl_created);
        let users = edits.users.iter().map(|(user, edit)| ToldChange::user_edited(user, *edit));
        for told in removed.chain(added).chain(users) {
            let ToldChange { verb, what, before, after } = &told;
            let line = format!("File = {file}: {verb} {what}: {}", told.before_and_after());
            tracing::info!(target: "doorkeeper::changes", "{line}");
            self.json(|| {
                json!({
                    "event": "change", "file": file, "change": verb, "what": what, "before": before, "after": after,
                })
            });
        }
    }

    fn changes(&mut self, event: &ChangeEvent) {
        for change in &event.changes {
            let told = ToldChange::new(change);
            let line = change_line(event, &told);
            tracing::info!(target: "doorkeeper::changes", "{line}");
            self.json(|| change_json(event, &told));
        }
    }

    fn configuration(&mut self, event: &ConfigurationEvent) {
        let ConfigurationEvent { file, before, after } = event;
        let file = readable(file);
        let verb = match before {
            None => "started with",
            Some(before) if before == after => "unchanged",
            Some(_) => "altered",
        };
        let told = before.as_deref().unwrap_or("unknown");
        let line = format!("File = {file}: {verb} configuration: before = {told}, after = {after}");
        tracing::info!(target: "doorkeeper::changes", "{line}");
        self.json(|| {
            json!({
                "event": "change", "file": file, "change": verb, "what": "configuration", "before": before,
                "after": after,
            })
        });
    }

    fn offline(&mut self, event: &OfflineEvent) {
        let OfflineEvent { store, untold, .. } = event;
        for change in &untold.changes {
            for (line, json) in audit_offline::told(store, change) {
                tracing::info!(target: "doorkeeper::changes", "{line}");
                self.json(|| json);
            }
        }
        let left_out = untold.left_out;
        if left_out > 0 {
            let store = readable(store);
            tracing::warn!(
                target: "doorkeeper::changes",
                "{left_out} more changes were made on store = {store} by commands: its journal has no room for more than \
                 {} between two starts",
                store::embedded::MOST_KEPT
            );
            self.json(|| json!({ "event": "changes left out", "store": store, "changes": left_out }));
        }
    }

    fn tell_of_dropped(&mut self) {
        let dropped = self.dropped.swap(0, Relaxed);
        if dropped > 0 {
            tracing::warn!(target: "doorkeeper::audit", "{dropped} audit events were dropped: the queue was full");
            self.json(|| json!({ "event": "dropped", "events": dropped }));
        }
    }

    fn json(&mut self, object: impl FnOnce() -> Value) {
        let Some(file) = &mut self.json else { return };
        let mut object = object();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if let Some(fields) = object.as_object_mut() {
            fields.insert("timestamp_ms".to_owned(), json!(u64::try_from(now.as_millis()).unwrap_or(u64::MAX)));
        }
        if let Err(error) = writeln!(file, "{object}") {
            tracing::error!(target: "doorkeeper::audit", "the audit file cannot be written: {error}");
        }
    }

    fn flush(&mut self) {
        if let Some(file) = &mut self.json
            && let Err(error) = file.flush()
        {
            tracing::error!(target: "doorkeeper::audit", "the audit file cannot be written: {error}");
        }
    }
}

/// Kafka's words, and one of ours for what was only tried out.
fn result(event: &DecisionEvent) -> String {
    match event.is_shadow_denied {
        true => "ShadowDenied".to_owned(),
        false => event.result.to_string(),
    }
}

/// Kafka's line.
fn audit_line(event: &DecisionEvent, rule: &MatchingRule) -> String {
    let identity = event.grants.identity();
    let principal = readable(&identity.principal.to_string());
    let rule = escaped(&rule.to_string());
    format!(
        "Principal = {principal} is {} operation = {} from host = {} on resource = {}:LITERAL:{} for request = {} with \
         resourceRefCount = {} based on rule {rule}",
        result(event),
        event.operation.upper_name(),
        identity.host,
        event.resource_type,
        readable(&event.name),
        event.api_key.name(),
        event.reference_count,
    )
}

fn decision_json(event: &DecisionEvent, rule: &MatchingRule) -> Value {
    let identity = event.grants.identity();
    json!({
        "event": "decision",
        "principal": readable(&identity.principal.to_string()),
        "result": result(event),
        "operation": event.operation.upper_name(),
        "host": identity.host.to_string(),
        "listener": &*identity.listener,
        "resource_type": event.resource_type.to_string(),
        "resource_name": readable(&event.name),
        "request": event.api_key.name(),
        "resource_ref_count": event.reference_count,
        "rule": escaped(&rule.to_string()),
    })
}

/// A change in words.
pub(crate) struct ToldChange {
    pub(crate) verb: &'static str,
    pub(crate) what: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

impl ToldChange {
    pub(crate) fn acl_created(acl: &AclBinding) -> ToldChange {
        let after = Some(escaped(&acl.to_string()));
        ToldChange { verb: "created", what: "ACL".to_owned(), before: None, after }
    }

    pub(crate) fn acl_deleted(acl: &AclBinding) -> ToldChange {
        let before = Some(escaped(&acl.to_string()));
        ToldChange { verb: "deleted", what: "ACL".to_owned(), before, after: None }
    }

    /// Credentials are not told, and a file's groups are in the file.
    fn user_edited(user: &str, edit: store::UserEdit) -> ToldChange {
        let name = || Some(readable(user));
        let (verb, before, after) = match edit {
            store::UserEdit::Created => ("created", None, name()),
            store::UserEdit::Altered => ("altered", name(), name()),
            store::UserEdit::Deleted => ("deleted", name(), None),
        };
        ToldChange { verb, what: "user".to_owned(), before, after }
    }

    pub(crate) fn before_and_after(&self) -> String {
        let none = "none";
        let (before, after) = (self.before.as_deref().unwrap_or(none), self.after.as_deref().unwrap_or(none));
        format!("before = {before}, after = {after}")
    }

    fn new(change: &Change) -> ToldChange {
        match change {
            Change::AclCreated(acl) => ToldChange::acl_created(acl),
            Change::AclDeleted(acl) => ToldChange::acl_deleted(acl),
            Change::Credential(altered) => ToldChange::credential(altered),
        }
    }

    /// By its iterations: the rest is secret.
    pub(crate) fn credential(altered: &store::AlteredCredential) -> ToldChange {
        let verb = match (altered.before, altered.after) {
            (None, _) => "created",
            (Some(_), Some(_)) => "altered",
            (Some(_), None) => "deleted",
        };
        let iterations = |iterations: u32| format!("iterations={iterations}");
        ToldChange {
            verb,
            what: format!("{} credential of user {}", altered.mechanism, readable(&altered.user)),
            before: altered.before.map(iterations),
            after: altered.after.map(iterations),
        }
    }
}

fn change_line(event: &ChangeEvent, told: &ToldChange) -> String {
    let principal = readable(&event.identity.principal.to_string());
    format!(
        "Principal = {principal} from host = {} on listener = {} {} {} by request = {}: {}",
        event.identity.host,
        event.identity.listener,
        told.verb,
        told.what,
        event.api_key.name(),
        told.before_and_after(),
    )
}

fn change_json(event: &ChangeEvent, told: &ToldChange) -> Value {
    let ToldChange { verb, what, before, after } = told;
    json!({
        "event": "change",
        "principal": readable(&event.identity.principal.to_string()),
        "host": event.identity.host.to_string(),
        "listener": &*event.identity.listener,
        "request": event.api_key.name(),
        "change": verb,
        "what": what,
        "before": before,
        "after": after,
    })
}

/// A text from outside: cut, and on one line.
pub(crate) fn readable(text: &str) -> String {
    let end = text.floor_char_boundary(LONGEST_NAME);
    let cut = text.get(..end).unwrap_or_default();
    let mut readable = escaped(cut);
    if cut.len() < text.len() {
        readable.push('…');
    }
    readable
}

/// Nothing in it ends a line, moves a cursor or turns the direction of writing.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        let misleads = matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || misleads {
            // Writing to a string does not fail.
            let _ = write!(escaped, "{}", character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use acl::{
        AccessControlEntry, AclOperation, AclPermissionType, AuthorizationResult, Host, Identity, KafkaPrincipal,
        Policy, ResourcePattern, ResourceType, Settings,
    };
    use protocol::ApiKey;

    use super::*;

    fn event(principal: &str, name: &str, result: AuthorizationResult) -> DecisionEvent {
        let allowed = AclBinding::new(
            ResourcePattern::literal(ResourceType::Topic, "foo"),
            AccessControlEntry::new("User:a", "*", AclOperation::Read, AclPermissionType::Allow),
        );
        let identity = Identity {
            principal: KafkaPrincipal::user(principal),
            groups: Vec::new(),
            host: Host::from(std::net::IpAddr::from([10, 0, 0, 1])),
            listener: "CLIENT".into(),
            authenticated_by_token: false,
        };
        DecisionEvent {
            grants: Arc::new(Policy::new(Settings::default(), [allowed]).grants(&Arc::new(identity))),
            api_key: ApiKey::Metadata,
            operation: AclOperation::Read,
            resource_type: ResourceType::Topic,
            name: name.into(),
            result,
            is_shadow_denied: false,
            reference_count: 1,
            level: Level::INFO,
            rule: None,
        }
    }

    fn line(event: &DecisionEvent) -> String {
        let (_, rule) = event.grants.explain(event.operation, event.resource_type, &event.name);
        audit_line(event, &rule)
    }

    #[test]
    fn the_line_is_kafkas() {
        assert_eq!(
            line(&event("a", "bar", AuthorizationResult::Denied)),
            "Principal = User:a is Denied operation = READ from host = 10.0.0.1 on resource = Topic:LITERAL:bar for \
             request = Metadata with resourceRefCount = 1 based on rule DefaultDeny"
        );
        let shadowed = DecisionEvent { is_shadow_denied: true, ..event("a", "bar", AuthorizationResult::Denied) };
        assert_eq!(
            line(&shadowed),
            "Principal = User:a is ShadowDenied operation = READ from host = 10.0.0.1 on resource = Topic:LITERAL:bar for \
             request = Metadata with resourceRefCount = 1 based on rule DefaultDeny"
        );
        assert_eq!(
            line(&event("a", "foo", AuthorizationResult::Allowed)),
            "Principal = User:a is Allowed operation = READ from host = 10.0.0.1 on resource = Topic:LITERAL:foo for \
             request = Metadata with resourceRefCount = 1 based on rule MatchingAcl(acl=StandardAcl[resourceType=TOPIC, \
             resourceName=foo, patternType=LITERAL, principal=User:a, host=*, operation=READ, permissionType=ALLOW])"
        );
    }

    #[test]
    fn nobody_writes_a_line_of_their_own_into_the_log() {
        let forged = line(&event("a\nPrincipal = User:b", "x\u{1b}[2J\u{202e}", AuthorizationResult::Denied));
        assert_eq!(
            forged,
            "Principal = User:a\\nPrincipal = User:b is Denied operation = READ from host = 10.0.0.1 on resource = \
             Topic:LITERAL:x\\u{1b}[2J\\u{202e} for request = Metadata with resourceRefCount = 1 based on rule \
             DefaultDeny"
        );
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let name = readable(&"ä".repeat(300));
        assert_eq!(name, "ä".repeat(128) + "…");
        assert_eq!(readable(&"a".repeat(256)), "a".repeat(256));
    }

    #[test]
    fn a_new_file_is_for_its_owner_and_may_be_read_by_its_group() {
        use std::os::unix::fs::PermissionsExt;

        let path = std::env::temp_dir().join(format!("doorkeeper-audit-{}.json", std::process::id()));
        let mode = open_json(&path).and_then(|_| path.metadata()).map(|metadata| metadata.permissions().mode());
        std::fs::remove_file(&path).unwrap();
        // The process may be told to give even less.
        assert_eq!(mode.unwrap() & 0o777 & !0o640, 0);
    }

    #[test]
    fn json_has_what_the_line_has() {
        let event = event("a", "bar", AuthorizationResult::Denied);
        let expected = json!({
            "event": "decision", "principal": "User:a", "result": "Denied", "operation": "READ", "host": "10.0.0.1",
            "listener": "CLIENT", "resource_type": "Topic", "resource_name": "bar", "request": "Metadata",
            "resource_ref_count": 1, "rule": "DefaultDeny",
        });
        assert_eq!(decision_json(&event, &MatchingRule::DefaultDeny), expected);
    }

    #[test]
    fn a_change_says_who_from_where_before_and_after() {
        let acl = AclBinding::new(
            ResourcePattern::prefixed(ResourceType::Topic, "foo"),
            AccessControlEntry::new("User:b\n", "*", AclOperation::Read, AclPermissionType::Allow),
        );
        let credential = store::AlteredCredential {
            user: "b".into(),
            mechanism: authentication::ScramMechanism::Sha256,
            before: Some(4096),
            after: Some(8192),
        };
        let identity = event("a", "x", AuthorizationResult::Denied).grants.identity().clone();
        let change = ChangeEvent { identity, api_key: ApiKey::DeleteAcls, changes: Vec::new() };
        let shown = "(pattern=ResourcePattern(resourceType=TOPIC, name=foo, patternType=PREFIXED), \
                     entry=(principal=User:b\\n, host=*, operation=READ, permissionType=ALLOW))";
        let told = |told: Change| {
            let told = ToldChange::new(&told);
            (change_line(&change, &told), change_json(&change, &told))
        };
        let (line, json) = told(Change::AclDeleted(acl));
        assert_eq!(
            line,
            format!(
                "Principal = User:a from host = 10.0.0.1 on listener = CLIENT deleted ACL by request = DeleteAcls: \
                 before = {shown}, after = none"
            )
        );
        let expected = json!({
            "event": "change", "principal": "User:a", "host": "10.0.0.1", "listener": "CLIENT",
            "request": "DeleteAcls", "change": "deleted", "what": "ACL", "before": shown, "after": null,
        });
        assert_eq!(json, expected);
        let (line, _) = told(Change::Credential(credential));
        assert!(line.contains(" altered SCRAM-SHA-256 credential of user b "), "{line}");
        assert!(line.ends_with("before = iterations=4096, after = iterations=8192"), "{line}");
    }
}
