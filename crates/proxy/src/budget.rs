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

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
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
}

/// The budget of the process.
#[derive(Debug)]
pub(crate) struct Budget {
    total: usize,
    used: AtomicUsize,
    unauthenticated: AtomicUsize,
    requests: AtomicUsize,
    overdrawn: AtomicBool,
    /// Whether anybody waits: the only thing that giving back looks at when nobody does.
    anybody_waits: AtomicBool,
    waiting: Mutex<Vec<Waker>>,
}

impl Budget {
    pub(crate) fn new(total: usize) -> Arc<Budget> {
        Arc::new(Budget {
            total,
            used: AtomicUsize::new(0),
            unauthenticated: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            overdrawn: AtomicBool::new(false),
            anybody_waits: AtomicBool::new(false),
            waiting: Mutex::new(Vec::new()),
        })
    }

    /// A permit for nothing yet.
    pub(crate) fn permit(self: &Arc<Budget>, class: Class) -> Permit {
        Permit { budget: Arc::clone(self), class, bytes: 0, overdraws: false }
    }

    /// The most that one class may ever hold.
    pub(crate) fn share(&self, class: Class) -> usize {
        match class {
            Class::Unauthenticated => self.total / 10,
            Class::Requests => self.total / 10 * 6,
            Class::Responses => self.total,
        }
    }

    /// Bytes held now.
    pub(crate) fn used(&self) -> usize {
        self.used.load(SeqCst)
    }

    /// Whether anybody waits for bytes.
    pub(crate) fn is_short(&self) -> bool {
        self.anybody_waits.load(SeqCst)
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

    /// Has the task woken when bytes are given back. The caller tries once more after this, or it may miss them.
    pub(crate) fn wake_when_given_back(&self, cx: &Context<'_>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
        self.anybody_waits.store(true, SeqCst);
    }

    fn counter(&self, class: Class) -> Option<&AtomicUsize> {
        match class {
            Class::Unauthenticated => Some(&self.unauthenticated),
            Class::Requests => Some(&self.requests),
            Class::Responses => None,
        }
    }

    fn add(&self, class: Class, bytes: usize) {
        self.used.fetch_add(bytes, SeqCst);
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
        self.used.fetch_sub(bytes, SeqCst);
        if let Some(held) = self.counter(class) {
            held.fetch_sub(bytes, SeqCst);
        }
    }

    fn wake(&self) {
        if self.anybody_waits.swap(false, SeqCst) {
            let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            waiting.into_iter().for_each(Waker::wake);
        }
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
}

impl Permit {
    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

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
        Permit { budget: Arc::clone(&self.budget), class: self.class, bytes: part, overdraws: false }
    }

    /// Lets the next one go beyond the share, and keeps the bytes.
    pub(crate) fn stop_overdrawing(&mut self) {
        if std::mem::take(&mut self.overdraws) {
            self.budget.overdrawn.store(false, SeqCst);
            self.budget.wake();
        }
    }

    /// Moves the bytes to another class: the connection has logged in.
    pub(crate) fn reclassify(&mut self, class: Class) {
        self.budget.add(class, self.bytes);
        self.budget.subtract(self.class, self.bytes);
        self.class = class;
        self.budget.wake();
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
            self.budget.wake();
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
        let woken = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&woken));
        budget.wake_when_given_back(&Context::from_waker(&waker));
        budget.wake_when_given_back(&Context::from_waker(&waker));
        assert!(budget.is_short());
        drop(all.split(1));
        drop(all);
        assert_eq!((woken.0.load(SeqCst), budget.is_short()), (1, false));
    }

    struct Count(AtomicUsize);

    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }
}
