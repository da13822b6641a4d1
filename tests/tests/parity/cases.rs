//! Which cases: API by version by who asks by what is named. Every API and version comes; of the rest, as many as are
//! wanted, so chosen that each pair of version, user and naming comes as early as can be.

use std::collections::HashSet;

use crate::generate::Naming;
use crate::random::Random;

/// One API that both sides speak.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) key: i16,
    pub(crate) name: String,
    pub(crate) versions: Vec<i16>,
    /// Versions that neither serves, which are tried now and then; all of an API that clients may not use.
    pub(crate) refused: Vec<i16>,
}

#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Unlike any other's, and the seed of its request.
    pub(crate) number: u64,
    pub(crate) api: usize,
    pub(crate) version: i16,
    pub(crate) user: String,
    pub(crate) naming: Naming,
}

/// Tried for each case, of which the one that covers most is taken.
const CANDIDATES: usize = 24;
/// Who is denied some of what is asked, and not all: the others are mostly denied before anything of interest.
const MIXED: &[&str] = &[
    "admin",
    "wildcard",
    "denied-some",
    "denied-below",
    "undescribed",
    "here",
    "denied-cluster",
    "cluster",
    "everything",
    "prefixed",
    "overlapping",
    "one-topic",
    "one-group",
];
/// Each version that is refused is tried once in so many cases.
const TRIED_OF_REFUSED: usize = 3_000;

/// `count` cases in the order they are to be asked.
pub(crate) fn choose(apis: &[Api], users: &[String], count: usize, seed: u64) -> Vec<Case> {
    let weight = |api: &Api| if api.versions.is_empty() { 0 } else { 6 + api.versions.len() };
    let total: usize = apis.iter().map(weight).sum();
    let mut cases = Vec::new();
    for (index, api) in apis.iter().enumerate() {
        let share = (count * weight(api)).div_ceil(total.max(1)).max(api.versions.len());
        let mut random = Random::for_case(seed, u64::from(api.key.unsigned_abs()) + 10_000);
        cases.extend(of_one(index, api, users, share, &mut random));
        cases.extend(refused(index, api, users, 1 + count / TRIED_OF_REFUSED, &mut random));
    }
    let mut random = Random::for_case(seed, 20_000);
    random.shuffle(&mut cases);
    cases
}

fn of_one(index: usize, api: &Api, users: &[String], count: usize, random: &mut Random) -> Vec<Case> {
    let mut seen: HashSet<(usize, usize, usize)> = HashSet::new();
    let mut cases = Vec::new();
    let mixed = |user: &&str| MIXED.contains(user) || user.starts_with("random-");
    let mixed: Vec<usize> =
        users.iter().enumerate().filter(|(_, user)| mixed(&user.as_str())).map(|(index, _)| index).collect();
    for number in 0..if api.versions.is_empty() { 0 } else { count } {
        let candidate = |random: &mut Random| {
            // Versions in turn, so that each comes.
            let version = number % api.versions.len();
            // Every other case by somebody who is allowed something of nearly everything.
            let user = if number % 2 == 0 { random.below(users.len()) } else { *random.pick(&mixed) };
            (version, user, random.below(Naming::ALL.len()))
        };
        let fresh = |seen: &HashSet<_>, (version, user, naming): (usize, usize, usize)| {
            pairs(version, user, naming).iter().filter(|pair| !seen.contains(*pair)).count()
        };
        let candidates: Vec<_> = (0..CANDIDATES).map(|_| candidate(random)).collect();
        let best = candidates.into_iter().max_by_key(|candidate| fresh(&seen, *candidate));
        let (version, user, naming) = best.expect("there are candidates");
        seen.extend(pairs(version, user, naming));
        cases.push(Case {
            number: u64::from(api.key.unsigned_abs()) * 1_000_000 + number as u64,
            api: index,
            version: api.versions[version],
            user: users[user].clone(),
            naming: Naming::ALL[naming],
        });
    }
    cases
}

fn refused(index: usize, api: &Api, users: &[String], times: usize, random: &mut Random) -> Vec<Case> {
    let versions = api.refused.iter().flat_map(|version| std::iter::repeat_n(*version, times));
    let case = |(number, version)| Case {
        number: u64::from(api.key.unsigned_abs()) * 1_000_000 + 900_000 + number as u64,
        api: index,
        version,
        user: random.pick(users).clone(),
        naming: *random.pick(&Naming::ALL),
    };
    versions.enumerate().map(case).collect()
}

/// The three pairs of three values.
fn pairs(version: usize, user: usize, naming: usize) -> [(usize, usize, usize); 3] {
    [(0, version, user), (1, version, naming), (2, user, naming)]
}
