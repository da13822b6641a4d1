//! `doorkeeper users import`: credentials and passwords out of Kafka's own files and tools, told apart by their text.
//!
//! | text | from |
//! |---|---|
//! | `alice=SCRAM-SHA-256=[iterations=…,salt=…,stored_key=…,server_key=…]` | Kafka's form of a credential, a user before it |
//! | `SCRAM-SHA-256=[name=alice,iterations=…,salt=…,saltedpassword=…]`, or `password=…` | `kafka-storage format --add-scram` |
//! | `… payload: {"type":"USER_SCRAM_CREDENTIAL_RECORD",…}` | `kafka-dump-log --cluster-metadata-decoder`, of a log or a snapshot |
//! | `Configs for user-principal 'alice' are SCRAM-SHA-256=salt=…` | `kafka-configs --zookeeper --describe` |
//! | `… PlainLoginModule required user_alice="…";` | a JAAS file, or `sasl.jaas.config` of `server.properties` |

mod jaas;
mod scram;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use authentication::{ScramCredential, ScramMechanism};
use zeroize::Zeroizing;

use super::change::{Change, Credential, last_of_each};

/// What one text says of one user.
#[derive(Debug, Clone, PartialEq)]
enum Record {
    Keys(String, ScramMechanism, ScramCredential),
    Salted {
        user: String,
        mechanism: ScramMechanism,
        iterations: u32,
        salt: Vec<u8>,
        salted_password: Zeroizing<Vec<u8>>,
    },
    /// For one mechanism, or for both.
    Password {
        user: String,
        mechanism: Option<ScramMechanism>,
        iterations: Option<u32>,
        password: Zeroizing<String>,
    },
    /// Logs also tell what has gone.
    Removed(String, ScramMechanism),
}

/// All that the files say, in their order; what has gone again is left out. Passwords become credentials.
pub(super) fn read(files: &[PathBuf], iterations: u32) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for file in files {
        for record in records(file)? {
            changes.extend(record.changes(iterations));
        }
    }
    Ok(last_of_each(changes).into_iter().filter(|change| change.to.is_some()).collect())
}

fn records(file: &Path) -> Result<Vec<Record>> {
    let bytes = std::fs::read(file).map(Zeroizing::new).with_context(|| format!("cannot read `{}`", file.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let records = match text.contains("LoginModule") {
        true => jaas::records(&text, &bytes),
        false => scram::records(&text),
    };
    records.with_context(|| file.display().to_string())
}

impl Record {
    fn changes(self, usual_iterations: u32) -> Vec<Change> {
        match self {
            Record::Keys(user, mechanism, credential) => {
                vec![Change { user, mechanism, to: Some(Credential::Keys(credential)) }]
            }
            Record::Salted { user, mechanism, iterations, salt, salted_password } => {
                vec![Change { user, mechanism, to: Some(Credential::Salted { iterations, salt, salted_password }) }]
            }
            Record::Password { user, mechanism, iterations, password } => {
                let iterations = iterations.unwrap_or(usual_iterations);
                let mechanisms = mechanism.map_or_else(|| ScramMechanism::ALL.to_vec(), |one| vec![one]);
                let change = |mechanism| Change {
                    user: user.clone(),
                    mechanism,
                    to: Some(Credential::of_password(mechanism, &password, iterations)),
                };
                mechanisms.into_iter().map(change).collect()
            }
            Record::Removed(user, mechanism) => vec![Change { user, mechanism, to: None }],
        }
    }
}
