//! What the members of consumer groups on one connection subscribed to (KIP-848).
//!
//! A member tells its subscription when it joins and when it changes; between, its heartbeats leave it out. A regular
//! expression must be matched anew at each of them, so it is remembered here. The memory is the connection's, and bounded:
//! a member that comes by another connection, or is not remembered any more, is looked up at the broker, which knows what
//! counts ([`crate::carried_subscription`]).

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use protocol::StrBytes;

use crate::CarriedSubscription;

/// Most members of one connection. Clients have one.
const MAX_MEMBERS: usize = 16;

/// One that takes more memory is looked up every time.
const MAX_BYTES: usize = 32 * 1024;

/// What a member subscribed to: topics by name, and by a regular expression.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberSubscription {
    /// Its regular expression; never empty.
    pub pattern: Option<StrBytes>,
    /// The topics it named.
    pub names: Vec<StrBytes>,
}

impl MemberSubscription {
    /// From a broker's description of the member: its regular expression, which may be carried, and its names. What will
    /// be remembered has memory of its own.
    pub fn described(pattern: Option<StrBytes>, names: Vec<StrBytes>) -> MemberSubscription {
        let pattern = pattern.filter(|pattern| !pattern.is_empty());
        match pattern.as_deref().and_then(CarriedSubscription::decode) {
            Some(CarriedSubscription { pattern, names }) => MemberSubscription { pattern: Some(pattern), names },
            None if pattern.is_none() => MemberSubscription { pattern, names },
            None => MemberSubscription { pattern: pattern.as_ref().map(copy), names: names.iter().map(copy).collect() },
        }
    }
}

/// The members of groups that one connection speaks for.
#[derive(Debug, Default)]
pub(crate) struct GroupMembers {
    /// The one that was remembered last is last.
    members: VecDeque<(MemberKey, Remembered)>,
}

/// Group and member id. Copies: they must not keep a whole frame in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemberKey {
    group: Box<str>,
    member: Box<str>,
}

/// What is remembered of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remembered {
    /// It has no regular expression.
    ByName,
    /// It has one.
    ByPattern {
        subscription: CarriedSubscription,
        /// Of the names that it was found to match last.
        fingerprint: u64,
    },
}

impl MemberKey {
    /// None for the empty member id, which nobody has.
    pub(crate) fn new(group: &str, member: &str) -> Option<MemberKey> {
        (!member.is_empty()).then(|| MemberKey { group: group.into(), member: member.into() })
    }
}

impl GroupMembers {
    pub(crate) fn get(&self, key: &MemberKey) -> Option<&Remembered> {
        self.members.iter().find(|(known, _)| known == key).map(|(_, remembered)| remembered)
    }

    /// The one that was remembered longest ago makes room.
    pub(crate) fn remember(&mut self, key: MemberKey, remembered: Remembered) {
        self.forget(&key);
        if bytes(&key, &remembered) > MAX_BYTES {
            return;
        }
        if self.members.len() >= MAX_MEMBERS {
            self.members.pop_front();
        }
        self.members.push_back((key, remembered));
    }

    pub(crate) fn forget(&mut self, key: &MemberKey) {
        self.members.retain(|(known, _)| known != key);
    }
}

fn bytes(key: &MemberKey, remembered: &Remembered) -> usize {
    const NAME: usize = size_of::<StrBytes>();
    let subscription = match remembered {
        Remembered::ByName => 0,
        Remembered::ByPattern { subscription, .. } => {
            let names = subscription.names.iter().map(|name| NAME.saturating_add(name.len()));
            names.fold(subscription.pattern.len(), usize::saturating_add)
        }
    };
    key.group.len().saturating_add(key.member.len()).saturating_add(subscription)
}

/// Of a list of names, to see that it is another one. Only what is told in the log hangs on it.
pub(crate) fn fingerprint(names: &[StrBytes]) -> u64 {
    let mut hasher = DefaultHasher::new();
    names.iter().for_each(|name| name.as_bytes().hash(&mut hasher));
    hasher.finish()
}

/// A copy with memory of its own.
pub(crate) fn copy(name: &StrBytes) -> StrBytes {
    StrBytes::from_string(name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::str_bytes;

    fn key(member: &str) -> MemberKey {
        MemberKey::new("billing", member).unwrap()
    }

    #[test]
    fn a_description_is_read_whether_the_regular_expression_is_carried_or_somebody_elses() {
        let names = || vec![str_bytes("orders"), str_bytes("pay")];
        let carried = CarriedSubscription { pattern: str_bytes("or.*"), names: vec![str_bytes("pay")] };
        for (pattern, expected) in [
            (None, MemberSubscription { pattern: None, names: names() }),
            (Some(str_bytes("")), MemberSubscription { pattern: None, names: names() }),
            (Some(str_bytes("x.*")), MemberSubscription { pattern: Some(str_bytes("x.*")), names: names() }),
            (
                Some(carried.encode()),
                MemberSubscription { pattern: Some(str_bytes("or.*")), names: vec![str_bytes("pay")] },
            ),
        ] {
            assert_eq!(MemberSubscription::described(pattern, names()), expected);
        }
    }

    #[test]
    fn the_member_remembered_longest_ago_makes_room_and_one_that_takes_much_is_not_remembered() {
        let mut members = GroupMembers::default();
        for number in 0..=MAX_MEMBERS {
            members.remember(key(&number.to_string()), Remembered::ByName);
        }
        assert_eq!((members.members.len(), members.get(&key("0"))), (MAX_MEMBERS, None));
        assert_eq!(members.get(&key("1")), Some(&Remembered::ByName));

        let names = vec![str_bytes("orders"); 2000];
        let subscription = CarriedSubscription { pattern: str_bytes(".*"), names };
        members.remember(key("1"), Remembered::ByPattern { subscription, fingerprint: 0 });
        assert_eq!(members.get(&key("1")), None);
        assert_eq!(MemberKey::new("billing", ""), None);
    }
}
