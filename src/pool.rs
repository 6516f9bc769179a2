//! Pristine guests, kept for the next sandbox that wants one just like them.
//!
//! To set up a realm with its builtins takes far longer than to copy its heap. So a
//! guest whose sandbox is gone is taken back to how it was before any foreign code
//! ran, whatever that code did, and used again.

use std::cell::{Cell, RefCell};

use crate::engine::{Checkpoint, Realm};
use crate::sandbox::SandboxOptions;

/// A guest with its builtins and nothing else.
pub(crate) struct Guest {
    pub(crate) realm: Realm,
    options: SandboxOptions,
    /// How to make it pristine again; most guests alive at once have none, for an image
    /// takes as much memory as the heap itself.
    origin: Option<Origin>,
}

struct Origin {
    checkpoint: Checkpoint,
    _ticket: Ticket,
}

/// The number of images that a thread keeps.
const MOST_IMAGES: usize = 8;

thread_local! {
    static IDLE: RefCell<Vec<Guest>> = const { RefCell::new(Vec::new()) };
    static IMAGES: Cell<usize> = const { Cell::new(0) };
}

/// The right to keep an image.
struct Ticket;

impl Ticket {
    fn take() -> Option<Self> {
        IMAGES.with(|images| {
            (images.get() < MOST_IMAGES).then(|| {
                images.set(images.get() + 1);
                Self
            })
        })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // At the thread's end there is nobody to count for.
        let _ = IMAGES.try_with(|images| images.set(images.get() - 1));
    }
}

impl Guest {
    /// A guest that has just been set up.
    pub(crate) fn new(realm: Realm, options: SandboxOptions) -> Self {
        // Rather an image for what is wanted now than for what nobody has asked for lately.
        let ticket = Ticket::take().or_else(|| {
            let oldest = IDLE.with_borrow_mut(|idle| (!idle.is_empty()).then(|| idle.remove(0)));
            drop(oldest?);
            Ticket::take()
        });
        let origin = ticket
            .map(|ticket| Origin { checkpoint: realm.runtime().checkpoint(), _ticket: ticket });
        Self { realm, options, origin }
    }

    /// A pristine guest made with the same options, if there is one.
    pub(crate) fn reuse(options: &SandboxOptions) -> Option<Self> {
        IDLE.with_borrow_mut(|idle| {
            let index = idle.iter().rposition(|guest| guest.options == *options)?;
            Some(idle.remove(index))
        })
    }

    /// Gives the guest up: to the pool, or with its heap as a whole.
    pub(crate) fn retire(self) {
        let runtime = self.realm.runtime();
        runtime.abandon();
        if let (Some(origin), false) = (&self.origin, runtime.is_entered()) {
            runtime.restore(&origin.checkpoint);
            // Fails only at the thread's end; the guest then goes.
            let _ = IDLE.try_with(|idle| idle.borrow_mut().push(self));
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // The region goes as a whole; nothing in it is worth visiting first.
        self.realm.runtime().abandon();
    }
}
