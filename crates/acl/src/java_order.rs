//! The order of Java's `String.compareTo`, in which Kafka keeps its ACLs.

use std::cmp::Ordering;

/// Compares as Java does, by UTF-16 code units. That is the order of the bytes of UTF-8, but for one thing: characters
/// above U+FFFF are pairs of surrogates in Java, and surrogates stand before U+E000.
pub(crate) fn java_order(left: &str, right: &str) -> Ordering {
    match left.bytes().zip(right.bytes()).find(|(left, right)| left != right) {
        None => left.len().cmp(&right.len()),
        Some((0xEE | 0xEF, 0xF0..)) => Ordering::Greater,
        Some((0xF0.., 0xEE | 0xEF)) => Ordering::Less,
        Some((left, right)) => left.cmp(&right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_character_above_the_basic_plane_stands_before_a_private_one() {
        assert_eq!(java_order("a\u{1F600}", "a\u{E000}"), Ordering::Less);
        assert_eq!(java_order("\u{FFFF}", "\u{10000}"), Ordering::Greater);
        assert_eq!(java_order("\u{D7FF}", "\u{10000}"), Ordering::Less);
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_utf16(
            left in "[a\u{7F}\u{80}\u{7FF}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{1F600}\u{10FFFF}]{0,4}",
            right in "[a\u{7F}\u{80}\u{7FF}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{1F600}\u{10FFFF}]{0,4}",
        ) {
            prop_assert_eq!(java_order(&left, &right), left.encode_utf16().cmp(right.encode_utf16()));
        }
    }
}
