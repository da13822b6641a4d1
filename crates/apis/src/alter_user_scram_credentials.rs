//! AlterUserScramCredentials (51): `ScramControlManager.alterCredentials`. Answered from our own store.
//!
//! Alter on the cluster; without it every user is CLUSTER_AUTHORIZATION_FAILED. The client sends the salted password;
//! what a server keeps is derived from it here, and it is forgotten. Users that are wrong do not stop the others, whose
//! credentials change in one step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use acl::AclOperation;
use authentication::{MIN_ITERATIONS, ScramCredential};
use protocol::messages::alter_user_scram_credentials_request::{ScramCredentialDeletion, ScramCredentialUpsertion};
use protocol::messages::alter_user_scram_credentials_response::AlterUserScramCredentialsResult;
use protocol::messages::{AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse};
use protocol::{ErrorCode, ErrorResponse, StrBytes};

use crate::serve::{Refused, ScramAlteration};
use crate::{Authorize, Outcome, RequestContext, Serve, scram_codes};

/// `ScramMechanism.maxIterations`.
const MAX_ITERATIONS: u32 = 16_384;

type Checked = BTreeMap<StrBytes, Result<ScramAlteration, (ErrorCode, &'static str)>>;

impl Authorize for AlterUserScramCredentialsRequest {
    fn waits_for_answers(&self, _version: i16) -> bool {
        true
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<AlterUserScramCredentialsResponse> {
        if !context.authorize_cluster(AclOperation::Alter) {
            let error = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
            let mut denied = self.error_response(context.version, error);
            let text = StrBytes::from_static_str(error.message());
            denied.results.iter_mut().for_each(|result| result.error_message = Some(text.clone()));
            return Outcome::Respond(denied);
        }
        let checked = checked(self);
        let alterations: Vec<ScramAlteration> = checked.values().flatten().cloned().collect();
        if alterations.is_empty() {
            return Outcome::Respond(answer(checked, Ok(BTreeSet::new())));
        }
        let reply = Box::new(|outcome| answer(checked, outcome));
        Outcome::Serve(Serve::AlterScramCredentials { alterations, reply })
    }
}

/// One entry for each user, by name. Whoever is there again is wrong, even with another mechanism, unless the first was wrong
/// already.
fn checked(request: &AlterUserScramCredentialsRequest) -> Checked {
    const TWICE: (ErrorCode, &str) =
        (ErrorCode::DUPLICATE_RESOURCE, "A user credential cannot be altered twice in the same request");
    let deletions = request.deletions.iter().map(|deletion| (&deletion.name, deleted(deletion)));
    let upsertions = request.upsertions.iter().map(|upsertion| (&upsertion.name, upserted(upsertion)));
    let mut checked = Checked::new();
    for (user, alteration) in deletions.chain(upsertions) {
        checked.entry(user.clone()).and_modify(|first| *first = first.clone().and(Err(TWICE))).or_insert(alteration);
    }
    checked
}

const NO_NAME: (ErrorCode, &str) = (ErrorCode::UNACCEPTABLE_CREDENTIAL, "Username must not be empty");
const NO_MECHANISM: (ErrorCode, &str) = (ErrorCode::UNSUPPORTED_SASL_MECHANISM, "Unknown SCRAM mechanism");

fn deleted(deletion: &ScramCredentialDeletion) -> Result<ScramAlteration, (ErrorCode, &'static str)> {
    if deletion.name.is_empty() {
        return Err(NO_NAME);
    }
    let mechanism = scram_codes::mechanism(deletion.mechanism).ok_or(NO_MECHANISM)?;
    Ok(ScramAlteration { user: Arc::from(&*deletion.name), mechanism, credential: None })
}

fn upserted(upsertion: &ScramCredentialUpsertion) -> Result<ScramAlteration, (ErrorCode, &'static str)> {
    let unacceptable = |text| (ErrorCode::UNACCEPTABLE_CREDENTIAL, text);
    if upsertion.name.is_empty() {
        return Err(NO_NAME);
    }
    let mechanism = scram_codes::mechanism(upsertion.mechanism).ok_or(NO_MECHANISM)?;
    let iterations = u32::try_from(upsertion.iterations).unwrap_or(0);
    if iterations < MIN_ITERATIONS {
        return Err(unacceptable("Too few iterations"));
    }
    if iterations > MAX_ITERATIONS {
        return Err(unacceptable("Too many iterations"));
    }
    if upsertion.salt.is_empty() || upsertion.salted_password.is_empty() {
        return Err(unacceptable("the salt or the salted password is empty"));
    }
    let (salt, salted_password) = (&upsertion.salt, &upsertion.salted_password);
    let credential = ScramCredential::of_salted_password(mechanism, salted_password, salt, iterations);
    Ok(ScramAlteration { user: Arc::from(&*upsertion.name), mechanism, credential: Some(credential) })
}

/// By name. A success has no text.
fn answer(checked: Checked, outcome: Result<BTreeSet<Arc<str>>, Refused>) -> AlterUserScramCredentialsResponse {
    let outcome = outcome.map_err(Refused::told);
    let result = |(user, checked): (StrBytes, Result<ScramAlteration, _>)| {
        let (error, text) = match (checked, &outcome) {
            (Err((error, text)), _) => (error, Some(StrBytes::from_static_str(text))),
            (Ok(_), Err((error, text))) => (*error, text.clone()),
            (Ok(_), Ok(missing)) if missing.contains(&*user) => {
                const TEXT: StrBytes =
                    StrBytes::from_static_str("Attempt to delete a user credential that does not exist");
                (ErrorCode::RESOURCE_NOT_FOUND, Some(TEXT))
            }
            (Ok(_), Ok(_)) => (ErrorCode::NONE, None),
        };
        AlterUserScramCredentialsResult::default().with_user(user).with_error_code(error.0).with_error_message(text)
    };
    AlterUserScramCredentialsResponse::default().with_results(checked.into_iter().map(result).collect())
}

#[cfg(test)]
mod tests {
    use authentication::ScramMechanism::{Sha256, Sha512};
    use bytes::Bytes;

    use super::*;
    use crate::testing::{Client, str_bytes};

    const ALTER: &str = "allow Alter Cluster";

    fn deletion(user: &str, mechanism: i8) -> ScramCredentialDeletion {
        ScramCredentialDeletion::default().with_name(str_bytes(user)).with_mechanism(mechanism)
    }

    fn upsertion(user: &str, mechanism: i8, iterations: i32) -> ScramCredentialUpsertion {
        ScramCredentialUpsertion::default()
            .with_name(str_bytes(user))
            .with_mechanism(mechanism)
            .with_iterations(iterations)
            .with_salt(Bytes::from_static(b"salt"))
            .with_salted_password(Bytes::from_static(b"salted password"))
    }

    fn altering(
        deletions: Vec<ScramCredentialDeletion>,
        upsertions: Vec<ScramCredentialUpsertion>,
    ) -> AlterUserScramCredentialsRequest {
        AlterUserScramCredentialsRequest::default().with_deletions(deletions).with_upsertions(upsertions)
    }

    /// User, code, and whether there is a text.
    fn told(response: &AlterUserScramCredentialsResponse) -> Vec<(&str, i16, bool)> {
        let results = response.results.iter();
        results.map(|result| (&*result.user, result.error_code, result.error_message.is_some())).collect()
    }

    #[test]
    fn without_alter_on_the_cluster_every_user_is_denied() {
        let mut client = Client::with(&["allow Describe Cluster"]).users(&[("bob", Sha256, 4096)]);
        let request = altering(vec![deletion("bob", 1)], vec![upsertion("alice", 1, 4096), upsertion("bob", 2, 4096)]);
        assert_eq!(told(&client.ask(0, &request).response()), [("alice", 31, true), ("bob", 31, true)]);
        assert_eq!(client.decisions(), ["denied Alter Cluster kafka-cluster"]);
        assert_eq!(client.stored_users(), ["bob SCRAM-SHA-256 4096"]);
    }

    #[test]
    fn credentials_come_and_go() {
        let mut client = Client::with(&[ALTER]).users(&[("bob", Sha256, 4096), ("carol", Sha512, 4096)]);
        let request =
            altering(vec![deletion("bob", 1)], vec![upsertion("alice", 2, 8192), upsertion("carol", 2, 16384)]);
        let response = client.ask(0, &request).response();
        assert_eq!(told(&response), [("alice", 0, false), ("bob", 0, false), ("carol", 0, false)]);
        assert_eq!(client.stored_users(), ["alice SCRAM-SHA-512 8192", "carol SCRAM-SHA-512 16384"]);
    }

    /// Verified with Kafka 4.3.0: the codes.
    #[test]
    fn users_that_are_wrong_do_not_stop_the_others() {
        let request = altering(
            vec![deletion("gone", 1), deletion("other", 1), deletion("twice", 1), deletion("unknown", 3)],
            vec![
                upsertion("", 1, 4096),
                upsertion("few", 1, 4095),
                upsertion("fine", 1, 4096),
                upsertion("many", 1, 16385),
                upsertion("negative", 1, -1),
                upsertion("twice", 2, 4096),
                upsertion("zero", 0, 4096),
            ],
        );
        let mut client = Client::with(&[ALTER]).users(&[("other", Sha512, 4096), ("twice", Sha256, 4096)]);
        assert_eq!(
            told(&client.ask(0, &request).response()),
            [
                ("", 93, true),
                ("few", 93, true),
                ("fine", 0, false),
                ("gone", 91, true),
                ("many", 93, true),
                ("negative", 93, true),
                ("other", 91, true),
                ("twice", 92, true),
                ("unknown", 33, true),
                ("zero", 33, true),
            ]
        );
        assert_eq!(
            client.stored_users(),
            ["fine SCRAM-SHA-256 4096", "other SCRAM-SHA-512 4096", "twice SCRAM-SHA-256 4096"]
        );
    }

    /// Verified with Kafka 4.3.0.
    #[test]
    fn the_first_fault_of_a_user_counts() {
        let deletions = vec![deletion("bob", 9), deletion("bob", 1)];
        let upsertions = vec![upsertion("alice", 1, 1), upsertion("alice", 1, 4096), upsertion("alice", 2, 16385)];
        let mut client = Client::with(&[ALTER]).users(&[("bob", Sha256, 4096)]);
        let response = client.ask(0, &altering(deletions, upsertions)).response();
        assert_eq!(told(&response), [("alice", 93, true), ("bob", 33, true)]);
        let texts: Vec<_> = response.results.iter().map(|result| result.error_message.clone()).collect();
        assert_eq!(texts, [Some(str_bytes("Too few iterations")), Some(str_bytes("Unknown SCRAM mechanism"))]);
        assert_eq!(client.stored_users(), ["bob SCRAM-SHA-256 4096"]);
    }

    #[test]
    fn what_the_store_refuses_is_refused_for_those_who_are_right() {
        let mut client = Client::with(&[ALTER]).store_refuses(Refused::NotEditable("they are in a file".to_owned()));
        let request = altering(vec![deletion("gone", 1)], vec![upsertion("few", 1, 1)]);
        assert_eq!(told(&client.ask(0, &request).response()), [("few", 93, true), ("gone", 44, true)]);
    }
}
