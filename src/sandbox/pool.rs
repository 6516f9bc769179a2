//! Pristine guests, kept for the next sandbox that wants one just like them.
//!
//! To set up a realm with its builtins takes far longer than to copy its heap. So a
//! guest whose sandbox is gone is taken back to how it was before any foreign code
//! ran, whatever that code did, and used again.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use super::context::ContextRealm;
use super::SandboxOptions;
use crate::engine::{Checkpoint, Realm};

/// A guest with its builtins and nothing else.
pub(super) struct Guest {
    pub(super) realm: Realm,
    /// For its first context, if it was made with one.
    pub(super) spare: Option<ContextRealm>,
    options: SandboxOptions,
    /// How to make it pristine again, as long as it is among the latest.
    origin: Rc<Cell<Option<Checkpoint>>>,
}

/// An image takes as much memory as the heap itself, so only this many are kept on a
/// thread: those of the guests set up last, for they are the ones that come and go.
const MOST_IMAGES: usize = 8;

/// Guests kept for the next sandbox, on a thread.
const MOST_IDLE: usize = 8;

thread_local! {
    static IDLE: RefCell<VecDeque<Guest>> = const { RefCell::new(VecDeque::new()) };
    static IMAGES: RefCell<VecDeque<Weak<Cell<Option<Checkpoint>>>>> =
        const { RefCell::new(VecDeque::new()) };
}

impl Guest {
    /// A guest that has just been set up.
    pub(super) fn new(realm: Realm, spare: Option<ContextRealm>, options: SandboxOptions) -> Self {
        let origin = Rc::new(Cell::new(Some(realm.runtime().checkpoint())));
        IMAGES.with_borrow_mut(|images| {
            images.retain(|image| image.strong_count() > 0);
            images.push_back(Rc::downgrade(&origin));
            if images.len() > MOST_IMAGES {
                let oldest = images.pop_front().and_then(|image| image.upgrade());
                drop(oldest.map(|image| image.take()));
            }
        });
        Self { realm, spare, options, origin }
    }

    /// A pristine guest made with the same options, if there is one.
    pub(super) fn reuse(options: &SandboxOptions) -> Option<Self> {
        IDLE.with_borrow_mut(|idle| {
            let index = idle.iter().rposition(|guest| guest.options == *options)?;
            idle.remove(index)
        })
    }

    /// Gives the guest up: to the pool, or with its heap as a whole.
    pub(super) fn retire(mut self) {
        let runtime = self.realm.runtime();
        runtime.abandon();
        let Some(checkpoint) = self.origin.take() else { return };
        if runtime.is_entered() {
            return;
        }
        runtime.restore(&checkpoint);
        self.spare = ContextRealm::restored(runtime);
        self.origin.set(Some(checkpoint));
        // Fails only at the thread's end; the guest then goes.
        let evicted = IDLE.try_with(|idle| {
            let mut idle = idle.borrow_mut();
            idle.push_back(self);
            // The oldest goes, so that options no longer in demand do not stay for good.
            (idle.len() > MOST_IDLE).then(|| idle.pop_front())
        });
        drop(evicted);
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // The region goes as a whole; nothing in it is worth visiting first.
        self.realm.runtime().abandon();
    }
}
