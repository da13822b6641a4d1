//! SCRAM credentials as lines of text. What is no credential is skipped where Kafka's tools print other things besides,
//! and told by its line where they do not.

use anyhow::{Context, Result, anyhow, bail};
use authentication::{ScramCredential, ScramMechanism};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

use super::Record;

pub(super) fn records(text: &str) -> Result<Vec<Record>> {
    let (is_dump, is_described) = (text.contains("\"type\":\""), text.contains("user-principal '"));
    let mut records = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let read = match line {
            "" => continue,
            line if line.starts_with('#') => continue,
            line if is_dump => metadata_record(line),
            line if line.contains("user-principal '") => described(line),
            // `kafka-configs` warns on its standard output.
            _ if is_described => continue,
            line => written(line),
        };
        // Never the line itself: it holds what nobody should see.
        records.extend(read.with_context(|| format!("line {}", index + 1))?);
    }
    Ok(records)
}

/// `kafka-dump-log --cluster-metadata-decoder`; other records are other things.
fn metadata_record(line: &str) -> Result<Vec<Record>> {
    let Some((_, json)) = line.split_once("payload:").or_else(|| Some(("", line.strip_prefix('{').map(|_| line)?)))
    else {
        return Ok(Vec::new());
    };
    if !json.contains("USER_SCRAM_CREDENTIAL_RECORD") {
        return Ok(Vec::new());
    }
    let record: Value = serde_json::from_str(json.trim()).map_err(|_| anyhow!("the record is no JSON"))?;
    let data = record.get("data").context("the record has no `data`")?;
    let text = |key: &str| data.get(key).and_then(Value::as_str).with_context(|| format!("the record has no `{key}`"));
    let number =
        |key: &str| data.get(key).and_then(Value::as_u64).with_context(|| format!("the record has no `{key}`"));
    let bytes = |key: &str| BASE64_STANDARD.decode(text(key)?).map_err(|_| anyhow!("`{key}` is not standard base64"));
    let user = text("name")?.to_owned();
    let mechanism = match number("mechanism")? {
        1 => ScramMechanism::Sha256,
        2 => ScramMechanism::Sha512,
        other => bail!("the mechanism {other} is not known"),
    };
    if record.get("type").and_then(Value::as_str) == Some("REMOVE_USER_SCRAM_CREDENTIAL_RECORD") {
        return Ok(vec![Record::Removed(user, mechanism)]);
    }
    let credential = ScramCredential {
        iterations: number("iterations")?.try_into().context("`iterations` is too large")?,
        salt: bytes("salt")?,
        stored_key: bytes("storedKey")?,
        server_key: bytes("serverKey")?,
    };
    Ok(vec![keys(user, mechanism, credential)?])
}

/// `Configs for user-principal 'alice' are SCRAM-SHA-512=salt=…,stored_key=…,server_key=…,iterations=4096,SCRAM-SHA-256=…`,
/// with quotas among it.
fn described(line: &str) -> Result<Vec<Record>> {
    let (_, rest) = line.split_once("user-principal '").context("there is no user")?;
    let (user, configs) = rest.split_once("' are").context("there is no user")?;
    let mut credentials: Vec<(ScramMechanism, Vec<&str>)> = Vec::new();
    let mut is_inside = false;
    for part in configs.split(',').map(str::trim) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key.parse::<ScramMechanism>() {
            Ok(mechanism) => {
                credentials.push((mechanism, vec![value]));
                is_inside = true;
            }
            Err(_) if is_inside && ["iterations", "salt", "stored_key", "server_key"].contains(&key) => {
                credentials.last_mut().context("there is no mechanism")?.1.push(part);
            }
            Err(_) => is_inside = false,
        }
    }
    let record = |(mechanism, parts): (ScramMechanism, Vec<&str>)| {
        if let [only] = parts.as_slice()
            && only.starts_with("iterations=")
        {
            bail!(
                "the credential of `{user}` for {mechanism} comes without its keys: over its API Kafka never tells them. \
                 `kafka-dump-log --cluster-metadata-decoder` shows them from the disk of a controller"
            );
        }
        let credential = ScramCredential::parse(&parts.join(","))?;
        keys(user.to_owned(), mechanism, credential)
    };
    credentials.into_iter().map(record).collect()
}

/// `alice=SCRAM-SHA-256=[…]`, or `SCRAM-SHA-256=[name=alice,…]`.
fn written(line: &str) -> Result<Vec<Record>> {
    const EXPECTED: &str = "expected `NAME=SCRAM-SHA-256=[iterations=…,salt=…,stored_key=…,server_key=…]`";
    let line = line.trim_start_matches("--add-scram").trim_start_matches([' ', '=']).trim_matches('\'');
    let (before, after) = line.split_once("SCRAM-SHA-").context(EXPECTED)?;
    let (number, value) = after.split_once('=').context(EXPECTED)?;
    let mechanism: ScramMechanism = format!("SCRAM-SHA-{number}").parse()?;
    match before.strip_suffix('=') {
        Some(user) => Ok(vec![keys(user.trim().to_owned(), mechanism, ScramCredential::parse(value)?)?]),
        None if before.is_empty() => Ok(vec![add_scram(mechanism, value)?]),
        None => bail!(EXPECTED),
    }
}

/// Kafka: `ScramParser` of `kafka-storage`.
fn add_scram(mechanism: ScramMechanism, value: &str) -> Result<Record> {
    let inside = value.trim().strip_prefix('[').and_then(|value| value.strip_suffix(']'));
    let inside = inside.with_context(|| format!("expected `{mechanism}=[name=…,…]`"))?;
    let (mut user, mut iterations, mut salt, mut password, mut salted) = (None, None, None, None, None);
    let mut rest = inside;
    while !rest.is_empty() {
        let (key, after) = rest
            .split_once('=')
            .context("expected `name=…`, `iterations=…`, `salt=…`, `password=…` or `saltedpassword=…`")?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').context("a quote does not end")?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        match key.trim() {
            "name" => user = Some(value.to_owned()),
            "iterations" => {
                iterations = Some(value.parse::<u32>().map_err(|_| anyhow!("`iterations` is not a number"))?)
            }
            "salt" => salt = Some(BASE64_STANDARD.decode(value).map_err(|_| anyhow!("`salt` is not standard base64"))?),
            "password" => password = Some(Zeroizing::new(value.to_owned())),
            "saltedpassword" => {
                let bytes =
                    BASE64_STANDARD.decode(value).map_err(|_| anyhow!("`saltedpassword` is not standard base64"))?;
                salted = Some(Zeroizing::new(bytes));
            }
            _ => bail!("expected `name`, `iterations`, `salt`, `password` or `saltedpassword`"),
        }
        rest = after.trim_start_matches(',');
    }
    let user = user.filter(|user| !user.is_empty()).context("`name` is missing")?;
    match (password, salted, salt) {
        (Some(password), None, _) => Ok(Record::Password { user, mechanism: Some(mechanism), iterations, password }),
        (None, Some(salted_password), Some(salt)) => {
            if salted_password.len() != mechanism.key_length() {
                bail!(
                    "`saltedpassword` of `{user}` has {} bytes, {mechanism} needs {}",
                    salted_password.len(),
                    mechanism.key_length()
                );
            }
            let iterations = iterations.unwrap_or(super::super::DEFAULT_ITERATIONS);
            Ok(Record::Salted { user, mechanism, iterations, salt, salted_password })
        }
        (None, Some(_), None) => bail!("`salt` of `{user}` is missing"),
        (None, None, _) => bail!("`{user}` has neither `password` nor `saltedpassword`"),
        (Some(_), Some(_), _) => bail!("`{user}` has both `password` and `saltedpassword`, expected one of them"),
    }
}

fn keys(user: String, mechanism: ScramMechanism, credential: ScramCredential) -> Result<Record> {
    if user.is_empty() {
        bail!("a user needs a name");
    }
    credential.validate(mechanism).with_context(|| format!("the credential of `{user}` for {mechanism}"))?;
    Ok(Record::Keys(user, mechanism, credential))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(mechanism: ScramMechanism) -> ScramCredential {
        ScramCredential::derive(mechanism, "secret", b"some salt", 4096)
    }

    fn of(user: &str, mechanism: ScramMechanism) -> Record {
        Record::Keys(user.to_owned(), mechanism, credential(mechanism))
    }

    /// As ZooKeeper kept it: the parts without brackets.
    fn parts(mechanism: ScramMechanism) -> String {
        let text = credential(mechanism).format();
        let parts: Vec<&str> = text.trim_matches(['[', ']']).split(',').collect();
        let [iterations, rest @ ..] = parts.as_slice() else { panic!("{text}") };
        format!("{},{iterations}", rest.join(","))
    }

    #[test]
    fn lines_in_kafkas_form_have_a_user_before_them() {
        let (sha_256, sha_512) = (ScramMechanism::Sha256, ScramMechanism::Sha512);
        let text = format!(
            "# users\nalice=SCRAM-SHA-256={}\n\nCN=a,O=b=SCRAM-SHA-512={}\n",
            credential(sha_256).format(),
            credential(sha_512).format()
        );
        assert_eq!(records(&text).expect("credentials"), [of("alice", sha_256), of("CN=a,O=b", sha_512)]);
    }

    #[test]
    fn what_kafka_storage_takes_is_taken() {
        let text = "SCRAM-SHA-256=[name=alice,password=a=b]\n\
            --add-scram 'SCRAM-SHA-512=[name=\"b, c\",iterations=8192,password=\"x,y\"]'\n\
            SCRAM-SHA-256=[name=d,iterations=5000,salt=\"c2FsdA==\",saltedpassword=\"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"]\n";
        let password = |user: &str, mechanism, iterations, password: &str| Record::Password {
            user: user.to_owned(),
            mechanism: Some(mechanism),
            iterations,
            password: Zeroizing::new(password.to_owned()),
        };
        let expected = [
            password("alice", ScramMechanism::Sha256, None, "a=b"),
            password("b, c", ScramMechanism::Sha512, Some(8192), "x,y"),
            Record::Salted {
                user: "d".to_owned(),
                mechanism: ScramMechanism::Sha256,
                iterations: 5000,
                salt: b"salt".to_vec(),
                salted_password: Zeroizing::new(b"01234567890123456789012345678901".to_vec()),
            },
        ];
        assert_eq!(records(text).expect("credentials"), expected);
    }

    #[test]
    fn users_of_zookeepers_days_come_with_quotas_among_them() {
        let (sha_256, sha_512) = (ScramMechanism::Sha256, ScramMechanism::Sha512);
        let text = format!(
            "Warning: --zookeeper is deprecated\nConfigs for user-principal 'alice' are SCRAM-SHA-512={},producer_byte_rate=1024,SCRAM-SHA-256={}\n\
             Configs for user-principal 'quota only' are consumer_byte_rate=1\n",
            parts(sha_512),
            parts(sha_256)
        );
        assert_eq!(records(&text).expect("credentials"), [of("alice", sha_512), of("alice", sha_256)]);
    }

    #[test]
    fn the_metadata_log_tells_what_came_and_what_went() {
        let credential = credential(ScramMechanism::Sha256);
        let base64 = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
        let text = format!(
            "Dumping 00000000000000000000.log\nLog starting offset: 0\nbaseOffset: 0 lastOffset: 2 count: 3\n\
             | offset: 0 payload: {{\"type\":\"TOPIC_RECORD\",\"version\":0,\"data\":{{\"name\":\"alice\"}}}}\n\
             | offset: 1 CreateTime: 1 keySize: -1 payload: {{\"type\":\"USER_SCRAM_CREDENTIAL_RECORD\",\"version\":0,\"data\":{{\
             \"name\":\"alice\",\"mechanism\":1,\"salt\":\"{}\",\"storedKey\":\"{}\",\"serverKey\":\"{}\",\"iterations\":4096}}}}\n\
             | offset: 2 payload: {{\"type\":\"REMOVE_USER_SCRAM_CREDENTIAL_RECORD\",\"version\":0,\"data\":{{\"name\":\"bob\",\"mechanism\":2}}}}\n",
            base64(&credential.salt),
            base64(&credential.stored_key),
            base64(&credential.server_key)
        );
        let expected = [of("alice", ScramMechanism::Sha256), Record::Removed("bob".to_owned(), ScramMechanism::Sha512)];
        assert_eq!(records(&text).expect("credentials"), expected);
    }

    #[test]
    fn what_cannot_be_used_is_told_by_its_line_and_not_shown() {
        for (text, expected) in [
            ("alice=secret", "line 1: expected `NAME=SCRAM-SHA-256=["),
            ("\nalice=SCRAM-SHA-256=[iterations=4096]", "line 2: `salt` is missing"),
            ("alice=SCRAM-SHA-1=[iterations=4096]", "line 1: unknown sasl mechanism `SCRAM-SHA-1`"),
            ("SCRAM-SHA-256=[password=secret]", "`name` is missing"),
            ("SCRAM-SHA-256=[name=a,saltedpassword=secret]", "`saltedpassword` is not standard base64"),
            (
                "SCRAM credential configs for user-principal 'alice' are SCRAM-SHA-256=iterations=4096",
                "comes without its keys: over its API Kafka never tells them",
            ),
        ] {
            let error = format!("{:#}", records(text).expect_err(text));
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
