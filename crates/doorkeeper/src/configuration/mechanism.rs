//! The names of SASL mechanisms, those that are planned among them.

use authentication::Mechanism;
use store::yaml::{Field, Reading, Text};

const NOT_BUILT_YET: &[&str] = &["OAUTHBEARER", "GSSAPI"];

pub(super) fn mechanism(reading: &mut Reading, field: &Field<'_>, text: &Text) -> Option<Mechanism> {
    if NOT_BUILT_YET.contains(&text.as_str()) {
        field.error(
            reading,
            format!("{} is not built yet, expected `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`", text.shown()),
        );
        return None;
    }
    let mechanism = text.as_str().parse().ok();
    if mechanism.is_none() {
        field.error(
            reading,
            format!("{} is no mechanism, expected `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`", text.shown()),
        );
    }
    mechanism
}
