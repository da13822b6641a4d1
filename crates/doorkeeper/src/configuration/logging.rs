//! `logging`: where our own words go, and which of them.

use store::yaml::{Field, Reading};
use tracing_subscriber::filter::Targets;

#[derive(Debug, Clone)]
pub(crate) struct Logging {
    pub(crate) format: LogFormat,
    pub(crate) level: Targets,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

impl Default for Logging {
    fn default() -> Logging {
        Logging { format: LogFormat::Text, level: Targets::new().with_default(tracing::Level::INFO) }
    }
}

pub(super) fn read(reading: &mut Reading, field: &Field<'_>) -> Logging {
    let mut logging = Logging::default();
    let Some(mut fields) = field.fields(reading) else { return logging };
    if let Some(field) = fields.optional("format") {
        let words = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        logging.format = field.one_of(reading, &words).unwrap_or(logging.format);
    }
    if let Some(field) = fields.optional("level") {
        let expected = "a level such as `info`, and levels of targets such as `info,kafka.authorizer.logger=debug`";
        logging.level = field.parsed(reading, expected, parse_level).unwrap_or(logging.level);
    }
    fields.finish(reading);
    logging
}

/// `off`, `error`, `warn`, `info`, `debug` or `trace`; for a target, `target=level`. A word that is no level would be
/// taken for a target with all its levels, which nobody means.
fn parse_level(text: &str) -> Option<Targets> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| LEVELS.contains(&word.to_ascii_lowercase().as_str());
    let is_directive = |directive: &str| match directive.split_once('=') {
        Some((target, level)) => !target.is_empty() && is_level(level),
        None => is_level(directive),
    };
    text.split(',').all(is_directive).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_word_or_a_list_with_targets() {
        for (text, good) in [
            ("info", true),
            ("DEBUG", true),
            ("info,kafka.authorizer.logger=debug", true),
            ("off", true),
            ("verbose", false),
            ("info,proxy", false),
            ("proxy=loud", false),
            ("", false),
        ] {
            assert_eq!(parse_level(text).is_some(), good, "{text}");
        }
        let targets = parse_level("info,kafka.authorizer.logger=debug").expect("good");
        assert!(targets.would_enable("kafka.authorizer.logger", &tracing::Level::DEBUG));
        assert!(!targets.would_enable("proxy", &tracing::Level::DEBUG));
    }
}
