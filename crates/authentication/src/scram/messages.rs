//! The messages of a SCRAM exchange, read as strictly as Kafka reads them (`ScramMessages`).
//!
//! ```text
//! client-first = "n," [ "a=" saslname ] "," [ "m=" value "," ] "n=" saslname ",r=" nonce *( "," name "=" value )
//! server-first = "r=" nonce ",s=" base64 ",i=" number *( "," name "=" value )
//! client-final = "c=" base64 ",r=" nonce *( "," name "=" value ) ",p=" base64
//! server-final = ( "v=" base64 / "e=" value ) *( "," name "=" value )
//! ```
//! No part may contain a comma, so a message is split at commas and each part looked at by itself.

use std::collections::HashMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Java's decoder: padding is needed, bits beyond the last byte are ignored.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// A longer message is refused: what is kept of a first message until the second comes is a few times its length, for
/// somebody who has not logged in. (Kafka: `sasl.server.max.receive.size` alone.)
const MAX_LENGTH: usize = 16_384;

/// What is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScramFault {
    #[error("the message is not ascii text")]
    NotAscii,
    #[error("the message has `{0}` bytes, more than {MAX_LENGTH}")]
    TooLong(usize),
    #[error("`{0}` is missing or not where it must be")]
    Missing(&'static str),
    #[error("channel binding is asked for, only `n` is served")]
    ChannelBinding,
    #[error("a name in `{0}` is empty, has characters outside ascii, or `=` other than as `=2C` and `=3D`")]
    SaslName(&'static str),
    #[error("the nonce is empty or has characters outside 0x21-0x7e")]
    Nonce,
    #[error("an extension is not letters, `=` and a value")]
    Extension,
    #[error("`{0}` is not standard base64 with padding")]
    Base64(&'static str),
    #[error("`i` is not a number")]
    Iterations,
    #[error("more follows the end of the message")]
    TrailingParts,
}

/// The client's first message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientFirst {
    /// As it came, still escaped: that is how Kafka compares it with the user.
    pub(crate) authzid: Option<String>,
    /// Still escaped; [`unescape`] gives the user.
    pub(crate) saslname: String,
    pub(crate) nonce: String,
    /// In the order they came. (Kafka: in the order of a hash map, so with several its own answer is a matter of luck.)
    pub(crate) extensions: Vec<(String, String)>,
}

/// The client's second message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientFinal {
    /// Decoded, and not compared with anything.
    pub(crate) channel_binding: Vec<u8>,
    pub(crate) nonce: String,
    pub(crate) proof: Vec<u8>,
}

/// The server's first message, as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerFirst {
    pub(crate) nonce: String,
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: u32,
}

/// The server's second message, as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServerFinal {
    Signature(Vec<u8>),
    Error(String),
}

impl ClientFirst {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, ScramFault> {
        let mut parts = split(message)?.peekable();
        match parts.next() {
            Some("n") => {}
            Some("y") => return Err(ScramFault::ChannelBinding),
            Some(flag) if flag.starts_with("p=") => return Err(ScramFault::ChannelBinding),
            _ => return Err(ScramFault::Missing("n")),
        }
        let authzid = match parts.next() {
            Some("") => None,
            part => Some(saslname(field("a", part)?, "a")?),
        };
        if let Some(reserved) = parts.next_if(|part| part.starts_with("m=")) {
            extension(reserved)?;
        }
        Ok(ClientFirst {
            authzid,
            saslname: saslname(field("n", parts.next())?, "n")?,
            nonce: nonce(field("r", parts.next())?)?,
            extensions: unique(parts.map(extension).collect::<Result<_, _>>()?),
        })
    }

    /// The part that is signed, rebuilt as Kafka does: a reserved `m=` is left out.
    pub(crate) fn bare(&self) -> String {
        let mut bare = format!("n={},r={}", self.saslname, self.nonce);
        for (name, value) in &self.extensions {
            bare.push_str(&format!(",{name}={value}"));
        }
        bare
    }

    /// Whether a delegation token is presented (`tokenauth=true`, KIP-48).
    pub(crate) fn token_authenticated(&self) -> bool {
        self.extensions.iter().any(|(name, value)| name == "tokenauth" && value.eq_ignore_ascii_case("true"))
    }
}

impl ClientFinal {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, ScramFault> {
        let parts: Vec<&str> = split(message)?.collect();
        let [channel, joined_nonce, extensions @ .., proof] = parts.as_slice() else {
            return Err(ScramFault::Missing("p"));
        };
        let message = ClientFinal {
            channel_binding: base64_field("c", channel)?,
            nonce: nonce(field("r", Some(joined_nonce))?)?,
            proof: base64_field("p", proof)?,
        };
        for part in extensions {
            extension(part)?;
        }
        Ok(message)
    }

    /// The part that is signed, rebuilt as Kafka does: without extensions.
    pub(crate) fn without_proof(&self) -> String {
        format!("c={},r={}", BASE64.encode(&self.channel_binding), self.nonce)
    }
}

impl ServerFirst {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, ScramFault> {
        let mut parts = split(message)?;
        let server_first = ServerFirst {
            nonce: nonce(field("r", parts.next())?)?,
            salt: base64_field("s", parts.next().ok_or(ScramFault::Missing("s"))?)?,
            iterations: number(field("i", parts.next())?)?,
        };
        parts.try_for_each(|part| extension(part).map(drop))?;
        Ok(server_first)
    }

    pub(crate) fn format(&self) -> String {
        format!("r={},s={},i={}", self.nonce, BASE64.encode(&self.salt), self.iterations)
    }
}

impl ServerFinal {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, ScramFault> {
        let mut parts = split(message)?;
        let first = parts.next().unwrap_or_default();
        let server_final = match first.strip_prefix("e=") {
            Some(error) => ServerFinal::Error(error.to_owned()),
            None => ServerFinal::Signature(base64_field("v", first)?),
        };
        parts.try_for_each(|part| extension(part).map(drop))?;
        Ok(server_final)
    }
}

pub(crate) fn format_server_final(signature: &[u8]) -> String {
    format!("v={}", BASE64.encode(signature))
}

pub(crate) fn format_client_final(without_proof: &str, proof: &[u8]) -> String {
    format!("{without_proof},p={}", BASE64.encode(proof))
}

/// `=2C` and `=3D` become `,` and `=`.
pub(crate) fn unescape(saslname: &str) -> String {
    saslname.replace("=2C", ",").replace("=3D", "=")
}

/// The other way.
pub(crate) fn escape(user: &str) -> String {
    user.replace('=', "=3D").replace(',', "=2C")
}

fn split(message: &[u8]) -> Result<std::str::Split<'_, char>, ScramFault> {
    if message.len() > MAX_LENGTH {
        return Err(ScramFault::TooLong(message.len()));
    }
    match std::str::from_utf8(message) {
        Ok(text) if text.is_ascii() => Ok(text.split(',')),
        _ => Err(ScramFault::NotAscii),
    }
}

/// The value of a part `name=value`.
fn field<'a>(name: &'static str, part: Option<&'a str>) -> Result<&'a str, ScramFault> {
    part.and_then(|part| part.strip_prefix(name)?.strip_prefix('=')).ok_or(ScramFault::Missing(name))
}

fn base64_field(name: &'static str, part: &str) -> Result<Vec<u8>, ScramFault> {
    BASE64.decode(field(name, Some(part))?).map_err(|_| ScramFault::Base64(name))
}

fn saslname(name: &str, field: &'static str) -> Result<String, ScramFault> {
    let escapes_are_known = name.split('=').skip(1).all(|after| after.starts_with("2C") || after.starts_with("3D"));
    if is_value(name) && escapes_are_known { Ok(name.to_owned()) } else { Err(ScramFault::SaslName(field)) }
}

fn nonce(nonce: &str) -> Result<String, ScramFault> {
    if !nonce.is_empty() && nonce.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
        Ok(nonce.to_owned())
    } else {
        Err(ScramFault::Nonce)
    }
}

fn number(digits: &str) -> Result<u32, ScramFault> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().map_err(|_| ScramFault::Iterations)
    } else {
        Err(ScramFault::Iterations)
    }
}

fn extension(part: &str) -> Result<(String, String), ScramFault> {
    match part.split_once('=') {
        Some((name, value))
            if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()) && is_value(value) =>
        {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err(ScramFault::Extension),
    }
}

/// One or more of 0x01-0x7f; commas are gone already.
fn is_value(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (0x01..=0x7f).contains(&byte))
}

/// A repeated extension keeps its first place and its last value, as in a map.
fn unique(extensions: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut unique: Vec<(String, String)> = Vec::with_capacity(extensions.len());
    for (name, value) in extensions {
        let place = *places.entry(name.clone()).or_insert(unique.len());
        match unique.get_mut(place) {
            Some(known) => known.1 = value,
            None => unique.push((name, value)),
        }
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client_first(message: &str) -> Result<ClientFirst, ScramFault> {
        ClientFirst::parse(message.as_bytes())
    }

    #[test]
    fn a_client_first_is_taken_apart_and_its_signed_part_rebuilt() {
        let message = client_first("n,a=x=3Dy,m=foo,n=we=2Ci=3Drd,r=abc,tokenauth=TRUE,b=1,b=2=3").unwrap();
        assert_eq!(
            message,
            ClientFirst {
                authzid: Some("x=3Dy".into()),
                saslname: "we=2Ci=3Drd".into(),
                nonce: "abc".into(),
                extensions: vec![("tokenauth".into(), "TRUE".into()), ("b".into(), "2=3".into())],
            }
        );
        assert_eq!(unescape(&message.saslname), "we,i=rd");
        assert_eq!(message.bare(), "n=we=2Ci=3Drd,r=abc,tokenauth=TRUE,b=2=3");
        assert!(message.token_authenticated());
    }

    #[test]
    fn names_survive_escaping() {
        for user in ["a", "a,b=c", "=2C", "=3D2C", ",,=="] {
            assert_eq!(unescape(&escape(user)), user);
        }
    }

    #[test]
    fn malformed_client_first_messages_are_refused() {
        use ScramFault::*;
        let cases = [
            ("", Missing("n")),
            ("n", Missing("a")),
            ("n,", Missing("n")),
            ("n,,", Missing("n")),
            ("n,,x", Missing("n")),
            ("n,,n", Missing("n")),
            ("n,a,n=alice,r=abc", Missing("a")),
            ("n,a=,n=alice,r=abc", SaslName("a")),
            ("n,,n=a", Missing("r")),
            ("n,,n=a,", Missing("r")),
            ("n,,n=a,r", Missing("r")),
            ("n,,n=a,r=", Nonce),
            ("n,,n=a,r=a b", Nonce),
            ("n,,n=,r=abc", SaslName("n")),
            ("n,,n=a=2c,r=abc", SaslName("n")),
            ("n,,n=a=20,r=abc", SaslName("n")),
            ("n,,n=a=,r=abc", SaslName("n")),
            ("n,,n=a\0,r=abc", SaslName("n")),
            ("n,,n=bücher,r=abc", NotAscii),
            ("n,,m=,n=a,r=abc", Extension),
            ("n,,n=a,r=abc,", Extension),
            ("n,,n=a,r=abc,x1=y", Extension),
            ("n,,n=a,r=abc,x=", Extension),
            ("n,,n=a,r=abc,=y", Extension),
            ("y,,n=a,r=abc", ChannelBinding),
            ("p=tls-unique,,n=a,r=abc", ChannelBinding),
            ("N,,n=a,r=abc", Missing("n")),
            (",,n=a,r=abc", Missing("n")),
        ];
        for (message, expected) in cases {
            assert_eq!(client_first(message), Err(expected), "{message:?}");
        }
        assert_eq!(ClientFirst::parse(b"n,,n=\xff,r=a"), Err(NotAscii));
        assert_eq!(client_first(&"n".repeat(16_385)), Err(TooLong(16_385)));
    }

    #[test]
    fn malformed_client_final_messages_are_refused() {
        use ScramFault::*;
        let cases = [
            ("", Missing("p")),
            ("c", Missing("p")),
            ("c=biws", Missing("p")),
            ("c=biws,r", Missing("p")),
            ("c=biws,r=x", Missing("p")),
            ("c=biws,r=x,p", Missing("p")),
            ("c=biws,r=abc,,p=x", Base64("p")),
            ("c=biws,r=abc,,p=eA==", Extension),
            ("c=biws,r=abc,p=x,", Missing("p")),
            ("c=biws,r=abc,p=eA", Base64("p")),
            ("c=biws,r=abc,p=eA=", Base64("p")),
            ("c=bi_s,r=abc,p=eA==", Base64("c")),
            ("x=biws,r=abc,p=eA==", Missing("c")),
            ("c=biws,x=abc,p=eA==", Missing("r")),
            ("c=biws,r=,p=eA==", Nonce),
        ];
        for (message, expected) in cases {
            assert_eq!(ClientFinal::parse(message.as_bytes()), Err(expected), "{message:?}");
        }
    }

    #[test]
    fn the_signed_part_of_a_client_final_has_no_extensions_and_canonical_base64() {
        let message = ClientFinal::parse(b"c=YR==,r=abc,x=y,p=").unwrap();
        assert_eq!((message.channel_binding.as_slice(), message.proof.as_slice()), (&b"a"[..], &b""[..]));
        assert_eq!(message.without_proof(), "c=YQ==,r=abc");
        assert_eq!(ClientFinal::parse(b"c=,r=abc,p=eA==").unwrap().without_proof(), "c=,r=abc");
    }

    #[test]
    fn server_messages_are_read_back_and_malformed_ones_refused() {
        let first = ServerFirst { nonce: "abcdef".into(), salt: b"salt".to_vec(), iterations: 8192 };
        assert_eq!(ServerFirst::parse(first.format().as_bytes()), Ok(first));
        for message in [
            "",
            "r",
            "r=",
            "r=a",
            "r=a,s",
            "r=a,s=?",
            "r=a,s=YQ==",
            "r=a,s=YQ==,i",
            "r=a,s=YQ==,i=",
            "r=a,s=YQ==,i=-1",
            "r=a,s=YQ==,i=+1",
            "r=a,s=YQ==,i=99999999999",
            "r=a,s=YQ==,i=1,",
            "e=x",
            "m=x,r=a,s=YQ==,i=1",
            "r=é,s=YQ==,i=1",
        ] {
            assert!(ServerFirst::parse(message.as_bytes()).is_err(), "{message:?}");
        }
        assert_eq!(ServerFinal::parse(b"v=YQ=="), Ok(ServerFinal::Signature(b"a".to_vec())));
        assert_eq!(ServerFinal::parse(b"e=invalid-proof"), Ok(ServerFinal::Error("invalid-proof".into())));
        for message in ["", "v", "v=?", "x=YQ==", "v=YQ==,", ","] {
            assert!(ServerFinal::parse(message.as_bytes()).is_err(), "{message:?}");
        }
    }
}
