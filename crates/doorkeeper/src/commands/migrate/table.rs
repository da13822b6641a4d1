//! What a move will do, for a person who decides whether it shall.

use std::fmt::Write;
use std::sync::Arc;

use super::Plan;
use super::end::{Content, End, mechanisms};

pub(super) fn of(plan: &Plan, from: &End, to: &End) -> String {
    let mut text =
        format!("from  {from}\nto    {to}\n\n{:6}{:>8}{:>8}{:>8}{:>16}\n", "", "from", "to", "to add", "there already");
    let rows = [
        ("ACLs", plan.from.0, plan.to.0, plan.add.acls.len(), plan.there.0),
        ("users", plan.from.1, plan.to.1, plan.add.users.len(), plan.there.1),
    ];
    for (name, from, to, add, there) in rows {
        let _ = writeln!(text, "{name:6}{from:>8}{to:>8}{add:>8}{there:>16}");
    }
    text + "\n"
}

/// Each thing that is added, in order.
pub(super) fn details(add: &Content) -> String {
    let mut text = String::new();
    for acl in &add.acls {
        let _ = writeln!(text, "+{acl}");
    }
    let mut names: Vec<&Arc<str>> = add.users.names().collect();
    names.sort();
    for name in names {
        let by: Vec<String> = mechanisms(&add.users, name).iter().map(ToString::to_string).collect();
        let _ =
            writeln!(text, "+user {name} ({})", if by.is_empty() { "groups only".to_owned() } else { by.join(", ") });
    }
    text
}
