//! Users over Kafka's protocol: a Doorkeeper, or a broker.
//!
//! Kafka: `Admin.alterUserScramCredentials` and `describeUserScramCredentials`. Any broker takes them and passes them on to
//! the controller.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use authentication::ScramMechanism;
use client::{Connector, TypedConnection, UpstreamSettings};
use protocol::messages::alter_user_scram_credentials_request::{ScramCredentialDeletion, ScramCredentialUpsertion};
use protocol::messages::{AlterUserScramCredentialsRequest, DescribeUserScramCredentialsRequest};
use protocol::{ErrorCode, StrBytes};

use super::change::{Change, Credential};

/// Users in one request; Kafka writes each as a record of one batch, of at most 10,000.
const MOST_USERS: usize = 1000;

/// Mechanism and iterations by user.
pub(super) type Known = BTreeMap<String, BTreeMap<ScramMechanism, u32>>;

pub(super) async fn list(settings: &UpstreamSettings) -> Result<Known> {
    let mut connection = TypedConnection::open_any(&Connector::new(settings.clone())?).await?;
    let everybody = DescribeUserScramCredentialsRequest::default().with_users(None);
    let response = connection.ask(0..=0, &everybody).await?;
    refuse("the users cannot be shown", response.error_code, response.error_message)?;
    let mut known = Known::new();
    for user in response.results {
        refuse(&format!("the user `{}` cannot be shown", user.user), user.error_code, user.error_message)?;
        let credentials = user.credential_infos.iter().filter_map(|info| {
            let mechanism = mechanism(info.mechanism)?;
            Some((mechanism, u32::try_from(info.iterations).ok()?))
        });
        known.insert(user.user.to_string(), credentials.collect());
    }
    Ok(known)
}

/// One mechanism after the other: a user may be in a request only once.
pub(super) async fn change(settings: &UpstreamSettings, changes: &[Change]) -> Result<()> {
    let with_keys: Vec<&str> = changes
        .iter()
        .filter(|change| matches!(change.to, Some(Credential::Keys(_))))
        .map(|change| change.user.as_str())
        .collect();
    if let Some(first) = with_keys.first() {
        bail!(
            "Kafka's API takes salted passwords only, and `{first}` comes with the keys that a server keeps: nothing was \
             changed. Import it into a store itself, with `--file`, `--embedded` or `--config`"
        );
    }
    let mut connection = TypedConnection::open_any(&Connector::new(settings.clone())?).await?;
    for mechanism in ScramMechanism::ALL {
        let of_mechanism: Vec<&Change> = changes.iter().filter(|change| change.mechanism == mechanism).collect();
        for some in of_mechanism.chunks(MOST_USERS) {
            let response = connection.ask(0..=0, &request(mechanism, some)).await?;
            for result in response.results {
                let what = format!("{mechanism} of `{}` was not changed", result.user);
                refuse(&what, result.error_code, result.error_message)?;
            }
        }
    }
    Ok(())
}

fn request(mechanism: ScramMechanism, changes: &[&Change]) -> AlterUserScramCredentialsRequest {
    let mut request = AlterUserScramCredentialsRequest::default();
    let code = code(mechanism);
    for Change { user, to, .. } in changes {
        let name = StrBytes::from_string(user.clone());
        match to {
            None => request.deletions.push(ScramCredentialDeletion::default().with_name(name).with_mechanism(code)),
            Some(Credential::Salted { iterations, salt, salted_password }) => {
                let upsertion = ScramCredentialUpsertion::default()
                    .with_name(name)
                    .with_mechanism(code)
                    .with_iterations(i32::try_from(*iterations).unwrap_or(i32::MAX))
                    .with_salt(salt.clone().into())
                    .with_salted_password(salted_password.to_vec().into());
                request.upsertions.push(upsertion);
            }
            // Refused before.
            Some(Credential::Keys(_)) => {}
        }
    }
    request
}

fn code(mechanism: ScramMechanism) -> i8 {
    match mechanism {
        ScramMechanism::Sha256 => 1,
        ScramMechanism::Sha512 => 2,
    }
}

fn mechanism(code: i8) -> Option<ScramMechanism> {
    ScramMechanism::ALL.into_iter().find(|mechanism| self::code(*mechanism) == code)
}

fn refuse(what: &str, code: i16, message: Option<StrBytes>) -> Result<()> {
    let error = ErrorCode(code);
    match error {
        ErrorCode::NONE => Ok(()),
        _ => bail!("{what}: {}: {}", error.name(), message.as_deref().unwrap_or(error.message())),
    }
}
