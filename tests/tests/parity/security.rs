//! Requests that change who may what: ACLs and SCRAM credentials, all of principals that never ask anything here, so that
//! the world stays as it is; and tokens, which nobody gets.

use serde_json::{Value, json};

use crate::generate::{Draw, Naming};
use crate::world::TOPICS;

/// Users that AlterUserScramCredentials makes and deletes.
pub(crate) const SCRAM_USERS: &[&str] = &["scram-1", "scram-2", "scram-3", "scram-4"];
const ACL_NAMES: &[&str] = &["acl-1", "acl-2", "acl-", "*", "kafka-cluster"];

/// Whose token it is to be or is, and who may renew it: the caller, others, and principals of types that are none.
pub(crate) fn tokens(draw: &mut Draw<'_>, request: &mut Value) {
    let count = match draw.naming {
        Naming::EmptyList | Naming::NullList => 0,
        Naming::Existing | Naming::Missing => 1,
        _ => 2,
    };
    let list = |draw: &mut Draw<'_>| -> Value { (0..count).map(|_| principal(draw)).collect() };
    if draw.api == "DescribeDelegationToken" {
        request["Owners"] = if draw.naming == Naming::NullList { Value::Null } else { list(draw) };
        return;
    }
    request["Renewers"] = list(draw);
    if draw.version < 3 {
        return;
    }
    let owner = principal(draw);
    request["OwnerPrincipalType"] = owner["PrincipalType"].clone();
    request["OwnerPrincipalName"] = owner["PrincipalName"].clone();
    match draw.naming {
        // The caller's own.
        Naming::NullList => request["OwnerPrincipalName"] = Value::Null,
        Naming::EmptyList => request["OwnerPrincipalName"] = json!(""),
        // A broker fails.
        Naming::Odd if draw.random.once_in(3) => request["OwnerPrincipalType"] = Value::Null,
        _ => {}
    }
}

fn principal(draw: &mut Draw<'_>) -> Value {
    let names = [draw.user, draw.user, "alpha", "alpha-1", "alpha-2", "ANONYMOUS", "*"];
    let types: &[&str] = if draw.naming == Naming::Odd { &["User", "Group", "user", ""] } else { &["User"] };
    json!({ "PrincipalType": draw.random.pick(types), "PrincipalName": draw.random.pick(&names) })
}

/// Puts the entries of an ACL request together.
pub(crate) fn acls(draw: &mut Draw<'_>, request: &mut Value) {
    match draw.api {
        "CreateAcls" => request["Creations"] = entries(draw, creation),
        "DeleteAcls" => request["Filters"] = entries(draw, deletion),
        _ => merge(request, description(draw)),
    }
}

/// One for a single thing, none for nothing, and several with a repetition for the rest.
fn entries(draw: &mut Draw<'_>, entry: fn(&mut Draw<'_>) -> Value) -> Value {
    let count = match draw.naming {
        Naming::EmptyList | Naming::NullList => 0,
        Naming::Existing | Naming::Missing | Naming::UnknownId => 1,
        _ => 3,
    };
    let mut entries: Vec<Value> = (0..count).map(|_| entry(draw)).collect();
    if matches!(draw.naming, Naming::Duplicates | Naming::Mix) {
        entries.push(entries[0].clone());
    }
    Value::Array(entries)
}

fn creation(draw: &mut Draw<'_>) -> Value {
    let sound = draw.naming != Naming::Odd;
    let mut name = *draw.random.pick(ACL_NAMES);
    let mut resource_type = *draw.random.pick(&[2, 2, 3, 5, 4, 6, 7]);
    if sound {
        // What belongs together, mostly.
        resource_type = if name == "kafka-cluster" { 4 } else { *draw.random.pick(&[2, 2, 3, 5, 6, 7]) };
    } else {
        name = *draw.random.pick(&["", "acl-1", "bad name", "kafka-cluster"]);
        resource_type = *draw.random.pick(&[resource_type, 0, 1, 99]);
    }
    let operations: &[i64] = match resource_type {
        2 => &[2, 3, 4, 5, 6, 7, 8, 10, 11],
        3 => &[2, 3, 6, 8, 10, 11],
        4 => &[2, 5, 7, 8, 9, 10, 11, 12],
        5 => &[2, 4, 8, 15],
        6 => &[2, 8],
        _ => &[2, 13, 14],
    };
    let mut creation = json!({
        "ResourceType": resource_type, "ResourceName": name, "ResourcePatternType": draw.random.pick(&[3, 3, 4]),
        "Principal": draw.random.pick(&["User:acl-1", "User:acl-2", "Group:acl"]),
        "Host": draw.random.pick(&["*", "127.0.0.1", "10.1.2.3"]),
        "Operation": draw.random.pick(operations), "PermissionType": draw.random.pick(&[3, 3, 2]),
    });
    if !sound {
        let (field, values): (_, &[Value]) = match draw.random.below(5) {
            0 => ("ResourcePatternType", &[json!(0), json!(1), json!(2)]),
            1 => ("Principal", &[json!("nobody"), json!(""), json!(":"), json!("User:")]),
            2 => ("Operation", &[json!(0), json!(1), json!(15), json!(13), json!(99)]),
            3 => ("PermissionType", &[json!(0), json!(1), json!(9)]),
            _ => ("Host", &[json!("")]),
        };
        creation[field] = draw.random.pick(values).clone();
    }
    creation
}

/// The principal is always one that asks nothing, or the name is one that nothing has: the rest is the world's.
fn deletion(draw: &mut Draw<'_>) -> Value {
    let mut filter = filter(draw);
    filter["PrincipalFilter"] = json!(*draw.random.pick(&["User:acl-1", "User:acl-2", "Group:acl", "User:nobody"]));
    filter
}

fn filter(draw: &mut Draw<'_>) -> Value {
    let name = match draw.random.below(4) {
        0 | 1 => Value::Null,
        2 => json!(*draw.random.pick(ACL_NAMES)),
        _ => json!(draw.random.pick(TOPICS).0),
    };
    let principals = [
        Value::Null,
        json!("User:wildcard"),
        json!("User:*"),
        json!("User:acl-1"),
        json!("User:random-1"),
        json!("none"),
    ];
    let mut filter = json!({
        "ResourceTypeFilter": draw.random.pick(&[1, 1, 2, 3, 4, 5, 6, 7]), "ResourceNameFilter": name,
        "PatternTypeFilter": draw.random.pick(&[1, 1, 2, 3, 4]), "PrincipalFilter": draw.random.pick(&principals),
        "HostFilter": draw.random.pick(&[Value::Null, Value::Null, json!("*"), json!("127.0.0.1")]),
        "Operation": draw.random.pick(&[1, 1, 1, 2, 3, 4, 8, 13]), "PermissionType": draw.random.pick(&[1, 1, 2, 3]),
    });
    if draw.naming == Naming::Odd {
        let field = *draw.random.pick(&["ResourceTypeFilter", "PatternTypeFilter", "Operation", "PermissionType"]);
        filter[field] = json!(*draw.random.pick(&[0, 99]));
    }
    filter
}

fn description(draw: &mut Draw<'_>) -> Value {
    let mut filter = filter(draw);
    filter["ResourceTypeFilter"] = json!(*draw.random.pick(&[1, 1, 2, 3, 4, 5, 6, 7]));
    filter
}

fn merge(request: &mut Value, fields: Value) {
    if let (Value::Object(request), Value::Object(fields)) = (request, fields) {
        request.extend(fields);
    }
}

/// Puts the entries of a SCRAM request together.
pub(crate) fn scram(draw: &mut Draw<'_>, request: &mut Value) {
    if draw.api == "DescribeUserScramCredentials" {
        request["Users"] = scram_users(draw);
        return;
    }
    let count = match draw.naming {
        Naming::EmptyList | Naming::NullList => 0,
        Naming::Existing | Naming::Missing => 1,
        _ => 2,
    };
    let deletions: Vec<Value> = (0..count).map(|_| scram_deletion(draw)).collect();
    let upsertions: Vec<Value> = (0..count).map(|_| scram_upsertion(draw)).collect();
    request["Deletions"] = if draw.random.once_in(2) { json!(deletions) } else { json!([]) };
    request["Upsertions"] = if draw.random.once_in(3) { json!([]) } else { json!(upsertions) };
}

/// A broker never answers who asks for all and may not.
fn scram_users(draw: &mut Draw<'_>) -> Value {
    let may = matches!(draw.user, "admin" | "everything" | "cluster" | "cluster-describe");
    match draw.naming {
        Naming::NullList | Naming::EmptyList if may => draw.random.pick(&[json!([]), Value::Null]).clone(),
        Naming::Duplicates => {
            json!([{ "Name": "wildcard" }, { "Name": "nowhere" }, { "Name": "none" }, { "Name": "none" }])
        }
        Naming::Odd => json!([{ "Name": "" }, { "Name": "ANONYMOUS" }, { "Name": "wildcard" }]),
        _ => {
            let mut users: Vec<Value> = SCRAM_USERS.iter().map(|name| json!({ "Name": name })).collect();
            users.push(json!({ "Name": *draw.random.pick(&["wildcard", "nowhere"]) }));
            draw.random.shuffle(&mut users);
            users.truncate(1 + draw.random.below(4));
            json!(users)
        }
    }
}

fn scram_deletion(draw: &mut Draw<'_>) -> Value {
    json!({ "Name": scram_user(draw), "Mechanism": draw.random.pick(&[1, 2, 1, 2, 0, 3]) })
}

fn scram_upsertion(draw: &mut Draw<'_>) -> Value {
    let mechanism = *draw.random.pick(&[1, 2, 1, 2, 1, 2, 1, 0, 9]);
    let length = if mechanism == 2 { 64 } else { 32 };
    let byte = draw.random.below(256);
    json!({
        "Name": scram_user(draw), "Mechanism": mechanism,
        "Iterations": draw.random.pick(&[4096, 4096, 8192, 16_384, 16_385, 4095, 0, -1]),
        "Salt": format!("{byte:02x}").repeat(16), "SaltedPassword": format!("{byte:02x}").repeat(length),
    })
}

fn scram_user(draw: &mut Draw<'_>) -> &'static str {
    match draw.naming {
        Naming::Odd => ["", "scram-1", "with,comma=and equals"][draw.random.below(3)],
        Naming::Missing => "nowhere",
        _ => SCRAM_USERS[draw.random.below(SCRAM_USERS.len())],
    }
}
