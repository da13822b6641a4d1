//! What the audit tells of changes that the command line made in a store while no Doorkeeper ran with it.

use acl::AclBinding;
use serde_json::{Value, json};
use store::embedded::{Author, OfflineChange};

use crate::audit_writer::{ToldChange, readable};

/// A line of the log, and the same as JSON, for each thing that is not as it was.
pub(crate) fn told<'c>(store: &'c str, change: &'c OfflineChange) -> impl Iterator<Item = (String, Value)> + 'c {
    let OfflineChange { by, at_ms, removed, added, credentials, groups } = change;
    let acls = |told: fn(&AclBinding) -> ToldChange| move |acl: &AclBinding| told(acl);
    let removed = removed.iter().map(acls(ToldChange::acl_deleted));
    let added = added.iter().map(acls(ToldChange::acl_created));
    let credentials = credentials.iter().map(ToldChange::credential);
    let groups = groups.iter().map(|(user, groups)| ToldChange {
        verb: "created",
        what: format!("groups of user {}", readable(user)),
        before: None,
        after: Some(readable(&groups.join(", "))),
    });
    let each = removed.chain(added).chain(credentials).chain(groups);
    each.map(move |told| (line(store, by, *at_ms, &told), as_json(store, by, *at_ms, &told)))
}

fn line(store: &str, by: &Author, at_ms: u64, told: &ToldChange) -> String {
    let user = by.user.as_deref().map_or_else(|| "unknown".to_owned(), readable);
    format!(
        "System user = {user} (uid {}) on store = {} at {} {} {} by command = {}: {}",
        by.uid,
        readable(store),
        utc(at_ms),
        told.verb,
        told.what,
        readable(&by.command),
        told.before_and_after(),
    )
}

fn as_json(store: &str, by: &Author, at_ms: u64, told: &ToldChange) -> Value {
    let ToldChange { verb, what, before, after } = told;
    json!({
        "event": "change",
        "system_user": by.user.as_deref().map(readable),
        "uid": by.uid,
        "store": readable(store),
        "command": readable(&by.command),
        "changed_at_ms": at_ms,
        "change": verb,
        "what": what,
        "before": before,
        "after": after,
    })
}

/// Milliseconds since 1970 as `2026-11-22T07:45:00.123Z`, by the calendar of 400 years that begin in March.
fn utc(at_ms: u64) -> String {
    const DAY: u64 = 86_400_000;
    const DAYS_OF_400_YEARS: u64 = 146_097;
    /// From the March of the year 0 to 1970.
    const DAYS_BEFORE: u64 = 719_468;
    let days = at_ms / DAY + DAYS_BEFORE;
    let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year_of_era = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let of_day = at_ms % DAY;
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (second, millisecond) = (of_day / 1000 % 60, of_day % 1000);
    format!("{year:04}-{month:02}-{day_of_month:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

#[cfg(test)]
mod tests {
    use acl::{AccessControlEntry, AclOperation, AclPermissionType, ResourcePattern, ResourceType};
    use authentication::ScramMechanism;
    use store::AlteredCredential;

    use super::*;

    #[test]
    fn a_time_is_readable() {
        assert_eq!(utc(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(utc(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(utc(951_868_800_000), "2000-03-01T00:00:00.000Z");
        assert_eq!(utc(1_735_689_599_999), "2024-12-31T23:59:59.999Z");
        assert!(utc(u64::MAX).ends_with('Z'));
    }

    #[test]
    fn a_change_made_offline_says_who_when_by_what_before_and_after() {
        let change = OfflineChange {
            by: Author { user: Some("ops\n".to_owned()), uid: 1000, command: "acls --add".to_owned() },
            at_ms: 951_782_400_000,
            removed: Vec::new(),
            added: vec![AclBinding::new(
                ResourcePattern::literal(ResourceType::Topic, "foo"),
                AccessControlEntry::new("User:b", "*", AclOperation::Read, AclPermissionType::Allow),
            )],
            credentials: vec![AlteredCredential {
                user: "b".into(),
                mechanism: ScramMechanism::Sha256,
                before: Some(4096),
                after: None,
            }],
            groups: vec![("b".into(), vec!["Group:x".into(), "Group:y".into()])],
        };
        let (lines, json): (Vec<String>, Vec<Value>) = told("/store", &change).unzip();
        let begin = "System user = ops\\n (uid 1000) on store = /store at 2000-02-29T00:00:00.000Z";
        let shown = "(pattern=ResourcePattern(resourceType=TOPIC, name=foo, patternType=LITERAL), \
                     entry=(principal=User:b, host=*, operation=READ, permissionType=ALLOW))";
        let by = "by command = acls --add:";
        let expected = [
            format!("{begin} created ACL {by} before = none, after = {shown}"),
            format!("{begin} deleted SCRAM-SHA-256 credential of user b {by} before = iterations=4096, after = none"),
            format!("{begin} created groups of user b {by} before = none, after = Group:x, Group:y"),
        ];
        assert_eq!(lines, expected);
        let expected = json!({
            "event": "change", "system_user": "ops\\n", "uid": 1000, "store": "/store", "command": "acls --add",
            "changed_at_ms": 951_782_400_000_u64, "change": "created", "what": "ACL", "before": null, "after": shown,
        });
        assert_eq!(json.first(), Some(&expected));
    }
}
