//! Durations and sizes. Kafka's own properties keep Kafka's units, whole milliseconds and bytes; ours carry their unit.

use std::ops::RangeInclusive;
use std::time::Duration;

use store::yaml::{Field, Reading};

/// `500ms`, `10s`, `5m`, `1h`.
pub(super) fn duration(reading: &mut Reading, field: &Field<'_>) -> Option<Duration> {
    field.parsed(reading, "a duration such as `500ms`, `10s`, `5m` or `1h`", parse_duration)
}

/// `0` needs no unit.
fn parse_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (number, unit) = split(text)?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
    .filter(|duration| *duration <= LONGEST)
}

/// Longer than anybody means, short enough to be added to any moment.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A property of Kafka that ends in `.ms`.
pub(super) fn milliseconds(reading: &mut Reading, field: &Field<'_>, range: RangeInclusive<u32>) -> Option<Duration> {
    field.whole_number(reading, range).map(|milliseconds| Duration::from_millis(milliseconds.into()))
}

/// `1048576`, `1024KiB`, `1MiB`, `1GiB`.
pub(super) fn size(reading: &mut Reading, field: &Field<'_>) -> Option<usize> {
    field.parsed(reading, "a size such as `1048576`, `512KiB`, `64MiB` or `1GiB`", parse_size)
}

fn parse_size(text: &str) -> Option<usize> {
    let (number, unit) = split(text)?;
    let factor: u64 = match unit {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    usize::try_from(number.checked_mul(factor)?).ok()
}

fn split(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_carry_their_unit() {
        for (text, expected) in [
            ("500ms", Some(Duration::from_millis(500))),
            ("10s", Some(Duration::from_secs(10))),
            ("5m", Some(Duration::from_secs(300))),
            ("1h", Some(Duration::from_secs(3600))),
            ("0", Some(Duration::ZERO)),
            ("10", None),
            ("10 s", None),
            ("-1s", None),
            ("1.5s", None),
            ("1d", None),
            ("99999999999999999999s", None),
            ("18446744073709551615h", None),
            ("9999999h", None),
        ] {
            assert_eq!(parse_duration(text), expected, "{text}");
        }
    }

    #[test]
    fn sizes_are_bytes_or_powers_of_1024() {
        for (text, expected) in [
            ("1048576", Some(1 << 20)),
            ("512KiB", Some(512 << 10)),
            ("64MiB", Some(64 << 20)),
            ("1GiB", Some(1 << 30)),
            ("1GB", None),
            ("1 GiB", None),
            ("-1", None),
            ("18446744073709551615GiB", None),
        ] {
            assert_eq!(parse_size(text), expected, "{text}");
        }
    }
}
