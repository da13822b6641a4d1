//! A change of one user's credential for one mechanism, wherever the user is.

use anyhow::{Result, bail};
use authentication::{ScramCredential, ScramMechanism};
use zeroize::Zeroizing;

/// As Kafka's own tools, which take about as many characters.
const SALT_BYTES: usize = 25;

/// What is to become of a credential.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) user: String,
    pub(crate) mechanism: ScramMechanism,
    /// None: it is removed.
    pub(crate) to: Option<Credential>,
}

/// What a user is to log in by.
#[derive(Clone)]
pub(crate) enum Credential {
    /// From a password: can go everywhere.
    Salted { iterations: u32, salt: Vec<u8>, salted_password: Zeroizing<Vec<u8>> },
    /// What a server keeps: Kafka's API does not take it.
    Keys(ScramCredential),
}

impl Credential {
    /// With a fresh salt. Slow by design.
    pub(crate) fn of_password(mechanism: ScramMechanism, password: &str, iterations: u32) -> Credential {
        let mut salt = vec![0; SALT_BYTES];
        getrandom::fill(&mut salt).expect("an operating system that has no randomness cannot run us");
        let salted_password = mechanism.salted_password(password.as_bytes(), &salt, iterations);
        Credential::Salted { iterations, salt, salted_password }
    }

    /// What a server keeps.
    pub(crate) fn keys(&self, mechanism: ScramMechanism) -> ScramCredential {
        match self {
            Credential::Keys(credential) => credential.clone(),
            Credential::Salted { iterations, salt, salted_password } => {
                ScramCredential::of_salted_password(mechanism, salted_password, salt, *iterations)
            }
        }
    }
}

/// Without what is secret.
impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Credential::Salted { .. } => "Salted",
            Credential::Keys(_) => "Keys",
        })
    }
}

/// Each user and mechanism once, the last of several counts.
pub(crate) fn last_of_each(changes: Vec<Change>) -> Vec<Change> {
    let mut kept: Vec<Change> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for change in changes.into_iter().rev() {
        if seen.insert((change.user.clone(), change.mechanism)) {
            kept.push(change);
        }
    }
    kept.reverse();
    kept
}

/// What a store will take.
pub(crate) fn validated(changes: &[Change]) -> Result<()> {
    for Change { user, mechanism, to } in changes {
        if user.is_empty() {
            bail!("a user needs a name");
        }
        if let Some(Credential::Keys(credential)) = to
            && let Err(error) = credential.validate(*mechanism)
        {
            bail!("`{user}`: the credential for {mechanism} cannot be used: {error}");
        }
    }
    Ok(())
}
