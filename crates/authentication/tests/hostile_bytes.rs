//! Whatever bytes come, in whatever state: an answer or a refusal, never a panic, and never a login.

#[path = "support/login.rs"]
mod login;

use authentication::{Mechanism, SaslClient, SslPrincipalMapper, x500};
use bytes::Bytes;
use login::{Connection, End, api_versions, authenticate, handshake, metadata, settings};
use proptest::prelude::*;

/// A connection in each state, by number.
fn connection(state: usize) -> Connection {
    let mut connection = Connection::new(settings());
    match state {
        0 => {}
        1 => drop(connection.send(api_versions(3, "rust"))),
        2..=4 => drop(connection.send(handshake(1, ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"][state - 2]))),
        5..=7 => drop(connection.send(handshake(0, ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"][state - 5]))),
        8 => {
            connection.send(handshake(1, "SCRAM-SHA-256"));
            connection.token("n,,n=alice,r=abc");
        }
        _ => {
            connection.send(handshake(0, "SCRAM-SHA-512"));
            connection.raw("n,,n=alice,r=abc");
        }
    }
    connection
}

const STATES: usize = 10;

fn message() -> impl Strategy<Value = Vec<u8>> {
    let tokens = prop_oneof![
        Just(&b"n,,n=alice,r=abc"[..]),
        Just(&b"n,a=alice,m=x,n=alice,r=abc,x=y"[..]),
        Just(&b"c=biws,r=abcBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc,p=eA=="[..]),
        Just(&b"alice\0alice\0wrong"[..]),
    ];
    let frames = prop_oneof![
        (0i16..5).prop_map(|version| api_versions(version, "rust").to_vec()),
        (0i16..2).prop_map(|version| handshake(version, "PLAIN").to_vec()),
        (0i16..2).prop_map(|version| handshake(version, "SCRAM-SHA-256").to_vec()),
        (0i16..3, tokens.clone()).prop_map(|(version, token)| authenticate(version, token).to_vec()),
        (1i16..13).prop_map(|version| metadata(version).to_vec()),
        tokens.prop_map(<[u8]>::to_vec),
    ];
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0usize..4), 0..6);
    let mutated = (frames, changes).prop_map(|(mut frame, changes)| {
        for (index, byte, how) in changes {
            let position = index.index(frame.len() + 1);
            match how {
                0 => frame.truncate(position),
                1 => frame.insert(position, byte),
                _ if position < frame.len() && how == 2 => frame[position] = byte,
                _ if position < frame.len() => drop(frame.remove(position)),
                _ => frame.push(byte),
            }
        }
        frame
    });
    prop_oneof![4 => mutated, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_log_in_or_panic_in_any_state(state in 0..STATES, messages in prop::collection::vec(message(), 1..5)) {
        let mut connection = connection(state);
        for message in messages {
            match connection.handle(Bytes::from(message)) {
                End::LoggedIn { user, .. } => panic!("{user} logged in"),
                End::Failed { .. } | End::Closed { .. } => break,
                End::ApiVersions(_) | End::Handshake { .. } | End::Challenge(_) | End::Token(_) => {}
            }
        }
    }

    #[test]
    fn no_server_makes_a_client_panic_or_believe(
        mechanism in 0usize..3,
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..60), 1..4),
    ) {
        let mut client = SaslClient::new(Mechanism::ALL[mechanism], "alice", "secret", [1; 32]);
        client.first();
        for message in messages {
            let _ = client.next(&message);
        }
        prop_assert!(!client.finished());
    }

    #[test]
    fn no_text_makes_the_mapping_rules_panic(rules in "\\PC{0,40}", name in "\\PC{0,40}") {
        for rules in [rules.clone(), format!("RULE:{rules}/$1/")] {
            if let Ok(mapper) = SslPrincipalMapper::parse(&rules) {
                let _ = mapper.map(&name);
                let _ = mapper.suspicious();
            }
        }
    }

    #[test]
    fn no_bytes_make_the_certificate_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        prop_assert!(x500::subject(&bytes).is_err());
    }
}

#[test]
fn each_state_refuses_what_a_stranger_sends_first() {
    for state in 0..STATES {
        for bytes in
            [&b""[..], b"\0", b"\0\0", b"\0\x12", b"\0\x11\0\x01", b"\xff\xff\xff\xff", b"GET / HTTP/1.0\r\n\r\n"]
        {
            let end = connection(state).handle(Bytes::copy_from_slice(bytes));
            assert!(matches!(end, End::Failed { .. } | End::Closed { .. }), "state {state}, {bytes:?}: {end:?}");
        }
    }
}
