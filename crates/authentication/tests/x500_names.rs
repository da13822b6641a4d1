//! The names of certificates: Kafka's verified table, and a comparison with a real Java over odd names.

mod support;

use authentication::x500::{self, X500Error};
use support::{Numbers, hex, java};

/// A DER element.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut element = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => element.push(short),
        Ok(byte) => element.extend([0x81, byte]),
        Err(_) => element.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    element.extend(content);
    element
}

const UTF8: u8 = 0x0c;
const PRINTABLE: u8 = 0x13;
const IA5: u8 = 0x16;

const CN: &[u8] = &[0x55, 4, 3];
const SURNAME: &[u8] = &[0x55, 4, 4];
const SERIAL_NUMBER: &[u8] = &[0x55, 4, 5];
const C: &[u8] = &[0x55, 4, 6];
const L: &[u8] = &[0x55, 4, 7];
const ST: &[u8] = &[0x55, 4, 8];
const STREET: &[u8] = &[0x55, 4, 9];
const O: &[u8] = &[0x55, 4, 10];
const OU: &[u8] = &[0x55, 4, 11];
const TITLE: &[u8] = &[0x55, 4, 12];
const POSTAL_CODE: &[u8] = &[0x55, 4, 17];
const GIVEN_NAME: &[u8] = &[0x55, 4, 42];
const ORGANIZATION_IDENTIFIER: &[u8] = &[0x55, 4, 97];
const UID: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 1];
const DC: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 25];
const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
const UUID: &[u8] = &[
    0x69, 0x83, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x7f,
];

/// One attribute: its type, its value's tag, its value.
type Attribute<'a> = (&'a [u8], u8, &'a [u8]);
type OwnedAttribute = (&'static [u8], u8, Vec<u8>);

fn attribute((oid, tag, value): &Attribute<'_>) -> Vec<u8> {
    der(0x30, &[der(0x06, oid), der(*tag, value)].concat())
}

/// A name of relative names of attributes.
fn name(parts: &[Vec<Attribute<'_>>]) -> Vec<u8> {
    let parts: Vec<u8> =
        parts.iter().flat_map(|part| der(0x31, &part.iter().flat_map(attribute).collect::<Vec<u8>>())).collect();
    der(0x30, &parts)
}

/// A certificate with this subject, complete but for a key and a signature that mean anything.
fn certificate(subject: &[u8]) -> Vec<u8> {
    let algorithm = der(0x30, &der(0x06, &[0x2a, 3, 4]));
    let issuer = name(&[vec![(CN, UTF8, b"issuer")]]);
    let time = der(0x17, b"260101000000Z");
    let key = der(0x30, &[algorithm.clone(), der(0x03, &[0, 1, 2, 3])].concat());
    let contents =
        [&der(0x02, &[1])[..], &algorithm, &issuer, &der(0x30, &[time.clone(), time].concat()), subject, &key].concat();
    der(0x30, &[der(0x30, &contents), algorithm, der(0x03, &[0, 1])].concat())
}

#[test]
fn subjects_are_written_as_kafka_sees_them() {
    let single = |attributes: &[Attribute<'static>]| -> Vec<Vec<Attribute<'static>>> {
        attributes.iter().map(|attribute| vec![*attribute]).collect()
    };
    let cases = [
        (
            single(&[
                (C, PRINTABLE, b"IT"),
                (ST, UTF8, b"RM"),
                (L, UTF8, b"Rome"),
                (O, UTF8, b"Acme Inc"),
                (OU, UTF8, b"Dev, Ops"),
                (CN, UTF8, b"Client One"),
            ]),
            r"CN=Client One,OU=Dev\, Ops,O=Acme Inc,L=Rome,ST=RM,C=IT",
        ),
        (
            single(&[(O, UTF8, b"Acme"), (CN, UTF8, b"alice"), (EMAIL_ADDRESS, IA5, b"alice@example.com")]),
            "1.2.840.113549.1.9.1=#1611616c696365406578616d706c652e636f6d,CN=alice,O=Acme",
        ),
        (
            single(&[(DC, IA5, b"com"), (DC, IA5, b"example"), (OU, UTF8, b"people"), (UID, UTF8, b"alice")]),
            "UID=alice,OU=people,DC=example,DC=com",
        ),
        (
            single(&[(CN, UTF8, b"alice"), (SERIAL_NUMBER, PRINTABLE, b"12345"), (TITLE, UTF8, b"Dr")]),
            "2.5.4.12=#0c024472,2.5.4.5=#13053132333435,CN=alice",
        ),
        (single(&[(CN, UTF8, b" lead and trail ")]), r"CN=\ lead and trail\ "),
        (single(&[(CN, UTF8, b"#hash"), (O, UTF8, b"a;b<c>d\"e")]), r#"O=a\;b\<c\>d\"e,CN=\#hash"#),
        (single(&[(CN, UTF8, br"back\slash"), (O, UTF8, b"e=q")]), r"O=e\=q,CN=back\\slash"),
        (single(&[(CN, UTF8, "Bücher".as_bytes()), (O, UTF8, "東京".as_bytes())]), "O=東京,CN=Bücher"),
        (
            single(&[
                (CN, UTF8, b"alice"),
                (GIVEN_NAME, UTF8, b"Al"),
                (SURNAME, UTF8, b"Ice"),
                (STREET, UTF8, b"Main 1"),
            ]),
            "STREET=Main 1,2.5.4.4=#0c03496365,2.5.4.42=#0c02416c,CN=alice",
        ),
        (single(&[(CN, UTF8, b"a"), (CN, UTF8, b"b"), (OU, UTF8, b"1"), (OU, UTF8, b"2")]), "OU=2,OU=1,CN=b,CN=a"),
        (vec![vec![(CN, UTF8, b"multi"), (UID, UTF8, b"val")], vec![(O, UTF8, b"x")]], "O=x,CN=multi+UID=val"),
        (single(&[(O, UTF8, b"double  space"), (CN, UTF8, b"UPPER lower")]), "CN=UPPER lower,O=double  space"),
        (
            single(&[
                (C, PRINTABLE, b"us"),
                (CN, UTF8, b"x"),
                (POSTAL_CODE, UTF8, b"00100"),
                (ORGANIZATION_IDENTIFIER, UTF8, b"oi"),
            ]),
            "2.5.4.97=#0c026f69,2.5.4.17=#0c053030313030,CN=x,C=us",
        ),
    ];
    for (parts, expected) in cases {
        assert_eq!(x500::subject(&certificate(&name(&parts))).as_deref(), Ok(expected));
    }
}

#[test]
fn a_certificate_without_a_name_is_refused() {
    assert_eq!(x500::subject(&certificate(&name(&[]))), Err(X500Error::EmptySubject));
    assert_eq!(x500::subject(&certificate(&name(&[vec![]]))), Err(X500Error::EmptyRelativeName));
}

#[test]
fn a_subject_with_a_broken_part_is_refused_as_a_whole() {
    let part = |content: &[u8]| der(0x31, &der(0x30, content));
    let good = part(&[der(0x06, CN), der(UTF8, b"alice")].concat());
    let broken = [
        der(0x31, &[]),
        der(0x31, &[0x30]),
        part(&[]),
        part(&der(0x06, CN)),
        part(&[der(0x06, CN), der(UTF8, b"x"), der(UTF8, b"y")].concat()),
        part(&[der(0x05, CN), der(UTF8, b"x")].concat()),
        part(&[der(0x06, &[0x55, 0x84]), der(UTF8, b"x")].concat()),
        part(&[der(0x06, CN), der(0x1f, b"x")].concat()),
        part(&[der(0x06, CN), vec![UTF8, 0x81, 1, b'x']].concat()),
        der(0x30, b""),
    ];
    for part in broken {
        for name in [[good.clone(), part.clone()], [part.clone(), good.clone()]] {
            assert!(x500::subject(&certificate(&der(0x30, &name.concat()))).is_err(), "{part:x?}");
        }
    }
}

#[test]
fn every_prefix_and_every_changed_byte_of_a_certificate_is_read_without_a_panic() {
    let whole = certificate(&name(&[vec![(CN, UTF8, b"alice"), (UUID, IA5, b"x")]]));
    for length in 0..whole.len() {
        assert!(x500::subject(&whole[..length]).is_err());
    }
    for position in 0..whole.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[position] ^= 1 << bit;
            let _ = x500::subject(&changed);
        }
    }
}

/// Java may refuse a name that we take, for reasons of its own; never may both give different names.
fn compare_with_java(names: &[Vec<u8>]) -> usize {
    let certificates: Vec<Vec<u8>> = names.iter().map(|name| certificate(name)).collect();
    let lines: Vec<String> = certificates.iter().map(|der| hex(der)).collect();
    let mut same = 0;
    for (certificate, expected) in certificates.iter().zip(java("X500Names", &lines)) {
        let ours = x500::subject(certificate);
        if expected == "error" {
            continue;
        }
        match ours {
            Ok(ours) => {
                assert_eq!(hex(ours.as_bytes()), expected, "{ours:?} of {}", hex(certificate));
                same += 1;
            }
            Err(error) => assert!(
                matches!(error, X500Error::EmptySubject | X500Error::EmptyRelativeName),
                "{error} of {}",
                hex(certificate)
            ),
        }
    }
    same
}

const STRING_TYPES: [u8; 16] =
    [0x0c, 0x12, 0x13, 0x14, 0x15, 0x16, 0x19, 0x1a, 0x1b, 0x1c, 0x1e, 0x02, 0x03, 0x04, 0x05, 0x30];
const TYPES: [&[u8]; 17] = [
    CN,
    C,
    L,
    ST,
    STREET,
    O,
    OU,
    UID,
    DC,
    SURNAME,
    SERIAL_NUMBER,
    TITLE,
    EMAIL_ADDRESS,
    UUID,
    &[0x2a, 3],
    &[0x88, 0x37, 3],
    &[0x09, 0x92, 0x26],
];

#[test]
fn odd_names_are_written_as_java_writes_them() {
    let values: [&[u8]; 30] = [
        b"",
        b" ",
        b"  ",
        b"\r",
        b" \r a \r ",
        b"\ta\t",
        b"\na\n",
        b"a\0b",
        b"\0",
        b"#",
        b"a#b",
        b",=+<>#;\"\\",
        b"'()/:?!$%&*@[]^_`{|}~",
        b"\x01\x1f\x7f",
        "é".as_bytes(),
        "東京".as_bytes(),
        "\u{1f600}".as_bytes(),
        "\u{85}\u{2028}\u{a0}".as_bytes(),
        b"\xe9",
        b"\xff\xfe",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xed\xa0\x80\xed\xb0\x80",
        b"\xed\xa0",
        b"\xed\xbf\xbfx",
        b"\xf0\x9f\x98",
        b"\xf4\x90\x80\x80",
        b"\xe0\x80\x80",
        b"\x00a\x00b",
        b"\x30\x00",
    ];
    let mut names = vec![name(&[]), name(&[vec![]])];
    for value in values {
        for tag in STRING_TYPES {
            names.push(name(&[vec![(CN, tag, value)]]));
        }
        for oid in TYPES {
            names.push(name(&[vec![(oid, UTF8, value)], vec![(O, PRINTABLE, b"x"), (oid, IA5, value)]]));
        }
    }
    let same = compare_with_java(&names);
    assert!(same > names.len() * 8 / 10, "java took only {same} of {} names", names.len());
}

#[test]
fn random_names_are_written_as_java_writes_them() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let pieces: [&[u8]; 24] = [
        b"a",
        b"Z",
        b"9",
        b" ",
        b"\r",
        b"\n",
        b"\0",
        b",",
        b"=",
        b"+",
        b"<",
        b">",
        b"#",
        b";",
        b"\"",
        b"\\",
        b"\xc3",
        b"\xa9",
        b"\xed\xa0",
        b"\xed",
        b"\xb0",
        b"\xf0\x9f",
        "é".as_bytes(),
        "\u{1f600}".as_bytes(),
    ];
    let mut names = Vec::new();
    for _ in 0..3000 {
        let mut values: Vec<Vec<OwnedAttribute>> = Vec::new();
        for _ in 0..=numbers.below(4) {
            let part = (0..=numbers.below(3) / 2)
                .map(|_| {
                    let value = (0..numbers.below(8)).flat_map(|_| numbers.pick(&pieces).to_vec()).collect();
                    (numbers.pick(&TYPES), numbers.pick(&STRING_TYPES[..11]), value)
                })
                .collect();
            values.push(part);
        }
        let parts: Vec<Vec<Attribute<'_>>> = values
            .iter()
            .map(|part| part.iter().map(|(oid, tag, value)| (*oid, *tag, value.as_slice())).collect())
            .collect();
        names.push(name(&parts));
    }
    let same = compare_with_java(&names);
    assert!(same > 2000, "java took only {same} of 3000 names");
}
