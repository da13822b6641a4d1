//! Bytes to text as Java's `new String(bytes, UTF_8)` does it, for texts whose every character counts.
//!
//! Java and Rust put the same replacement characters for malformed input, but for one case: an encoded surrogate
//! (`ED A0..BF xx`) is one character in Java and three in Rust.

use std::borrow::Cow;

/// What Java reads: malformed parts become U+FFFD.
pub(crate) fn decode_utf8(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(length) = malformed_surrogate(rest, &mut text) {
        rest = rest.get(length..).unwrap_or_default();
    }
    text.push_str(&String::from_utf8_lossy(rest));
    Cow::Owned(text)
}

/// Decodes up to and including the first encoded surrogate and says how many bytes that were; `None` without one.
fn malformed_surrogate(bytes: &[u8], text: &mut String) -> Option<usize> {
    let mut decoded = 0;
    for chunk in bytes.utf8_chunks() {
        let bad = decoded + chunk.valid().len();
        if let Some([0xed, 0xa0..=0xbf, third @ ..]) = bytes.get(bad..) {
            text.push_str(&String::from_utf8_lossy(bytes.get(..bad)?));
            text.push(char::REPLACEMENT_CHARACTER);
            let complete = matches!(third, [0x80..=0xbf, ..]);
            return Some(bad + if complete { 3 } else { 2 });
        }
        decoded = bad + chunk.invalid().len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_surrogate_is_one_replacement_character() {
        // The right column is what Java 17 prints.
        let cases: [(&[u8], &str); 10] = [
            (b"plain", "plain"),
            ("東京".as_bytes(), "東京"),
            (b"a\xed\xa0\x80b", "a\u{fffd}b"),
            (b"\xed\xa0\x80\xed\xb0\x80", "\u{fffd}\u{fffd}"),
            (b"\xed\xa0b", "\u{fffd}b"),
            (b"\xed\xa0", "\u{fffd}"),
            (b"\xc3\xed\xbf\xbf\xff", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\xe4\xb8", "\u{fffd}"),
            (b"\xc0\x80", "\u{fffd}\u{fffd}"),
            (b"\xf4\x90\x80\x80", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(decode_utf8(bytes), expected, "{bytes:x?}");
        }
    }
}
