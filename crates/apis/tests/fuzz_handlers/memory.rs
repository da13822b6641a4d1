//! What an input may take: in proportion to its bytes, whatever stands in them.

use std::alloc::System;

use peakmem_alloc::{INSTRUMENTED_SYSTEM, PeakMemAlloc, PeakMemAllocTrait};

#[global_allocator]
static ALLOCATOR: &PeakMemAlloc<System> = &INSTRUMENTED_SYSTEM;

/// On top of every bound.
const ON_TOP: usize = 64 * 1024;
/// Guarded, decoded, and looked at for what has to be looked up; for each byte of the request.
const OPENED: usize = 48;
/// Decoded and decided, with its answer or what is forwarded and the edit of the answer; for each byte of the request.
const DECIDED: usize = 256;
/// What the edit of an answer holds while the broker works, for each byte of the request.
const HELD: usize = 96;
/// An answer decoded, edited and written again; for each byte of it and of its request.
const EDITED: usize = 96;

/// The highest figures seen.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    opened: Highest,
    decided: Highest,
    held: Highest,
    edited: Highest,
}

#[derive(Debug, Default)]
struct Highest {
    bytes: usize,
    /// Of what lies over [`ON_TOP`], for each byte of the input.
    per_byte: f64,
}

/// What is taken from here on.
pub(crate) struct Weighed;

impl Weighed {
    pub(crate) fn begin() -> Weighed {
        ALLOCATOR.reset_peak_memory();
        Weighed
    }

    fn peak(&self) -> usize {
        ALLOCATOR.get_peak_memory()
    }

    /// What is still there of it: seen by how high a large allocation lifts the peak.
    fn live(&self) -> usize {
        const LARGE: usize = 1 << 30;
        drop(Vec::<u8>::with_capacity(LARGE));
        self.peak().saturating_sub(LARGE)
    }
}

impl Memory {
    pub(crate) fn opened(&mut self, weighed: &Weighed, length: usize) {
        self.opened.note("opening a request", weighed.peak(), length, OPENED);
    }

    pub(crate) fn decided(&mut self, weighed: &Weighed, length: usize) {
        self.decided.note("deciding on a request", weighed.peak(), length, DECIDED);
    }

    /// `told` is what the budget is told: more, but for what a few small parts take.
    pub(crate) fn held(&mut self, weighed: &Weighed, length: usize, told: usize) {
        const SMALL_PARTS: usize = 4096;
        let live = weighed.live();
        assert!(
            live <= told.saturating_sub(length) + SMALL_PARTS,
            "the edit of an answer holds {live} bytes for {length}, told as {told}"
        );
        self.held.note("the edit of an answer", live, length, HELD);
    }

    pub(crate) fn edited(&mut self, weighed: &Weighed, length: usize) {
        self.edited.note("editing an answer", weighed.peak(), length, EDITED);
    }
}

impl Highest {
    fn note(&mut self, what: &str, bytes: usize, length: usize, per_byte: usize) {
        assert!(bytes <= per_byte * length + ON_TOP, "{what} took {bytes} bytes for {length}");
        self.bytes = self.bytes.max(bytes);
        self.per_byte = self.per_byte.max(bytes.saturating_sub(ON_TOP) as f64 / length as f64);
    }
}
