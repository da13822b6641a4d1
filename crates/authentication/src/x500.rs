//! The name in a client certificate, written as Java writes it (`X500Principal.getName()`, RFC 2253).
//!
//! ACLs and mapping rules that people bring from brokers were made for this text, with its oddities: nine attribute
//! types have names and all others are hex; `=` is escaped; a BMPString is shown as its raw bytes.

use std::fmt::Write as _;

use x509_parser::asn1_rs::{Any, Class, ToDer};
use x509_parser::parse_x509_certificate;
use x509_parser::x509::{AttributeTypeAndValue, RelativeDistinguishedName};

use crate::java_text::decode_utf8;

/// Why a certificate gives no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum X500Error {
    #[error("the certificate cannot be read: {0}")]
    Certificate(String),
    #[error("the subject of the certificate is empty")]
    EmptySubject,
    #[error("the subject of the certificate has an empty part")]
    EmptyRelativeName,
    #[error("the subject of the certificate has an attribute type that is not an object identifier")]
    AttributeType,
    #[error("the subject of the certificate has a value that cannot be written: {0}")]
    Value(String),
}

/// The subject of a certificate in DER, most specific part first: `CN=Client One,OU=Dev\, Ops,O=Acme`.
pub fn subject(certificate_der: &[u8]) -> Result<String, X500Error> {
    let (rest, certificate) =
        parse_x509_certificate(certificate_der).map_err(|error| X500Error::Certificate(error.to_string()))?;
    if !rest.is_empty() {
        return Err(X500Error::Certificate("bytes follow it".to_owned()));
    }
    let parts: Vec<_> = certificate.subject().iter_rdn().collect();
    if parts.is_empty() {
        return Err(X500Error::EmptySubject);
    }
    let parts: Vec<_> = parts.into_iter().rev().map(relative_name).collect::<Result<_, _>>()?;
    Ok(parts.join(","))
}

fn relative_name(name: &RelativeDistinguishedName<'_>) -> Result<String, X500Error> {
    let attributes: Vec<_> = name.iter().map(attribute).collect::<Result<_, _>>()?;
    if attributes.is_empty() {
        return Err(X500Error::EmptyRelativeName);
    }
    Ok(attributes.join("+"))
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> Result<String, X500Error> {
    let oid = attribute.attr_type().as_bytes();
    let value = attribute.attr_value();
    match keyword(oid) {
        Some(keyword) if is_text(value) => Ok(format!("{keyword}={}", escaped(value.data))),
        Some(keyword) => Ok(format!("{keyword}={}", hex(value)?)),
        None => Ok(format!("{}={}", dotted(oid)?, hex(value)?)),
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
fn is_text(value: &Any<'_>) -> bool {
    value.class() == Class::Universal
        && !value.header.constructed()
        && matches!(value.tag().0, 12 | 19 | 20 | 22 | 27 | 30)
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

/// `#` and the value's whole DER encoding in lower case.
fn hex(value: &Any<'_>) -> Result<String, X500Error> {
    let der = value.to_der_vec().map_err(|error| X500Error::Value(error.to_string()))?;
    let mut text = String::with_capacity(1 + 2 * der.len());
    text.push('#');
    for byte in der {
        write!(text, "{byte:02x}").map_err(|error| X500Error::Value(error.to_string()))?;
    }
    Ok(text)
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
        assert!(matches!(subject(b""), Err(X500Error::Certificate(_))));
        assert!(matches!(subject(&[0x30, 0x80, 0, 0]), Err(X500Error::Certificate(_))));
    }
}
