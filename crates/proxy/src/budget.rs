//! One budget of bytes for the whole process: what all connections together hold of frames at one time.
//!
//! Three classes draw from it, each up to its share:
//!
//! | class             | share | taken                                      | given back when                     |
//! |-------------------|-------|--------------------------------------------|-------------------------------------|
//! | `Unauthenticated` | 10 %  | as bytes arrive                            | the frame was answered              |
//! | `Requests`        | 60 %  | as bytes arrive                            | the frame was written to the broker |
//! | `Responses`       | 100 % | the whole length before the first byte     | the answer was written              |
//!
//! Beside them stands what is held of a request while a broker works on it: what the edit of its answer needs, and what
//! our own store is asked (`Class::Held`). It counts in the share of requests, and so keeps further ones out, but not in the
//! total: an answer never waits for it, and it ends with the answer.
//!
//! Why nobody waits for ever:
//!
//! 1. A response that has to be held in full takes all it needs at once, so whoever holds one needs nothing more, and
//!    gives it back as fast as its client reads. The other two classes can never have all: 30 % are always left.
//! 2. A response that is passed on in pieces takes what it can get, and needs nothing: one piece is always free. So a
//!    broker can always write its answers, and so it always goes on to read requests.
//! 3. A request takes more as it comes in, so two halves could wait for each other. Therefore one connection at a time
//!    may go beyond the share ([`Permit::overdraw`]) until its frame is complete: one always gets on.
//! 4. Before login, only the first [`SHORT`] bytes of a frame may come from the second half of the share: strangers who
//!    send long frames and stall leave room for the logins of all others, which are short.
//! 5. Whoever waits, or holds bytes of a frame that does not get on while others wait, is closed after a while
//!    ([`crate::connections`]). So a client that stalls in mid-frame holds up others for that long at most.
//!
//! The bound is soft by one read: a chunk is counted when it has come. So memory is bounded by the budget, one chunk for
//! each worker thread, and one largest request. A request that is decoded takes more than its bytes, so it is decoded
//! only while a thread looks at it: while it waits, for answers or for a look-up, its bytes are kept, and what it looks up
//! is counted.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

/// Longer than any message of a login but those with tokens.
const SHORT: usize = 4 * 1024;

/// For what bytes are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Frames of connections that have not logged in.
    Unauthenticated,
    /// Frames on their way to a broker.
    Requests,
    /// Frames on their way to a client.
    Responses,
    /// What is left of requests that wait for their answer.
    Held,
}

/// The budget of the process.
#[derive(Debug)]
pub(crate) struct Budget {
    total: usize,
    used: AtomicUsize,
    unauthenticated: AtomicUsize,
    requests: AtomicUsize,
    overdrawn: AtomicBool,
    /// Who waits for the share of strangers. Only what strangers give back helps them; so with the next.
    for_unauthenticated: Waiting,
    /// Who waits for the share of requests.
    for_requests: Waiting,
    /// Who waits because all is used up.
    for_any: Waiting,
    next_waiter: AtomicU64,
}

/// Those that wait for the same bytes.
#[derive(Debug, Default)]
struct Waiting {
    /// The only thing that giving back looks at when nobody waits.
    anybody: AtomicBool,
    wakers: Mutex<HashMap<u64, Waker>>,
}

impl Waiting {
    fn enter(&self, waiter: u64, cx: &Context<'_>) {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.insert(waiter, cx.waker().clone());
        self.anybody.store(true, SeqCst);
    }

    fn wake(&self) {
        if self.anybody.swap(false, SeqCst) {
            let wakers = std::mem::take(&mut *self.wakers.lock().unwrap_or_else(PoisonError::into_inner));
            wakers.into_values().for_each(Waker::wake);
        }
    }
}

impl Budget {
    pub(crate) fn new(total: usize) -> Arc<Budget> {
        Arc::new(Budget {
            total,
            used: AtomicUsize::new(0),
            unauthenticated: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            overdrawn: AtomicBool::new(false),
            for_unauthenticated: Waiting::default(),
            for_requests: Waiting::default(),
            for_any: Waiting::default(),
            next_waiter: AtomicU64::new(0),
        })
    }

    /// A permit for nothing yet.
    pub(crate) fn permit(self: &Arc<Budget>, class: Class) -> Permit {
        Permit { budget: Arc::clone(self), class, bytes: 0, overdraws: false, waiter: None }
    }

    /// The most that one class may ever hold.
    pub(crate) fn share(&self, class: Class) -> usize {
        match class {
            Class::Unauthenticated => self.total / 10,
            Class::Requests | Class::Held => self.total / 10 * 6,
            Class::Responses => self.total,
        }
    }

    /// Bytes held now.
    pub(crate) fn used(&self) -> usize {
        self.used.load(SeqCst)
    }

    /// Whether anybody waits for bytes.
    pub(crate) fn is_short(&self) -> bool {
        [&self.for_unauthenticated, &self.for_requests, &self.for_any].iter().any(|list| list.anybody.load(SeqCst))
    }

    /// What a class may hold for one of it to hold so much.
    fn share_of_one(&self, class: Class, bytes: usize) -> usize {
        match class {
            Class::Unauthenticated if bytes > SHORT => self.share(class) / 2,
            _ => self.share(class),
        }
    }

    fn has_room(&self, class: Class, share: usize) -> bool {
        self.used() < self.total && self.counter(class).is_none_or(|held| held.load(SeqCst) < share)
    }

    /// Whether the class has no room for so much, whatever others hold.
    fn is_class_full(&self, class: Class, bytes: usize, share: usize) -> bool {
        self.counter(class).is_some_and(|held| held.load(SeqCst).saturating_add(bytes.max(1)) > share)
    }

    fn waiting_for(&self, class: Class) -> &Waiting {
        match class {
            Class::Unauthenticated => &self.for_unauthenticated,
            Class::Requests | Class::Held => &self.for_requests,
            Class::Responses => &self.for_any,
        }
    }

    fn counter(&self, class: Class) -> Option<&AtomicUsize> {
        match class {
            Class::Unauthenticated => Some(&self.unauthenticated),
            Class::Requests | Class::Held => Some(&self.requests),
            Class::Responses => None,
        }
    }

    fn add(&self, class: Class, bytes: usize) {
        if class != Class::Held {
            self.used.fetch_add(bytes, SeqCst);
        }
        if let Some(held) = self.counter(class) {
            held.fetch_add(bytes, SeqCst);
        }
    }

    /// Fails only while somebody else holds bytes, who then wakes whoever waits: neither counter ever shows bytes that
    /// were not granted, but for a moment `used` those of one whose class is full.
    fn try_add(&self, class: Class, bytes: usize, share: usize) -> bool {
        if !try_add_to(&self.used, bytes, self.total) {
            return false;
        }
        let in_share = self.counter(class).is_none_or(|held| try_add_to(held, bytes, share));
        if !in_share {
            self.used.fetch_sub(bytes, SeqCst);
        }
        in_share
    }

    fn subtract(&self, class: Class, bytes: usize) {
        if class != Class::Held {
            self.used.fetch_sub(bytes, SeqCst);
        }
        if let Some(held) = self.counter(class) {
            held.fetch_sub(bytes, SeqCst);
        }
    }

    /// Bytes of the class were given back.
    fn wake(&self, class: Class) {
        self.waiting_for(class).wake();
        self.for_any.wake();
    }
}

fn try_add_to(counter: &AtomicUsize, bytes: usize, limit: usize) -> bool {
    let add = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= limit);
    counter.fetch_update(SeqCst, SeqCst, add).is_ok()
}

/// A number of bytes of the budget. Dropped, it gives them back.
#[derive(Debug)]
pub(crate) struct Permit {
    budget: Arc<Budget>,
    class: Class,
    bytes: usize,
    overdraws: bool,
    /// Under what it waits, if it ever did.
    waiter: Option<u64>,
}

impl Permit {
    pub(crate) fn class(&self) -> Class {
        self.class
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether there is room at all for a read whose length is not known yet.
    pub(crate) fn has_room(&self) -> bool {
        self.overdraws || self.budget.has_room(self.class, self.budget.share_of_one(self.class, self.bytes))
    }

    /// Has the task woken when bytes are given back that help it to so many more (0: a read whose length is not known).
    /// The caller tries once more after this, or it may miss them.
    pub(crate) fn wake_when_given_back(&mut self, cx: &Context<'_>, bytes: usize) {
        let budget = &self.budget;
        let waiter = *self.waiter.get_or_insert_with(|| budget.next_waiter.fetch_add(1, SeqCst));
        let share = budget.share_of_one(self.class, self.bytes + bytes);
        let is_class_full = || budget.is_class_full(self.class, bytes, share);
        if is_class_full() {
            budget.waiting_for(self.class).enter(waiter, cx);
            if is_class_full() {
                return;
            }
        }
        // Whatever is short, everybody who gives back wakes this list.
        budget.for_any.enter(waiter, cx);
    }

    /// Counts bytes that are here already.
    pub(crate) fn add(&mut self, bytes: usize) {
        self.budget.add(self.class, bytes);
        self.bytes += bytes;
    }

    /// Takes more, if there is so much.
    pub(crate) fn try_add(&mut self, bytes: usize) -> bool {
        let share = self.budget.share_of_one(self.class, self.bytes + bytes);
        let taken = self.overdraws || self.budget.try_add(self.class, bytes, share);
        if self.overdraws {
            self.budget.add(self.class, bytes);
        }
        if taken {
            self.bytes += bytes;
        }
        taken
    }

    /// Goes beyond the share until the permit is dropped, if nobody else does: so that of all frames that wait for
    /// each other's bytes one can be completed.
    pub(crate) fn overdraw(&mut self) -> bool {
        self.overdraws = self.overdraws || !self.budget.overdrawn.swap(true, SeqCst);
        self.overdraws
    }

    /// Splits off what belongs to a part of the bytes. The part does not go beyond the share.
    pub(crate) fn split(&mut self, bytes: usize) -> Permit {
        let part = bytes.min(self.bytes);
        self.bytes -= part;
        Permit { budget: Arc::clone(&self.budget), class: self.class, bytes: part, overdraws: false, waiter: None }
    }

    /// Lets the next one go beyond the share, and keeps the bytes.
    pub(crate) fn stop_overdrawing(&mut self) {
        if std::mem::take(&mut self.overdraws) {
            self.budget.overdrawn.store(false, SeqCst);
            self.budget.wake(self.class);
        }
    }

    /// Moves the bytes to another class: the connection has logged in.
    pub(crate) fn reclassify(&mut self, class: Class) {
        self.budget.add(class, self.bytes);
        self.budget.subtract(self.class, self.bytes);
        self.budget.wake(self.class);
        self.class = class;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.budget.subtract(self.class, self.bytes);
        }
        if self.overdraws {
            self.budget.overdrawn.store(false, SeqCst);
        }
        if self.bytes > 0 || self.overdraws {
            self.budget.wake(self.class);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unauthenticated_connections_get_a_tenth_and_requests_leave_room_for_answers() {
        let budget = Budget::new(1000);
        let mut stranger = budget.permit(Class::Unauthenticated);
        assert!(stranger.try_add(100));
        assert!(!stranger.try_add(1));
        assert!(!budget.permit(Class::Unauthenticated).has_room());

        let mut request = budget.permit(Class::Requests);
        assert!(request.try_add(600));
        assert!(!request.try_add(1));

        let mut response = budget.permit(Class::Responses);
        assert!(response.try_add(300));
        assert!(!response.try_add(1));
        assert_eq!(budget.used(), 1000);

        drop((stranger, request, response));
        assert_eq!(budget.used(), 0);
        assert!(budget.permit(Class::Unauthenticated).try_add(100));
    }

    #[test]
    fn what_requests_leave_behind_keeps_others_out_and_no_answer() {
        let budget = Budget::new(1000);
        let mut held = budget.permit(Class::Held);
        held.add(600);
        let mut request = budget.permit(Class::Requests);
        assert!(!request.has_room() && !request.try_add(1));
        let mut response = budget.permit(Class::Responses);
        assert!(response.try_add(1000));
        drop(response);
        let waiter = Waiter::of(&budget, Class::Requests);
        let mut waiting = waiter.waits();
        waiting.wake_when_given_back(&Context::from_waker(&waiter.waker()), 1);
        drop(held);
        assert_eq!((waiter.woken(), budget.used()), (1, 0));
        assert!(request.try_add(600));
    }

    #[test]
    fn strangers_with_long_frames_leave_room_for_short_ones() {
        let budget = Budget::new(1000 * SHORT);
        let take = |count: usize, bytes: usize| -> Vec<Permit> {
            let take_one = || {
                let mut permit = budget.permit(Class::Unauthenticated);
                (permit.has_room() && permit.try_add(bytes)).then_some(permit)
            };
            (0..count).filter_map(|_| take_one()).collect()
        };
        let long = take(100, 10 * SHORT);
        let short = take(60, SHORT);
        assert_eq!((long.len(), short.len()), (5, 50));
    }

    #[test]
    fn one_frame_at_a_time_may_go_beyond_the_share() {
        let budget = Budget::new(1000);
        let (mut one, mut other) = (budget.permit(Class::Requests), budget.permit(Class::Requests));
        assert!(one.try_add(300) && other.try_add(300));
        assert!(!one.try_add(300) && !other.try_add(300));

        assert!(one.overdraw());
        assert!(!other.overdraw());
        assert!(one.try_add(300));
        let frame = one.split(600);
        assert_eq!((budget.used(), one.bytes), (900, 0));
        drop(one);

        assert!(other.overdraw());
        drop(frame);
        drop(other);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn whoever_waits_is_woken_once_when_bytes_are_given_back() {
        let budget = Budget::new(1000);
        let mut all = budget.permit(Class::Responses);
        assert!(all.try_add(1000));
        let waiter = Waiter::of(&budget, Class::Responses);
        let mut waiting = waiter.waits();
        waiting.wake_when_given_back(&Context::from_waker(&waiter.waker()), 1);
        assert!(budget.is_short());
        drop(all.split(1));
        drop(all);
        assert_eq!((waiter.woken(), budget.is_short()), (1, false));
    }

    #[test]
    fn only_those_are_woken_whom_it_helps() {
        let budget = Budget::new(1000);
        let mut request = budget.permit(Class::Requests);
        let mut stranger = budget.permit(Class::Unauthenticated);
        let mut response = budget.permit(Class::Responses);
        assert!(request.try_add(600) && stranger.try_add(100) && response.try_add(300));
        let waiters =
            [Class::Unauthenticated, Class::Requests, Class::Responses].map(|class| Waiter::of(&budget, class));
        let _waiting: Vec<Permit> = waiters.iter().map(Waiter::waits).collect();
        let woken = || waiters.each_ref().map(Waiter::woken);

        drop(response.split(10));
        assert_eq!(woken(), [0, 0, 1], "both shares are used up as before");
        drop(request.split(10));
        assert_eq!(woken(), [0, 1, 1]);
        drop(stranger);
        assert_eq!((woken(), budget.is_short()), ([1, 1, 1], false));
    }

    #[test]
    fn a_request_that_fits_its_share_waits_for_anybodys_bytes() {
        let budget = Budget::new(1000);
        let mut response = budget.permit(Class::Responses);
        assert!(response.try_add(1000));
        let waiter = Waiter::of(&budget, Class::Requests);
        let _waiting = waiter.waits();
        drop(response.split(10));
        assert_eq!(waiter.woken(), 1);
    }

    /// A task that waits for a byte.
    struct Waiter {
        budget: Arc<Budget>,
        class: Class,
        count: Arc<Count>,
    }

    impl Waiter {
        fn of(budget: &Arc<Budget>, class: Class) -> Waiter {
            Waiter { budget: Arc::clone(budget), class, count: Arc::new(Count(AtomicUsize::new(0))) }
        }

        fn waker(&self) -> Waker {
            Waker::from(Arc::clone(&self.count))
        }

        fn waits(&self) -> Permit {
            let mut permit = self.budget.permit(self.class);
            permit.wake_when_given_back(&Context::from_waker(&self.waker()), 1);
            permit
        }

        fn woken(&self) -> usize {
            self.count.0.load(SeqCst)
        }
    }

    struct Count(AtomicUsize);

    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }
}
