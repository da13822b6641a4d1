//! A login, frame by frame, answered as a Kafka 4.3.0 broker answered the same bytes.

#[path = "support/login.rs"]
mod login;

use authentication::{ApiVersionsAnswer, Mechanism, SaslClient, Software, already_authenticated};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use login::{Connection, End, api_versions, authenticate, handshake, metadata, request, response, settings};
use protocol::messages::{FindCoordinatorRequest, ProduceRequest, SaslAuthenticateResponse, SaslHandshakeResponse};
use protocol::{ApiKey, Limits, RequestFrame, guard_request};
use sha2::{Digest as _, Sha256};

const STANDARD_256: &str =
    "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256";
const OTHER_AUTHZID: &str =
    "Authentication failed: Client requested an authorization id that is different from username";
const BAD_PASSWORD: &str = "Authentication failed: Invalid username or password";

fn failed(error: i16, message: &str, cause: &str) -> End {
    End::Failed { error: Some(error), message: Some(message.into()), cause: cause.into() }
}

fn closed(cause: &str) -> End {
    End::Closed { cause: cause.into() }
}

fn full() -> End {
    let software = Some(Software { name: "rust".into(), version: "1.0".into() });
    End::ApiVersions(ApiVersionsAnswer::Full { software })
}

fn welcome() -> End {
    End::Handshake { error: 0, mechanisms: vec!["SCRAM-SHA-512".into(), "PLAIN".into(), "SCRAM-SHA-256".into()] }
}

fn logged_in(user: &str, mechanism: Mechanism) -> End {
    End::LoggedIn { user: user.into(), mechanism, token: String::new() }
}

// ---- the order of requests ----

#[test]
fn api_versions_then_handshake_then_a_token_is_a_login() {
    for version in 0..=2 {
        let mut connection = Connection::new(settings());
        assert_eq!(connection.send(api_versions(3, "rust")), full());
        assert_eq!(connection.send(handshake(1, "PLAIN")), welcome());
        let end = connection.send(authenticate(version, b"\0alice\0alice-secret"));
        assert_eq!(end, logged_in("alice", Mechanism::Plain));
        assert_eq!(connection.software, Some(Software { name: "rust".into(), version: "1.0".into() }));
    }
}

#[test]
fn api_versions_may_be_left_out_and_asked_again_until_it_succeeds() {
    let mut connection = Connection::new(settings());
    for version in [5, 99, -1] {
        let header = RequestFrame::header(ApiKey::ApiVersions, version, 42, "client");
        let asked_too_much = connection.send(header.bytes().clone());
        assert_eq!(asked_too_much, End::ApiVersions(ApiVersionsAnswer::UnsupportedVersion));
        let bad_name = connection.send(api_versions(4, "a b"));
        assert_eq!(bad_name, End::ApiVersions(ApiVersionsAnswer::InvalidRequest));
    }
    assert_eq!(connection.send(handshake(0, "PLAIN")), welcome());

    let mut connection = Connection::new(settings());
    assert_eq!(connection.send(api_versions(3, "a b")), End::ApiVersions(ApiVersionsAnswer::InvalidRequest));
    assert_eq!(connection.send(api_versions(3, "rust")), full());
    assert_eq!(
        connection.send(api_versions(3, "rust")),
        closed("received ApiVersions before login, expected SaslHandshake; is the client set up without sasl?")
    );
}

#[test]
fn anything_else_first_is_closed_without_an_answer() {
    let without_sasl = |api: &str| {
        closed(&format!(
            "received {api} before login, expected ApiVersions or SaslHandshake; is the client set up without sasl?"
        ))
    };
    let first = |frame: Bytes| Connection::new(settings()).send(frame);
    assert_eq!(first(authenticate(2, b"\0alice\0alice-secret")), without_sasl("SaslAuthenticate"));
    assert_eq!(first(metadata(1)), without_sasl("Metadata"));
    // not even parsed
    assert_eq!(first(Bytes::from_static(&[0, 3, 0, 1, 0, 0, 0, 42, 0xff, 0xff])), without_sasl("Metadata"));
    for bytes in [&b""[..], b"\0", b"GET / HTTP/1.1\r\n\r\n", &[0x16, 3, 1, 2, 0, 1], &[0x60, 0x82, 1, 2], &[0xff; 64]]
    {
        let End::Closed { cause } = first(Bytes::copy_from_slice(bytes)) else {
            panic!("{bytes:?} is not closed");
        };
        assert!(cause.starts_with("not a kafka request ("), "{cause}");
    }
}

#[test]
fn a_handshake_of_an_unknown_version_is_closed_without_an_answer() {
    let frame = RequestFrame::header(ApiKey::SaslHandshake, 2, 42, "client").bytes().clone();
    assert_eq!(Connection::new(settings()).send(frame), closed("SaslHandshake version 2 is not one of kafka 4.3"));
}

#[test]
fn a_mechanism_that_is_not_enabled_is_answered_with_those_that_are() {
    for (mechanism, version) in [("GSSAPI", 0), ("plain", 1), ("", 1), ("PLAIN\0", 1)] {
        assert_eq!(
            Connection::new(settings()).send(handshake(version, mechanism)),
            failed(
                33,
                "SCRAM-SHA-512 PLAIN SCRAM-SHA-256",
                &format!("sasl mechanism `{mechanism}` is not enabled here, SCRAM-SHA-512, PLAIN, SCRAM-SHA-256 is")
            )
        );
    }
    let mut only_scram = settings();
    only_scram.mechanisms = vec![Mechanism::ScramSha256];
    assert_eq!(
        Connection::new(only_scram).send(handshake(1, "PLAIN")),
        failed(33, "SCRAM-SHA-256", "sasl mechanism `PLAIN` is not enabled here, SCRAM-SHA-256 is")
    );
}

#[test]
fn another_request_instead_of_a_token_gets_its_own_answer_with_error_34() {
    let waiting = || Connection::shaken(settings(), 1, "SCRAM-SHA-256");
    let cause = |api: &str| format!("received {api} in the middle of the login, expected SaslAuthenticate");
    let illegal = |api: &str| End::Failed { error: Some(34), message: None, cause: cause(api) };

    let end = waiting().send(handshake(1, "PLAIN"));
    assert_eq!(end, failed(34, "", &cause("SaslHandshake")));
    assert_eq!(waiting().send(api_versions(3, "rust")), illegal("ApiVersions"));
    let unknown_version = RequestFrame::header(ApiKey::ApiVersions, 99, 42, "client");
    assert_eq!(waiting().send(unknown_version.bytes().clone()), illegal("ApiVersions"));
    assert_eq!(waiting().send(request(3, &FindCoordinatorRequest::default())), illegal("FindCoordinator"));
    // Metadata has no place for an error without topics, Produce with acks 0 gets no answer at all.
    let no_place = End::Failed { error: None, message: None, cause: cause("Metadata") };
    assert_eq!(waiting().send(metadata(1)), no_place);
    let no_answer = End::Failed { error: None, message: None, cause: cause("Produce") };
    assert_eq!(waiting().send(request(9, &ProduceRequest::default().with_acks(0))), no_answer);

    let mut second_message = waiting();
    second_message.token("n,,n=alice,r=abc");
    assert_eq!(second_message.send(request(3, &FindCoordinatorRequest::default())), illegal("FindCoordinator"));
}

#[test]
fn an_unreadable_request_instead_of_a_token_is_closed_without_an_answer() {
    let send = |bytes: &[u8]| Connection::shaken(settings(), 1, "PLAIN").send(Bytes::copy_from_slice(bytes));
    let unknown_version = [0, 36, 0, 3, 0, 0, 0, 42, 0xff, 0xff, 0];
    assert_eq!(send(&unknown_version), closed("SaslAuthenticate version 3 is not one of kafka 4.3"));
    for bytes in [
        &b""[..],
        &[0, 36, 0, 0, 0, 0, 0, 42, 0xff, 0xff],
        &[0, 36, 0, 0, 0, 0, 0, 42, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 1],
        &[0, 3, 0, 1, 0, 0, 0, 42, 0xff, 0xff],
        &[0x7f, 0xff, 0, 1, 0, 0, 0, 42, 0xff, 0xff],
    ] {
        assert!(matches!(send(bytes), End::Closed { .. }), "{bytes:?}");
    }
}

#[test]
fn a_frame_that_is_too_large_is_a_failed_authentication_without_an_answer() {
    let mut small = settings();
    small.max_receive_size = 20;
    let end = Connection::new(small.clone()).send(Bytes::from_static(&[0; 21]));
    let cause = "a frame of `21` bytes, at most 20 are taken before login (`sasl.server.max.receive.size`)";
    assert_eq!(end, End::Failed { error: None, message: None, cause: cause.into() });
    assert_eq!(small.frame_length(20).unwrap(), 20);
    assert_eq!(small.frame_length(0).unwrap(), 0);
    assert_eq!(small.frame_length(21).unwrap_err().to_string(), cause);
    assert!(small.frame_length(-1).unwrap_err().to_string().starts_with("a frame of `-1` bytes"));
}

#[test]
fn a_login_after_the_login_is_answered_and_changes_nothing() {
    let answer = |frame: Bytes| {
        let request = guard_request(RequestFrame::parse(frame).unwrap(), &Limits::default()).unwrap();
        already_authenticated(&request).unwrap()
    };
    for version in 0..=2 {
        let bytes = answer(authenticate(version, b"x")).unwrap();
        let response: SaslAuthenticateResponse = response(ApiKey::SaslAuthenticate, version, &bytes);
        assert_eq!(
            (response.error_code, response.error_message.as_deref()),
            (34, Some("SaslAuthenticate request received after successful authentication"))
        );
    }
    for version in 0..=1 {
        let bytes = answer(handshake(version, "PLAIN")).unwrap();
        let response: SaslHandshakeResponse = response(ApiKey::SaslHandshake, version, &bytes);
        assert_eq!((response.error_code, response.mechanisms), (34, vec![]));
    }
    assert_eq!(answer(metadata(1)), None);
}

// ---- PLAIN ----

#[test]
fn plain_messages_are_judged_in_kafkas_order() {
    let plain = |cause: &str| format!("PLAIN: {cause}");
    let parts = |found: usize| {
        failed(
            58,
            &format!("Invalid SASL/PLAIN response: expected 3 tokens, got {found}"),
            &plain(&format!("expected 3 parts separated by nul, found {found}")),
        )
    };
    let cases = [
        (&b"\0bob\0bob-secret"[..], logged_in("bob", Mechanism::Plain)),
        (b"bob\0bob\0bob-secret", logged_in("bob", Mechanism::Plain)),
        (b"\0alice\0alice-secret", logged_in("alice", Mechanism::Plain)),
        (b"\0we,i=rd\0we,i=rd-secret", logged_in("we,i=rd", Mechanism::Plain)),
        (b"alice\0bob\0bob-secret", failed(58, OTHER_AUTHZID, &plain("user `bob` asked to act as `alice`"))),
        (b"alice\0bob\0wrong", failed(58, BAD_PASSWORD, &plain("wrong password for user `bob`"))),
        (b"\0bob\0wrong", failed(58, BAD_PASSWORD, &plain("wrong password for user `bob`"))),
        (
            b"\0Bob\0bob-secret",
            failed(58, BAD_PASSWORD, &plain("user `Bob` is unknown or has no credential that fits")),
        ),
        (
            b"\0\0bob-secret",
            failed(58, "Authentication failed: username not specified", &plain("the user name is empty")),
        ),
        (b"\0bob\0", failed(58, "Authentication failed: password not specified", &plain("the password is empty"))),
        (b"", parts(1)),
        (b"bob", parts(1)),
        (b"bob\0bob-secret", parts(2)),
        (b"\0bob\0bob-secret\0", parts(4)),
        (b"\0\0\0\0\0", parts(4)),
    ];
    for (message, expected) in cases {
        for version in 0..=2 {
            let end = Connection::shaken(settings(), 1, "PLAIN").send(authenticate(version, message));
            assert_eq!(end, expected, "{message:?}");
        }
    }
}

#[test]
fn raw_plain_tokens_succeed_with_an_empty_token_and_fail_after_the_delay_without_an_answer() {
    let raw = |token: &[u8]| Connection::shaken(settings(), 0, "PLAIN").raw(token);
    let failed = |cause: &str| End::Failed { error: None, message: None, cause: format!("PLAIN: {cause}") };
    assert_eq!(raw(b"\0alice\0alice-secret"), logged_in("alice", Mechanism::Plain));
    assert_eq!(raw(b""), failed("expected 3 parts separated by nul, found 1"));
    assert_eq!(raw(b"\0alice\0wrong"), failed("wrong password for user `alice`"));
    assert_eq!(raw(b"x\0alice\0alice-secret"), failed("user `alice` asked to act as `x`"));
}

// ---- SCRAM ----

/// Both messages by our own client.
fn scram(
    connection: &mut Connection,
    mechanism: Mechanism,
    user: &str,
    password: &str,
    raw: bool,
) -> (SaslClient, End) {
    let mut client = SaslClient::new(mechanism, user, password, [9; 32]);
    let mut send = |token: Vec<u8>| if raw { connection.raw(token) } else { connection.token(token) };
    let server_first = match send(client.first()) {
        End::Challenge(text) | End::Token(text) => text,
        end => return (client, end),
    };
    let client_final = client.next(server_first.as_bytes()).expect("a good challenge").expect("an answer");
    let end = send(client_final);
    (client, end)
}

#[test]
fn the_right_password_logs_in_with_each_mechanism_and_handshake_and_the_server_proves_itself() {
    for (mechanism, user) in [
        (Mechanism::ScramSha256, "alice"),
        (Mechanism::ScramSha512, "alice"),
        (Mechanism::ScramSha512, "bob"),
        (Mechanism::ScramSha256, "we,i=rd"),
    ] {
        for version in 0..=1 {
            let mut connection = Connection::shaken(settings(), version, mechanism.name());
            let password = format!("{user}-secret");
            let (mut client, end) = scram(&mut connection, mechanism, user, &password, version == 0);
            let End::LoggedIn { user: found, mechanism: used, token } = end else {
                panic!("{user} with {mechanism}: {end:?}");
            };
            assert_eq!((found.as_str(), used), (user, mechanism));
            assert_eq!(client.next(token.as_bytes()), Ok(None));
            assert!(client.finished());
        }
    }
}

#[test]
fn an_unknown_user_is_not_told_from_a_wrong_password() {
    let standard = |cause: &str| failed(58, STANDARD_256, &format!("SCRAM-SHA-256: {cause}"));
    let login = |user: &str| {
        let mut connection = Connection::shaken(settings(), 1, "SCRAM-SHA-256");
        scram(&mut connection, Mechanism::ScramSha256, user, "wrong", false).1
    };
    assert_eq!(login("alice"), standard("wrong password for user `alice`"));
    assert_eq!(login("mallory"), standard("user `mallory` is unknown or has no credential that fits"));
    // bob's credential is for the other mechanism
    assert_eq!(login("bob"), standard("user `bob` is unknown or has no credential that fits"));

    let challenge = |message: &str| match Connection::shaken(settings(), 1, "SCRAM-SHA-256").token(message) {
        End::Challenge(text) => text,
        end => panic!("{end:?}"),
    };
    let mallory = challenge("n,,n=mallory,r=abc");
    assert_eq!(challenge("n,,n=mallory,r=abc"), mallory, "the salt of an unknown user does not change");
    assert_ne!(challenge("n,,n=trudy,r=abc"), mallory);
    assert_eq!(challenge("n,,n=alice,r=abc").len(), mallory.len());
}

#[test]
fn raw_scram_tokens_fail_with_a_plain_close() {
    let mut connection = Connection::shaken(settings(), 0, "SCRAM-SHA-256");
    let (_, end) = scram(&mut connection, Mechanism::ScramSha256, "alice", "wrong", true);
    assert_eq!(end, closed("SCRAM-SHA-256: wrong password for user `alice`"));
    assert_eq!(
        Connection::shaken(settings(), 0, "SCRAM-SHA-256").raw(""),
        closed("SCRAM-SHA-256: malformed message: `n` is missing or not where it must be")
    );
    // Kafka's own exception counts as failed authentication.
    assert_eq!(
        Connection::shaken(settings(), 0, "SCRAM-SHA-256").raw("n,a=bob,n=alice,r=abc"),
        End::Failed { error: None, message: None, cause: "SCRAM-SHA-256: user `alice` asked to act as `bob`".into() }
    );
}

#[test]
fn a_user_who_is_removed_between_the_messages_does_not_get_in() {
    let mut connection = Connection::shaken(settings(), 1, "SCRAM-SHA-256");
    let mut client = SaslClient::new(Mechanism::ScramSha256, "alice", "alice-secret", [9; 32]);
    let End::Challenge(server_first) = connection.token(client.first()) else { panic!("no challenge") };
    connection.remove_all_users();
    let client_final = client.next(server_first.as_bytes()).unwrap().unwrap();
    assert_eq!(
        connection.token(client_final),
        failed(58, STANDARD_256, "SCRAM-SHA-256: user `alice` is unknown or has no credential that fits")
    );
}

/// A second message for SCRAM-SHA-256 whose proof is made over any texts.
fn client_final(password: &str, bare: &str, server_first: &str, without_proof: &str) -> (String, String) {
    let hmac = |key: &[u8], text: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text);
        mac.finalize().into_bytes()
    };
    let field = |name: &str| server_first.split(',').find_map(|part| part.strip_prefix(name)).unwrap();
    let salt = BASE64_STANDARD.decode(field("s=")).unwrap();
    let mut salted = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), &salt, field("i=").parse().unwrap(), &mut salted);
    let client_key = hmac(&salted, b"Client Key");
    let auth_message = format!("{bare},{server_first},{without_proof}");
    let signature = hmac(&Sha256::digest(client_key), auth_message.as_bytes());
    let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, byte)| key ^ byte).collect();
    let server_signature = hmac(&hmac(&salted, b"Server Key"), auth_message.as_bytes());
    (BASE64_STANDARD.encode(proof), format!("v={}", BASE64_STANDARD.encode(server_signature)))
}

/// How a client deviates in an exchange with the right password.
struct Deviation<'a> {
    user: &'a str,
    /// Before `n=`.
    header: &'a str,
    /// After the nonce of the first message, sent and signed.
    extensions: &'a str,
    channel_binding: &'a str,
    /// After the nonce of the second message: sent, and signed as the RFC says.
    final_extensions: &'a str,
    /// Put before the nonce of the second message.
    nonce_prefix: &'a str,
}

const STRAIGHT: Deviation<'static> = Deviation {
    user: "alice",
    header: "n,,",
    extensions: "",
    channel_binding: "biws",
    final_extensions: "",
    nonce_prefix: "",
};

impl Deviation<'_> {
    fn run(&self, lenient: bool) -> End {
        let mut settings = settings();
        settings.lenient_scram_nonce = lenient;
        let mut connection = Connection::shaken(settings, 1, "SCRAM-SHA-256");
        let escaped = self.user.replace('=', "=3D").replace(',', "=2C");
        let bare = format!("n={escaped},r=abc{}", self.extensions);
        let server_first = match connection.token(format!("{}{bare}", self.header)) {
            End::Challenge(text) => text,
            end => return end,
        };
        let nonce = server_first.split(',').next().unwrap().strip_prefix("r=").unwrap();
        let without_proof =
            format!("c={},r={}{nonce}{}", self.channel_binding, self.nonce_prefix, self.final_extensions);
        let password = format!("{}-secret", self.user);
        let signed_bare = match self.header.split_once("m=") {
            Some((_, reserved)) => format!("m={reserved}{bare}"),
            None => bare,
        };
        let (proof, server_final) = client_final(&password, &signed_bare, &server_first, &without_proof);
        let end = connection.token(format!("{without_proof},p={proof}"));
        if let End::LoggedIn { token, .. } = &end {
            assert_eq!(*token, server_final);
        }
        end
    }
}

#[test]
fn the_signed_transcript_is_the_one_kafka_signs() {
    let wrong_password = || failed(58, STANDARD_256, "SCRAM-SHA-256: wrong password for user `alice`");
    let other = |user: &str, authzid: &str| {
        failed(58, OTHER_AUTHZID, &format!("SCRAM-SHA-256: user `{user}` asked to act as `{authzid}`"))
    };
    let cases = [
        (STRAIGHT, None),
        (Deviation { header: "n,a=alice,", ..STRAIGHT }, None),
        (Deviation { header: "n,a=bob,", ..STRAIGHT }, Some(other("alice", "bob"))),
        (Deviation { user: "we,i=rd", ..STRAIGHT }, None),
        (Deviation { user: "we,i=rd", header: "n,a=we=2Ci=3Drd,", ..STRAIGHT }, Some(other("we,i=rd", "we=2Ci=3Drd"))),
        (Deviation { channel_binding: "eCx4", ..STRAIGHT }, None),
        (Deviation { channel_binding: "", ..STRAIGHT }, None),
        (Deviation { header: "n,,m=foo,", ..STRAIGHT }, Some(wrong_password())),
        (Deviation { extensions: ",x=y", ..STRAIGHT }, None),
        (Deviation { extensions: ",x=y,abc=d=e", ..STRAIGHT }, None),
        (Deviation { extensions: ",x=y,x=z", ..STRAIGHT }, Some(wrong_password())),
        (Deviation { extensions: ",tokenauth=false", ..STRAIGHT }, None),
        (Deviation { final_extensions: ",x=y", ..STRAIGHT }, Some(wrong_password())),
    ];
    for (deviation, expected) in cases {
        let end = deviation.run(false);
        let name = format!("{}{}{}", deviation.header, deviation.extensions, deviation.final_extensions);
        match expected {
            Some(expected) => assert_eq!(end, expected, "{name}"),
            None => assert!(matches!(end, End::LoggedIn { .. }), "{name}: {end:?}"),
        }
    }
}

#[test]
fn delegation_tokens_are_refused_like_an_unknown_user() {
    let end = Deviation { extensions: ",tokenauth=TRUE", ..STRAIGHT }.run(false);
    assert_eq!(end, failed(58, STANDARD_256, "SCRAM-SHA-256: delegation token `alice` cannot be used here"));
}

#[test]
fn the_doubled_nonce_of_old_librdkafka_is_taken_only_where_that_is_allowed() {
    let doubled = Deviation { nonce_prefix: "abc", ..STRAIGHT };
    let refused = failed(
        58,
        STANDARD_256,
        "SCRAM-SHA-256: the nonce of user `alice` is not the one of this exchange \
         (librdkafka before 2.6.1 needs the lenient setting)",
    );
    assert_eq!(doubled.run(false), refused);
    assert!(matches!(doubled.run(true), End::LoggedIn { .. }));
    assert!(matches!(STRAIGHT.run(true), End::LoggedIn { .. }));
    assert_eq!(Deviation { nonce_prefix: "xyz", ..STRAIGHT }.run(true), refused);
    assert_eq!(Deviation { nonce_prefix: "abcabc", ..STRAIGHT }.run(true), refused);
}

#[test]
fn malformed_scram_messages_get_the_standard_text_and_a_proof_of_another_length_a_plain_close() {
    let cause = |cause: &str| format!("SCRAM-SHA-256: malformed message: {cause}");
    for (message, fault) in [
        ("", "`n` is missing or not where it must be"),
        ("n,,", "`n` is missing or not where it must be"),
        ("n,,x", "`n` is missing or not where it must be"),
        ("n,a,n=alice,r=abc", "`a` is missing or not where it must be"),
        ("n,,n", "`n` is missing or not where it must be"),
        ("n,,n=a,", "`r` is missing or not where it must be"),
        ("n,,n=a,r", "`r` is missing or not where it must be"),
        ("y,,n=alice,r=abc", "channel binding is asked for, only `n` is served"),
        ("p=tls-unique,,n=alice,r=abc", "channel binding is asked for, only `n` is served"),
        ("n,,n=bücher,r=abc", "the message is not ascii text"),
        (
            "n,,n=a=2cb,r=abc",
            "a name in `n` is empty, has characters outside ascii, or `=` other than as `=2C` and `=3D`",
        ),
        (
            "n,,n=a=20b,r=abc",
            "a name in `n` is empty, has characters outside ascii, or `=` other than as `=2C` and `=3D`",
        ),
        ("n,,n=alice,r=abc,x1=y", "an extension is not letters, `=` and a value"),
    ] {
        let end = Connection::shaken(settings(), 1, "SCRAM-SHA-256").token(message);
        assert_eq!(end, failed(58, STANDARD_256, &cause(fault)), "{message}");
    }
    let second = |message: &str| {
        let mut connection = Connection::shaken(settings(), 1, "SCRAM-SHA-256");
        let End::Challenge(server_first) = connection.token("n,,n=alice,r=abc") else { panic!("no challenge") };
        let nonce = server_first.split(',').next().unwrap().to_owned();
        connection.token(message.replace("NONCE", &nonce))
    };
    for (message, fault) in [
        ("", "`p` is missing or not where it must be"),
        ("c", "`p` is missing or not where it must be"),
        ("c=biws,r", "`p` is missing or not where it must be"),
        ("c=biws,r=x,p", "`p` is missing or not where it must be"),
        ("c=biws,r=abc,,p=x", "`p` is not standard base64 with padding"),
        ("c=biws,r=abc,p=x,", "`p` is missing or not where it must be"),
    ] {
        assert_eq!(second(message), failed(58, STANDARD_256, &cause(fault)), "{message}");
    }
    assert!(matches!(second("c=biws,r=other,p=eA=="), End::Failed { error: Some(58), .. }));
    let wrong_length =
        |length: usize| closed(&format!("SCRAM-SHA-256: the proof has {length} bytes, not the length of the hash"));
    assert_eq!(second("c=biws,NONCE,p="), wrong_length(0));
    assert_eq!(second("c=biws,NONCE,p=eA=="), wrong_length(1));
}
