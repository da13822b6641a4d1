//! What makes a record ours: sealed with a key that only Doorkeeper has, for one topic and one record key.
//!
//! ```text
//! value = form (1 byte, 1) | key id (8) | nonce (12) | AES-256-GCM(plaintext), which ends in its tag (16)
//! bound in besides the plaintext = form | length of the topic's name (4) | topic's name | record key
//! ```
//!
//! So nobody who writes the topic by other ways can make a record, change one, or move one to another key or topic.
//! What he can do is to write an old state of the same key once more: see `docs/security.md`.
//!
//! Each 32-byte secret of the configuration is the source of three things, by HMAC-SHA-256: the AEAD key, its public id,
//! and a key for the names of records (see [`super::record`]). The first secret seals, all open: so one is rotated.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Of the layout above.
const FORM: u8 = 1;
const KEY_ID_LEN: usize = 8;

/// A key of the record names.
pub(super) type NamingKey = [u8; 32];

/// One of `store.kafka.keys`.
pub struct SealingKey {
    id: [u8; KEY_ID_LEN],
    aead: LessSafeKey,
    naming: Zeroizing<NamingKey>,
}

/// The keys in use. Clones are the same.
#[derive(Clone, Debug)]
pub struct Keyring {
    keys: Arc<[SealingKey]>,
}

/// Why a text is no key. Never holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is 32 random bytes, in base64 or as 64 hexadecimal digits: `openssl rand -base64 32` makes one")]
pub struct KeyError;

/// Why a value cannot be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsealable {
    #[error("it is not sealed")]
    NotSealed,
    #[error("it is sealed in a form of a newer Doorkeeper")]
    NewerForm,
    #[error("it is sealed with a key that is not among `keys`")]
    UnknownKey,
    #[error("its seal does not fit: it was changed, or belongs to another key or topic")]
    Broken,
}

impl SealingKey {
    /// Reads 32 bytes in base64 or hexadecimal.
    pub fn parse(text: &str) -> Result<SealingKey, KeyError> {
        let text = text.trim();
        let bytes = Zeroizing::new(match text.len() {
            64 => hex(text).ok_or(KeyError)?,
            _ => STANDARD.decode(text).map_err(|_| KeyError)?,
        });
        let secret: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyError)?;
        Ok(SealingKey::new(secret))
    }

    pub fn new(secret: &[u8; 32]) -> SealingKey {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derive = |purpose: &str| {
            let mut derived = Zeroizing::new([0; 32]);
            derived.copy_from_slice(hmac::sign(&secret, purpose.as_bytes()).as_ref());
            derived
        };
        let aead = derive("doorkeeper store: seal");
        let aead = UnboundKey::new(&AES_256_GCM, aead.as_slice()).expect("a key of this algorithm has 32 bytes");
        let mut id = [0; KEY_ID_LEN];
        let public = derive("doorkeeper store: key id");
        id.iter_mut().zip(public.iter()).for_each(|(to, from)| *to = *from);
        SealingKey { id, aead: LessSafeKey::new(aead), naming: derive("doorkeeper store: names") }
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    digits.map(|pair| pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())).collect()
}

impl Keyring {
    /// The first one seals. None without keys.
    pub fn new(keys: Vec<SealingKey>) -> Option<Keyring> {
        (!keys.is_empty()).then(|| Keyring { keys: keys.into() })
    }

    /// Whether two are the same key.
    pub fn has_one_twice(&self) -> bool {
        self.keys.iter().enumerate().any(|(at, key)| self.keys.iter().take(at).any(|other| other.id == key.id))
    }

    fn first(&self) -> &SealingKey {
        self.keys.first().expect("a keyring has at least one key")
    }

    /// The names of records in a store that is new.
    pub(super) fn naming_key(&self) -> NamingKey {
        *self.first().naming
    }

    /// The value for a key of a topic.
    pub(super) fn seal(&self, topic: &str, record_key: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let key = self.first();
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).expect("the system's random source works since start");
        let mut sealed = plaintext.to_vec();
        key.aead
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound(topic, record_key), &mut sealed)
            .expect("a record is far smaller than the algorithm's limit");
        [&[FORM][..], &key.id, &nonce, &sealed].concat()
    }

    /// The plaintext, if the value was sealed for this key of this topic by one of our keys.
    pub(super) fn open(&self, topic: &str, record_key: &[u8], value: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let (form, rest) = value.split_first().ok_or(Unsealable::NotSealed)?;
        if *form != FORM {
            return Err(if *form > FORM { Unsealable::NewerForm } else { Unsealable::NotSealed });
        }
        let (id, rest) = rest.split_first_chunk::<KEY_ID_LEN>().ok_or(Unsealable::NotSealed)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Unsealable::NotSealed)?;
        let key = self.keys.iter().find(|key| key.id == *id).ok_or(Unsealable::UnknownKey)?;
        let mut opened = sealed.to_vec();
        let length = key
            .aead
            .open_in_place(Nonce::assume_unique_for_key(*nonce), bound(topic, record_key), &mut opened)
            .map_err(|_| Unsealable::Broken)?
            .len();
        opened.truncate(length);
        Ok(opened)
    }

    /// Whether a value that can be opened should be sealed anew: the key it has is about to go.
    pub(super) fn is_of_older_key(&self, value: &[u8]) -> bool {
        value.get(1..=KEY_ID_LEN).is_none_or(|id| id != self.first().id)
    }
}

impl PartialEq for Keyring {
    fn eq(&self, other: &Keyring) -> bool {
        self.keys.iter().map(|key| key.id).eq(other.keys.iter().map(|key| key.id))
    }
}

impl Eq for Keyring {}

fn bound(topic: &str, record_key: &[u8]) -> Aad<Vec<u8>> {
    let length = u32::try_from(topic.len()).expect("kafka's topic names have at most 249 characters").to_be_bytes();
    Aad::from([&[FORM][..], &length, topic.as_bytes(), record_key].concat())
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keyring(secrets: &[u8]) -> Keyring {
        Keyring::new(secrets.iter().map(|secret| SealingKey::new(&[*secret; 32])).collect()).expect("some")
    }

    #[test]
    fn a_key_is_32_bytes_in_base64_or_hexadecimal() {
        let key = SealingKey::new(&[7; 32]).id;
        for text in ["BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n", &"07".repeat(32)] {
            assert_eq!(SealingKey::parse(text).map(|parsed| parsed.id), Ok(key), "{text}");
        }
        for text in ["", "secret", &"07".repeat(31), &"0g".repeat(32), "BwcHBwcHBwcHBwcHBwcHBw=="] {
            assert_eq!(SealingKey::parse(text).map(|parsed| parsed.id), Err(KeyError), "{text}");
        }
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let (old, both, new) = (keyring(&[1]), keyring(&[2, 1]), keyring(&[2]));
        let (by_old, by_new) = (old.seal("t", b"k", b"text"), both.seal("t", b"k", b"text"));
        assert_eq!(both.open("t", b"k", &by_old), Ok(b"text".to_vec()));
        assert_eq!(new.open("t", b"k", &by_new), Ok(b"text".to_vec()));
        assert_eq!(new.open("t", b"k", &by_old), Err(Unsealable::UnknownKey));
        assert_eq!((both.is_of_older_key(&by_old), both.is_of_older_key(&by_new)), (true, false));
        assert_ne!(both.seal("t", b"k", b"text"), by_new, "each has a nonce of its own");
    }

    #[test]
    fn a_value_belongs_to_its_key_and_topic() {
        let keys = keyring(&[1]);
        let sealed = keys.seal("topic", b"key", b"text");
        assert_eq!(keys.open("topic", b"other", &sealed), Err(Unsealable::Broken));
        assert_eq!(keys.open("topi", b"ckey", &sealed), Err(Unsealable::Broken));
        assert_eq!(keys.open("topic", b"key", &[]), Err(Unsealable::NotSealed));
        assert_eq!(keys.open("topic", b"key", &[2]), Err(Unsealable::NewerForm));
    }

    proptest! {
        #[test]
        fn nothing_that_was_changed_is_opened(text in proptest::collection::vec(any::<u8>(), 0..100), at: prop::sample::Index, bit in 0..8_u8) {
            let keys = keyring(&[1, 2]);
            let mut sealed = keys.seal("t", b"k", &text);
            prop_assert_eq!(sealed.len(), text.len() + 37);
            prop_assert_eq!(keys.open("t", b"k", &sealed), Ok(text));
            let at = at.index(sealed.len());
            sealed[at] ^= 1_u8 << bit;
            prop_assert!(keys.open("t", b"k", &sealed).is_err());
            sealed.truncate(at);
            prop_assert!(keys.open("t", b"k", &sealed).is_err());
        }
    }
}
