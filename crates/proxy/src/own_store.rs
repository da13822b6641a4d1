//! What clients ask of our own stores instead of a broker: ACLs and users (`apis::Serve`).
//!
//! What is there is answered from the snapshot of now. A change is made by the store, holds for the next request of every
//! connection of this process when it is answered, and is told to the audit. All of it runs away from the threads that
//! move bytes, and a change that has begun is told even if the client is gone by then.

use std::sync::Arc;

use acl::Identity;
use apis::{Refused, ScramUser, Serve};
use authentication::{ScramMechanism, Users};
use protocol::ApiKey;
use tokio::task::spawn_blocking;

use crate::audit::{Change, ChangeEvent};
use crate::metrics;
use crate::shared::Shared;

/// Answers it; nothing if the machine fails us.
pub(crate) async fn serve<R: Send + 'static>(
    shared: &Arc<Shared>,
    identity: &Arc<Identity>,
    api_key: ApiKey,
    serve: Serve<R>,
) -> Option<R> {
    let by = By { shared: Arc::clone(shared), identity: Arc::clone(identity), api_key };
    let made = match serve {
        Serve::DescribeAcls { filter, reply } => {
            let snapshot = shared.current.load_full();
            spawn_blocking(move || reply(snapshot.policy.bindings().filter(|acl| filter.matches(acl)).collect())).await
        }
        Serve::DescribeScramCredentials { reply } => {
            let snapshot = shared.current.load_full();
            spawn_blocking(move || reply(scram_users(&snapshot.users))).await
        }
        Serve::CreateAcls { bindings, reply } => {
            let created = shared.stores.acls.create_acls(bindings);
            let told = |created: store::Created| (created.added.into_iter().map(Change::AclCreated).collect(), ());
            let done = by.change(created, told).await?;
            spawn_blocking(move || reply(done)).await
        }
        Serve::DeleteAcls { filters, reply } => {
            let deleted = shared.stores.acls.delete_acls(filters);
            let told = |deleted: store::Deleted| {
                (deleted.removed.into_iter().map(Change::AclDeleted).collect(), deleted.found)
            };
            let done = by.change(deleted, told).await?;
            spawn_blocking(move || reply(done)).await
        }
        Serve::AlterScramCredentials { alterations, reply } => {
            let altered = shared.stores.users.alter_credentials(alterations);
            let told = |altered: store::Altered| {
                (altered.credentials.into_iter().map(Change::Credential).collect(), altered.missing)
            };
            let done = by.change(altered, told).await?;
            spawn_blocking(move || reply(done)).await
        }
    };
    made.ok()
}

/// Whose request it is.
struct By {
    shared: Arc<Shared>,
    identity: Arc<Identity>,
    api_key: ApiKey,
}

impl By {
    /// Waits for a change and tells of it. `told` takes apart what is told and what is answered.
    async fn change<T: Send + 'static, A: Send + 'static>(
        self,
        change: store::Pending<Result<T, Refused>>,
        told: impl FnOnce(T) -> (Vec<Change>, A) + Send + 'static,
    ) -> Option<Result<A, Refused>> {
        let made = tokio::spawn(async move {
            let (changes, answer) = told(change.await?);
            if !changes.is_empty() {
                let snapshot = self.shared.current.load_full();
                metrics::policy_holds(snapshot.generation, snapshot.policy.len(), snapshot.users.len());
                let By { shared, identity, api_key } = self;
                shared.audit.changes(ChangeEvent { identity, api_key, changes }).await;
            }
            Ok(answer)
        });
        made.await.ok()
    }
}

fn scram_users(users: &Users) -> Vec<ScramUser> {
    let mut names: Vec<&Arc<str>> = users.names().collect();
    names.sort_unstable();
    let with_credentials =
        names.into_iter().map(|name| ScramUser { name: Arc::clone(name), credentials: of(users, name) });
    with_credentials.filter(|user| !user.credentials.is_empty()).collect()
}

fn of(users: &Users, name: &str) -> Vec<(ScramMechanism, u32)> {
    let iterations = |mechanism| Some((mechanism, users.get(name, mechanism)?.iterations));
    ScramMechanism::ALL.into_iter().filter_map(iterations).collect()
}

#[cfg(test)]
mod tests {
    use authentication::ScramCredential;

    use super::*;

    #[test]
    fn users_are_told_by_name_and_only_those_with_credentials() {
        let mut users = Users::builder();
        for (user, mechanism) in [("bob", ScramMechanism::Sha512), ("alice", ScramMechanism::Sha256)] {
            let credential = ScramCredential::derive(mechanism, "secret", b"salt", 4096);
            users.credential(user, mechanism, credential).expect("a user once");
        }
        users.user("carol").expect("a user once");
        let named = |name: &str, mechanism| ScramUser { name: name.into(), credentials: vec![(mechanism, 4096)] };
        let expected = [named("alice", ScramMechanism::Sha256), named("bob", ScramMechanism::Sha512)];
        assert_eq!(scram_users(&users.build()), expected);
    }
}
