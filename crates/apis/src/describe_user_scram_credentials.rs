//! DescribeUserScramCredentials (50): `KafkaApis.handleDescribeUserScramCredentialsRequest`, `ScramImage.describe`.
//! Answered from our own store.
//!
//! Describe on the cluster; without it CLUSTER_AUTHORIZATION_FAILED on top (and no silence where all users are asked
//! for, which is a defect of Kafka's). Mechanisms and iterations are told, never a salt or a key.

use std::sync::Arc;

use acl::AclOperation;
use protocol::messages::describe_user_scram_credentials_response::{
    CredentialInfo, DescribeUserScramCredentialsResult,
};
use protocol::messages::{DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse};
use protocol::{ErrorCode, ErrorResponse, StrBytes};

use crate::acl_codes::str_bytes;
use crate::serve::ScramUser;
use crate::{Authorize, Outcome, RequestContext, Serve, scram_codes};

impl Authorize for DescribeUserScramCredentialsRequest {
    /// Users that this connection has just made are to be seen.
    fn waits_for_answers(&self, _version: i16) -> bool {
        true
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DescribeUserScramCredentialsResponse> {
        if !context.authorize_cluster(AclOperation::Describe) {
            let denied = self.error_response(context.version, ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
            return Outcome::Respond(denied);
        }
        let users = self.users.take().unwrap_or_default();
        let names: Vec<StrBytes> = users.into_iter().map(|user| user.name).collect();
        Outcome::Serve(Serve::DescribeScramCredentials { reply: Box::new(move |known| found(&names, &known)) })
    }
}

/// Everybody, or one result for each of the names, in the order in which they came first.
fn found(names: &[StrBytes], known: &[ScramUser]) -> DescribeUserScramCredentialsResponse {
    let results = match names {
        [] => known.iter().map(described).collect(),
        names => {
            let mut sorted: Vec<&StrBytes> = names.iter().collect();
            sorted.sort_unstable();
            let count = |name: &StrBytes| {
                sorted.partition_point(|other| *other <= name) - sorted.partition_point(|other| *other < name)
            };
            let mut told = std::collections::HashSet::new();
            names.iter().filter(|name| told.insert(*name)).map(|name| named(name, count(name), known)).collect()
        }
    };
    DescribeUserScramCredentialsResponse::default().with_error_message(Some(StrBytes::default())).with_results(results)
}

fn named(name: &StrBytes, count: usize, known: &[ScramUser]) -> DescribeUserScramCredentialsResult {
    let fail = |error: ErrorCode, text: String| {
        DescribeUserScramCredentialsResult::default()
            .with_user(name.clone())
            .with_error_code(error.0)
            .with_error_message(Some(StrBytes::from_string(text)))
    };
    if count > 1 {
        let text =
            format!("Cannot describe SCRAM credentials for the same user twice in a single request: {}", &**name);
        return fail(ErrorCode::DUPLICATE_RESOURCE, text);
    }
    match known.binary_search_by(|user| Arc::as_ref(&user.name).cmp(name)).ok().and_then(|at| known.get(at)) {
        Some(user) => described(user),
        None => {
            let text = format!("Attempt to describe a user credential that does not exist: {}", &**name);
            fail(ErrorCode::RESOURCE_NOT_FOUND, text)
        }
    }
}

fn described(user: &ScramUser) -> DescribeUserScramCredentialsResult {
    let infos = user.credentials.iter().map(|(mechanism, iterations)| {
        CredentialInfo::default()
            .with_mechanism(scram_codes::code(*mechanism))
            .with_iterations(i32::try_from(*iterations).unwrap_or(i32::MAX))
    });
    DescribeUserScramCredentialsResult::default()
        .with_user(str_bytes(&user.name))
        .with_error_message(Some(StrBytes::default()))
        .with_credential_infos(infos.collect())
}

#[cfg(test)]
mod tests {
    use authentication::ScramMechanism::{Sha256, Sha512};
    use protocol::messages::describe_user_scram_credentials_request::UserName;

    use super::*;
    use crate::testing::{Client, str_bytes};

    const DESCRIBE: &str = "allow Describe Cluster";

    fn asking(users: Option<&[&str]>) -> DescribeUserScramCredentialsRequest {
        let named = |name: &&str| UserName::default().with_name(str_bytes(name));
        DescribeUserScramCredentialsRequest::default().with_users(users.map(|users| users.iter().map(named).collect()))
    }

    /// User, code, and mechanisms with iterations.
    type Told<'r> = (&'r str, i16, Vec<(i8, i32)>);

    fn told(response: &DescribeUserScramCredentialsResponse) -> Vec<Told<'_>> {
        let infos = |result: &DescribeUserScramCredentialsResult| {
            result.credential_infos.iter().map(|info| (info.mechanism, info.iterations)).collect()
        };
        response.results.iter().map(|result| (&*result.user, result.error_code, infos(result))).collect()
    }

    #[test]
    fn without_describe_on_the_cluster_nobody_is_told_of() {
        for (users, results) in [(None, 0), (Some(&["bob", "carol"][..]), 2)] {
            let mut client = Client::with(&["allow Create Cluster"]).users(&[("bob", Sha256, 4096)]);
            let response = client.ask(0, &asking(users)).response();
            assert_eq!((response.error_code, response.results.len()), (31, results));
            assert!(response.results.iter().all(|result| result.user.is_empty() && result.error_code == 31));
            assert_eq!(client.decisions(), ["denied Describe Cluster kafka-cluster"]);
        }
    }

    #[test]
    fn null_and_an_empty_list_mean_everybody() {
        for users in [None, Some(&[][..])] {
            let stored = [("bob", Sha512, 8192), ("bob", Sha256, 4096), ("carol", Sha256, 4096)];
            let mut client = Client::with(&[DESCRIBE]).users(&stored);
            let response = client.ask(0, &asking(users)).response();
            assert_eq!(response.error_code, 0);
            assert_eq!(told(&response), [("bob", 0, vec![(1, 4096), (2, 8192)]), ("carol", 0, vec![(1, 4096)])]);
        }
    }

    #[test]
    fn who_is_unknown_or_named_twice_has_an_error_and_the_others_do_not() {
        let mut client = Client::with(&[DESCRIBE]).users(&[("bob", Sha256, 4096), ("carol", Sha256, 4096)]);
        let response = client.ask(0, &asking(Some(&["dora", "carol", "bob", "carol"]))).response();
        assert_eq!(told(&response), [("dora", 91, vec![]), ("carol", 92, vec![]), ("bob", 0, vec![(1, 4096)])]);
        let texts: Vec<_> =
            response.results.iter().map(|result| result.error_message.as_deref().unwrap_or("")).collect();
        let unknown = "Attempt to describe a user credential that does not exist: dora";
        let twice = "Cannot describe SCRAM credentials for the same user twice in a single request: carol";
        assert_eq!(texts, [unknown, twice, ""]);
    }
}
