//! ACLs, created and deleted on both sides by the same request of their administrator.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::duet::Duet;
use crate::world::ADMIN;

pub(crate) const TOPIC: i8 = 2;
pub(crate) const GROUP: i8 = 3;
pub(crate) const CLUSTER: i8 = 4;
pub(crate) const TRANSACTIONAL_ID: i8 = 5;

pub(crate) const READ: i8 = 3;
pub(crate) const WRITE: i8 = 4;
pub(crate) const CREATE: i8 = 5;
pub(crate) const DELETE: i8 = 6;
pub(crate) const DESCRIBE: i8 = 8;

const ALLOW: i8 = 3;
const LITERAL: i8 = 3;
const PREFIXED: i8 = 4;

/// An ACL that allows a user one thing.
pub(crate) fn acl(user: &str, operation: i8, resource_type: i8, name: &str) -> Value {
    json!({
        "ResourceType": resource_type, "ResourceName": name, "ResourcePatternType": LITERAL,
        "Principal": format!("User:{user}"), "Host": "*", "Operation": operation, "PermissionType": ALLOW,
    })
}

/// The same for every name that begins so.
pub(crate) fn prefixed(mut acl: Value) -> Value {
    acl["ResourcePatternType"] = json!(PREFIXED);
    acl
}

/// DeleteAcls and DescribeAcls name ACLs by filters.
pub(crate) fn filter(acl: &Value) -> Value {
    let mut filter = acl.clone();
    for (field, name) in [
        ("ResourceTypeFilter", "ResourceType"),
        ("ResourceNameFilter", "ResourceName"),
        ("PatternTypeFilter", "ResourcePatternType"),
        ("PrincipalFilter", "Principal"),
        ("HostFilter", "Host"),
    ] {
        filter[field] = acl[name].clone();
    }
    filter
}

impl Duet {
    /// Creates ACLs; when this returns they hold on both sides.
    pub(crate) async fn allow(&mut self, acls: &[&Value]) -> Result<()> {
        let answer = self.ask(ADMIN, "CreateAcls", 3, json!({ "Creations": acls })).await?;
        ensure!(all_are_well(&answer["Results"]), "CreateAcls: {answer}");
        self.settled(acls, 1).await
    }

    /// Deletes ACLs; when this returns they hold no longer.
    pub(crate) async fn revoke(&mut self, acls: &[&Value]) -> Result<()> {
        let filters: Vec<Value> = acls.iter().map(|acl| filter(acl)).collect();
        let answer = self.ask(ADMIN, "DeleteAcls", 3, json!({ "Filters": filters })).await?;
        ensure!(all_are_well(&answer["FilterResults"]), "DeleteAcls: {answer}");
        self.settled(acls, 0).await
    }

    /// A broker has its ACLs from the controllers' log, a moment after they were answered. Doorkeeper must not be late.
    pub(crate) async fn settled(&mut self, acls: &[&Value], wanted: usize) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(20);
        for acl in acls {
            loop {
                let [reference, doorkeeper] = self.ask_each(ADMIN, "DescribeAcls", 3, &filter(acl)).await?;
                let count = |answer: &Value| answer["Resources"].as_array().map_or(0, Vec::len);
                ensure!(count(&doorkeeper) == wanted, "Doorkeeper answered before it was done: {acl}");
                if count(&reference) == wanted {
                    break;
                }
                ensure!(Instant::now() < end, "the broker never has it: {acl}");
                sleep(Duration::from_millis(5)).await;
            }
        }
        Ok(())
    }
}

fn all_are_well(results: &Value) -> bool {
    results.as_array().is_some_and(|results| results.iter().all(|result| result["ErrorCode"] == 0))
}
