//! The name in a client certificate, written as Java writes it (`X500Principal.getName()`, RFC 2253).
//!
//! ACLs and mapping rules that people bring from brokers were made for this text, with its oddities: nine attribute
//! types have names and all others are hex; `=` is escaped; a BMPString is shown as its raw bytes.

use std::fmt::Write as _;

use crate::java_text::decode_utf8;

/// Why a certificate gives no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum X500Error {
    #[error("the certificate is not der up to the end of its subject")]
    Malformed,
    #[error("the subject of the certificate is empty")]
    EmptySubject,
    #[error("the subject of the certificate has an empty part")]
    EmptyRelativeName,
    #[error("the subject of the certificate has an attribute type that is not an object identifier")]
    AttributeType,
}

/// The subject of a certificate in DER, most specific part first: `CN=Client One,OU=Dev\, Ops,O=Acme`.
///
/// The certificate is one that TLS has verified; what of it is read here is read strictly.
pub fn subject(certificate_der: &[u8]) -> Result<String, X500Error> {
    let mut outer = Der(certificate_der);
    let mut certificate = outer.inside(SEQUENCE)?;
    outer.end()?;
    let mut contents = certificate.inside(SEQUENCE)?;
    if contents.0.first() == Some(&VERSION) {
        contents.element(VERSION)?;
    }
    contents.element(INTEGER)?; // serial number
    contents.element(SEQUENCE)?; // signature algorithm
    contents.element(SEQUENCE)?; // issuer
    contents.element(SEQUENCE)?; // validity
    let mut name = contents.inside(SEQUENCE)?;
    let mut parts = Vec::new();
    while !name.0.is_empty() {
        parts.push(relative_name(name.inside(SET)?)?);
    }
    if parts.is_empty() {
        return Err(X500Error::EmptySubject);
    }
    parts.reverse();
    Ok(parts.join(","))
}

fn relative_name(mut set: Der<'_>) -> Result<String, X500Error> {
    let mut attributes = Vec::new();
    while !set.0.is_empty() {
        attributes.push(attribute(set.inside(SEQUENCE)?)?);
    }
    if attributes.is_empty() {
        return Err(X500Error::EmptyRelativeName);
    }
    Ok(attributes.join("+"))
}

fn attribute(mut pair: Der<'_>) -> Result<String, X500Error> {
    let oid = pair.element(OBJECT_IDENTIFIER)?.content;
    let value = pair.any()?;
    pair.end()?;
    match keyword(oid) {
        Some(keyword) if is_text(value.tag) => Ok(format!("{keyword}={}", escaped(value.content))),
        Some(keyword) => Ok(format!("{keyword}={}", hex(value.whole))),
        None => Ok(format!("{}={}", dotted(oid)?, hex(value.whole))),
    }
}

const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;

/// DER elements that are still to be read: tags of one byte, lengths in their shortest form.
struct Der<'a>(&'a [u8]);

struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    /// Tag and length too.
    whole: &'a [u8],
}

impl<'a> Der<'a> {
    fn any(&mut self) -> Result<Element<'a>, X500Error> {
        self.split().ok_or(X500Error::Malformed)
    }

    fn split(&mut self) -> Option<Element<'a>> {
        let (&tag, after_tag) = self.0.split_first()?;
        let (&first, after_first) = after_tag.split_first()?;
        let (length, body) = if first < 0x80 {
            (usize::from(first), after_first)
        } else {
            // At most four bytes, so that no length overflows.
            let count = usize::from(first & 0x7f);
            let (bytes, body) = after_first.split_at_checked(count).filter(|_| count <= 4)?;
            let length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            let shortest = length >= 0x80 && bytes.first() != Some(&0);
            (length, Some(body).filter(|_| shortest)?)
        };
        let (content, rest) = body.split_at_checked(length)?;
        let whole = self.0.get(..self.0.len().checked_sub(rest.len())?)?;
        self.0 = rest;
        let one_byte_tag = tag & 0x1f != 0x1f;
        one_byte_tag.then_some(Element { tag, content, whole })
    }

    fn element(&mut self, tag: u8) -> Result<Element<'a>, X500Error> {
        let element = self.any()?;
        if element.tag == tag { Ok(element) } else { Err(X500Error::Malformed) }
    }

    fn inside(&mut self, tag: u8) -> Result<Der<'a>, X500Error> {
        Ok(Der(self.element(tag)?.content))
    }

    fn end(&self) -> Result<(), X500Error> {
        if self.0.is_empty() { Ok(()) } else { Err(X500Error::Malformed) }
    }
}

/// The nine attribute types with a name, by their encoded object identifiers.
fn keyword(oid: &[u8]) -> Option<&'static str> {
    match oid {
        [0x55, 0x04, 3] => Some("CN"),
        [0x55, 0x04, 6] => Some("C"),
        [0x55, 0x04, 7] => Some("L"),
        [0x55, 0x04, 8] => Some("ST"),
        [0x55, 0x04, 9] => Some("STREET"),
        [0x55, 0x04, 10] => Some("O"),
        [0x55, 0x04, 11] => Some("OU"),
        // 0.9.2342.19200300.100.1
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 1] => Some("UID"),
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 25] => Some("DC"),
        _ => None,
    }
}

/// UTF8String, PrintableString, T61String, IA5String, GeneralString and BMPString: Java shows the bytes of all six as
/// if they were UTF-8.
fn is_text(tag: u8) -> bool {
    matches!(tag, 12 | 19 | 20 | 22 | 27 | 30)
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for character in decode_utf8(bytes).chars() {
        match character {
            ',' | '=' | '+' | '<' | '>' | '#' | ';' | '"' | '\\' => text.extend(['\\', character]),
            '\0' => text.push_str("\\00"),
            _ => text.push(character),
        }
    }
    let blank = |character: char| character == ' ' || character == '\r';
    let without_trail = text.trim_end_matches(blank);
    let core = without_trail.trim_start_matches(blank);
    let (lead, _) = text.split_at(without_trail.len() - core.len());
    let (_, trail) = text.split_at(without_trail.len());
    let escape = |blanks: &str| blanks.chars().flat_map(|blank| ['\\', blank]).collect::<String>();
    format!("{}{core}{}", escape(lead), escape(trail))
}

/// `#` and the value's whole encoding in lower case.
fn hex(der: &[u8]) -> String {
    let mut text = String::with_capacity(1 + 2 * der.len());
    text.push('#');
    for byte in der {
        write!(text, "{byte:02x}").expect("a string takes all text");
    }
    text
}

/// `2.5.4.12` of an encoded object identifier. Arcs of up to 128 bits, which is enough for UUIDs.
fn dotted(oid: &[u8]) -> Result<String, X500Error> {
    let mut arcs: Vec<u128> = Vec::new();
    let mut arc: u128 = 0;
    let mut complete = true;
    for byte in oid {
        let leading_zero = complete && *byte == 0x80;
        if leading_zero || arc > u128::MAX >> 7 {
            return Err(X500Error::AttributeType);
        }
        arc = arc << 7 | u128::from(byte & 0x7f);
        complete = byte & 0x80 == 0;
        if complete {
            arcs.push(std::mem::take(&mut arc));
        }
    }
    let Some((first, rest)) = arcs.split_first().filter(|_| complete) else {
        return Err(X500Error::AttributeType);
    };
    // The first two arcs share a number.
    let top = (first / 40).min(2);
    let mut text = format!("{top}.{}", first - 40 * top);
    for arc in rest {
        text.push_str(&format!(".{arc}"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_identifiers_are_written_with_dots() {
        let mut uuid = vec![0x69, 0x83];
        uuid.extend([0xff; 17]);
        uuid.push(0x7f);
        for (oid, expected) in [
            (&[0x55, 4, 12][..], "2.5.4.12"),
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], "1.2.840.113549.1.9.1"),
            (&[0x09, 0x92, 0x26], "0.9.2342"),
            (&[0x88, 0x37, 3], "2.999.3"),
            (&uuid, "2.25.340282366920938463463374607431768211455"),
        ] {
            assert_eq!(dotted(oid).as_deref(), Ok(expected));
        }
        for oid in [&[][..], &[0x55, 0x84], &[0x55, 0x80, 1], &[0x80], &[0xff; 30]] {
            assert_eq!(dotted(oid), Err(X500Error::AttributeType), "{oid:x?}");
        }
    }

    #[test]
    fn blanks_at_the_ends_are_escaped_one_by_one() {
        for (bytes, expected) in [
            (&b" lead and trail "[..], "\\ lead and trail\\ "),
            (b"   ", "\\ \\ \\ "),
            (b"\r a \r", "\\\r\\ a\\ \\\r"),
            (b"\t\n", "\t\n"),
            (b"", ""),
            (b"#a#", "\\#a\\#"),
            (b"a\0b", "a\\00b"),
        ] {
            assert_eq!(escaped(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_not_a_certificate_is_refused() {
        for bytes in
            [&b""[..], b"x", &[0x30], &[0x30, 0x80, 0, 0], &[0x30, 0x81, 1, 0], &[0x30, 0x85, 0, 0, 0, 0, 1, 0]]
        {
            assert_eq!(subject(bytes), Err(X500Error::Malformed), "{bytes:x?}");
        }
    }
}
