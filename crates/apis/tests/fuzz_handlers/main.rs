//! Mutated requests and answers through every handler: guarded, decoded, decided under several grants, served or
//! forwarded, and the broker's answer edited.
//!
//! Nothing panics, and memory stays in proportion to the bytes that came (`memory.rs`). Besides, whatever becomes of the
//! bytes: what is forwarded is one message of Kafka with the header it came with, so is what is answered, and no answer
//! that is edited carries the address of a broker that has none here.
//!
//! The frames begin as what the real Kafka writes (`Messages.java`). Each connection sends many requests of one API and
//! version, so that its sessions get somewhere. The mutations come from a fixed seed. `FUZZ_SEED` and `FUZZ_INPUTS`
//! change them; `make fuzz` runs a million.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod checks;
mod frames;
#[path = "../../../protocol/tests/java/mod.rs"]
mod java;
mod memory;
#[path = "../../../protocol/tests/mutation/mod.rs"]
mod mutation;
mod tally;
mod world;

use apis::{
    Answer, Channel, ConnectionState, Decision, Found, JudgeError, Lookup, RequestContext, ResponseEdit, Verdict, judge,
};
use bytes::Bytes;
use frames::{Kind, kinds};
use memory::Weighed;
use mutation::Random;
use protocol::{ApiKey, GuardedRequest, Limits, RequestFrame, guard_request, guard_response};
use tally::Tally;
use world::World;

const INPUTS: u64 = 1_000_000;
const INPUTS_OF_A_CONNECTION: u64 = 64;

// One test: the allocator counts what all threads do.
#[test]
fn mutated_requests_and_answers_neither_panic_nor_take_memory_out_of_proportion() {
    let mut fuzz = Fuzz::new(setting("FUZZ_SEED", 1));
    let inputs = setting("FUZZ_INPUTS", INPUTS);
    let started = std::time::Instant::now();
    while fuzz.tally.inputs < inputs {
        fuzz.connection();
    }
    println!("{:#?} in {:?}", fuzz.tally, started.elapsed());
    fuzz.tally.has_seen_everything();
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

struct Fuzz {
    random: Random,
    world: World,
    /// What Kafka writes, by API and version: requests and answers.
    kinds: Vec<Kind>,
    tally: Tally,
}

impl Fuzz {
    fn new(seed: u64) -> Fuzz {
        Fuzz { random: Random(seed), world: World::new(), kinds: kinds(), tally: Tally::default() }
    }

    /// One connection of one caller: requests of one API and version, one after the other.
    fn connection(&mut self) {
        let kind = self.random.below(self.kinds.len());
        let caller = self.random.below(self.world.callers.len());
        let channel = [Channel::Plaintext, Channel::Ssl, Channel::Sasl][self.random.below(3)];
        let mut state = ConnectionState::over(channel);
        for _ in 0..INPUTS_OF_A_CONNECTION {
            self.input(kind, caller, &mut state);
        }
    }

    fn input(&mut self, kind: usize, caller: usize, state: &mut ConnectionState) {
        self.tally.inputs += 1;
        let Kind { api_key, version, requests, answers } = &self.kinds[kind];
        let request = requests.one(&mut self.random, |bytes| guard(&bytes).is_ok());
        let is_answer = |bytes| guard_response(*api_key, *version, bytes, &Limits::default()).is_ok();
        let answer = answers.one(&mut self.random, is_answer);
        let asked = checks::Asked { api_key: *api_key, version: *version, request: &request };
        let Some(edit) = self.ask(caller, state, &asked) else { return };
        self.answer(caller, state, &asked, edit, answer);
    }

    /// A request until its verdict; the edit of its answer, if it is forwarded and there is any.
    fn ask(&mut self, caller: usize, state: &mut ConnectionState, asked: &checks::Asked<'_>) -> Option<ResponseEdit> {
        let Fuzz { random, world, tally, .. } = self;
        let weighed = Weighed::begin();
        let Ok(guarded) = guard(asked.request) else {
            tally.refused += 1;
            return None;
        };
        if guarded.api_key == ApiKey::ApiVersions {
            checks::is_an_answer(asked, &apis::api_versions::answer(&guarded, &world.broker));
            tally.answered += 1;
            return None;
        }
        let case = match judge(guarded.clone()) {
            Ok(case) => case,
            Err(JudgeError::NotServed { .. }) => {
                tally.not_served += 1;
                return None;
            }
            Err(error) => panic!("the guard let through what the decoder refuses: {error}: {asked:?}"),
        };
        let lookup = case.lookup(&world.callers[caller], state);
        let _ = case.waits_for_answers();
        // As a connection does: nothing decoded is kept while it waits.
        drop(case);
        tally.memory.opened(&weighed, asked.request.len());
        let found = world.found(random, &lookup);
        tally.looked_up += u64::from(!lookup.is_empty());
        drop(lookup);

        let weighed = Weighed::begin();
        let mut decisions = Vec::new();
        let (api_key, version) = (guarded.api_key, guarded.api_version);
        let case = judge(guarded.clone()).expect("it was opened before");
        let verdict = case.decide(&mut context(world, caller, (api_key, version), &found, state, &mut decisions));
        tally.memory.decided(&weighed, asked.request.len());
        tally.kinds_decided.0.insert((api_key, version));
        let questions = decisions.len();
        decisions.clear();
        decisions.shrink_to_fit();
        match verdict {
            Verdict::Forward(forwarded, edit) => {
                tally.forwarded += 1;
                tally.reduced += u64::from(forwarded.bytes() != asked.request);
                checks::is_the_request(asked, &guarded, forwarded.bytes());
                let held = edit.as_ref().map_or(0, |edit| edit.held(&guarded, questions));
                drop((guarded, forwarded));
                tally.memory.held(&weighed, asked.request.len(), held);
                // The header may have been changed to another API, whose answers are not at hand.
                return edit.filter(|_| (api_key, version) == (asked.api_key, asked.version));
            }
            Verdict::ForwardThenClose(forwarded) => {
                tally.forwarded += 1;
                tally.reduced += 1;
                checks::is_the_request(asked, &guarded, forwarded.bytes());
            }
            Verdict::Respond(bytes) => {
                tally.answered += 1;
                checks::is_an_answer_to(asked, &guarded, &bytes);
            }
            Verdict::Serve(serve) => {
                tally.served += 1;
                if let Ok(bytes) = world.serve(random, serve) {
                    checks::is_an_answer_to(asked, &guarded, &bytes);
                }
            }
            Verdict::Close(_) => tally.closed += 1,
        }
        None
    }

    /// The broker's answer to a forwarded request.
    fn answer(
        &mut self,
        caller: usize,
        state: &mut ConnectionState,
        asked: &checks::Asked<'_>,
        edit: ResponseEdit,
        bytes: Bytes,
    ) {
        let Fuzz { random, world, tally, .. } = self;
        let kind = (asked.api_key, asked.version);
        let Ok(guarded) = guard_response(kind.0, kind.1, bytes, &Limits::default()) else {
            tally.answers_refused += 1;
            return;
        };
        let addresses = world::Reachable(random.below(3) as i32);
        let length = asked.request.len() + guarded.bytes().len();
        let mut decisions = Vec::new();
        let mut found = Found::default();
        let mut weighed = Weighed::begin();
        let mut context_with =
            |found: &Found, decisions: &mut Vec<Decision>, edit: Result<ResponseEdit, ResponseEdit>| {
                let mut context = context(world, caller, kind, found, state, decisions);
                match edit {
                    Ok(edit) => edit.apply(&mut context, &guarded, &addresses),
                    Err(edit) => edit.resume(&mut context, &addresses),
                }
            };
        let mut edited = context_with(&found, &mut decisions, Ok(edit));
        loop {
            tally.memory.edited(&weighed, length);
            match edited {
                Ok(Answer::AsItCame) => {
                    tally.answers_as_they_came += 1;
                    assert!(!guarded.has_addresses, "an address goes on as it came: {asked:?}");
                    return;
                }
                Ok(Answer::Bytes(bytes)) => {
                    tally.answers_edited += 1;
                    tally.kinds_edited.0.insert(kind);
                    checks::is_an_edited_answer(asked, &guarded, &bytes, &addresses);
                    return;
                }
                Ok(Answer::Needs(lookup, edit)) => {
                    let lookup: Lookup = lookup;
                    found = world.found(random, &lookup);
                    drop(lookup);
                    weighed = Weighed::begin();
                    edited = context_with(&found, &mut decisions, Err(edit));
                }
                Err(error) => panic!("an answer that passed the guard could not be edited: {error}: {asked:?}"),
            }
        }
    }
}

fn guard(bytes: &Bytes) -> Result<GuardedRequest, ()> {
    let frame = RequestFrame::parse(bytes.clone()).map_err(drop)?;
    guard_request(frame, &Limits::default()).map_err(drop)
}

fn context<'a>(
    world: &'a World,
    caller: usize,
    (api_key, version): (ApiKey, i16),
    found: &'a Found,
    state: &'a mut ConnectionState,
    decisions: &'a mut Vec<Decision>,
) -> RequestContext<'a> {
    let grants = &world.callers[caller];
    let client_id = protocol::StrBytes::from_static_str("fuzz");
    RequestContext { api_key, version, client_id, grants, found, state, decisions }
}
