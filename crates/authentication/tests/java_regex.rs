//! Patterns of mapping rules, made at random, mean here what they mean to a real Java.

mod support;

use authentication::{MappingError, SslPrincipalMapper};
use support::{Numbers, hex, java};

const ATOMS: [&str; 40] = [
    "a",
    "b",
    "A",
    "k",
    "s",
    "=",
    ",",
    " ",
    ".",
    ".",
    "\\.",
    "\\,",
    "\\\\",
    "[ab]",
    "[^,]",
    "[a-z]",
    "[^A-Zk]",
    "[-a]",
    "[a\\-b,]",
    "[\\w.]",
    "[^\\d=]",
    "[a-]",
    "[$^.*]",
    "\\w",
    "\\W",
    "\\d",
    "\\D",
    "\\s",
    "\\S",
    "\\p{L}",
    "\\p{Lower}",
    "\\P{Alnum}",
    "\\p{Punct}",
    "\\x61",
    "\\u0062",
    "\\t",
    "CN=",
    "OU=",
    "é",
    "}",
];
const QUANTIFIERS: [&str; 14] = ["", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,}", "{1,3}", "{0,2}?"];
const GROUPS: [&str; 7] = ["(", "(", "(", "(?:", "(?i:", "(?s:", "(?-i:"];
const TEXTS: [&str; 16] = [
    "CN=a",
    "CN=Ab,OU=k",
    "cn=ab,ou=B k",
    "",
    "a",
    "ab",
    "aab",
    "aabb,ab",
    "CN=s\\, k.a,OU=b",
    "CN=é,OU=Ka",
    "K\u{212a}k\u{17f}sS",
    "a\tb\u{a0}c",
    "9=a.b-1",
    "a\u{85}b",
    "a\nb",
    "kk=ss,AA",
];

fn expression(numbers: &mut Numbers, depth: usize, out: &mut String) {
    for _ in 0..=numbers.below(4) {
        match numbers.below(10) {
            0..=1 if depth > 0 => {
                out.push_str(numbers.pick(&GROUPS));
                expression(numbers, depth - 1, out);
                if numbers.below(3) == 0 {
                    out.push('|');
                    expression(numbers, depth - 1, out);
                }
                out.push(')');
            }
            2 if numbers.below(4) == 0 => {
                out.push_str(numbers.pick(&["(?i)", "(?s)", "(?-i)", "^", "$", "\\A", "\\z"]));
                continue;
            }
            3 => out.push_str(".*"),
            _ => out.push_str(numbers.pick(&ATOMS)),
        }
        if !out.ends_with('*') {
            out.push_str(numbers.pick(&QUANTIFIERS));
        }
    }
}

#[test]
fn random_patterns_mean_what_they_mean_in_java() {
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut lines = Vec::new();
    let mut cases = Vec::new();
    let mut refused = 0;
    while cases.len() < 40_000 {
        let mut pattern = String::new();
        if numbers.below(2) == 0 {
            pattern.push('^');
        }
        expression(&mut numbers, 3, &mut pattern);
        if numbers.below(3) == 0 {
            pattern.push_str(".*$");
        }
        let groups = pattern.matches('(').count() - pattern.matches("(?").count();
        let mut replacement = String::from("<$0>");
        for group in 1..=groups.min(9) {
            replacement.push_str(&format!("|${group}"));
        }
        let Ok(mapper) = SslPrincipalMapper::parse(&format!("RULE:{pattern}/{replacement}/")) else {
            refused += 1;
            continue;
        };
        for text in TEXTS {
            lines.push(format!("{} {} {}", hex(pattern.as_bytes()), hex(replacement.as_bytes()), hex(text.as_bytes())));
            cases.push((pattern.clone(), text, mapper.map(text)));
        }
    }
    let mut matched = 0;
    for ((pattern, text, ours), theirs) in cases.iter().zip(java("JavaRegex", &lines)) {
        let ours = match ours {
            Ok(name) => hex(name.as_bytes()),
            Err(MappingError::NoRule { .. }) => "no".to_owned(),
            Err(error) => panic!("{error}: `{pattern}` on {text:?}"),
        };
        assert_eq!(ours, theirs, "`{pattern}` on {text:?}");
        matched += usize::from(ours != "no");
    }
    assert!(matched > 5000, "only {matched} of {} texts were matched, {refused} patterns refused", cases.len());
}
