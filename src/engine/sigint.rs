//! SIGINT as a reason to stop guests, while a run asks for it.
//!
//! The process's own handler is put aside meanwhile, as Node's `vm` does for `breakOnSigint`.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

/// How often the signal has come while somebody watched.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// The runs of all threads that watch.
static WATCHES: AtomicUsize = AtomicUsize::new(0);

/// What was there before the first of them.
static BEFORE: Mutex<Option<system::Handler>> = Mutex::new(None);

/// The runs of one thread that watch, and the count when the outermost of them began.
struct Here {
    watches: Cell<usize>,
    since: Cell<usize>,
}

thread_local! {
    static HERE: Here = const { Here { watches: Cell::new(0), since: Cell::new(0) } };
}

impl Drop for Here {
    fn drop(&mut self) {
        (0..self.watches.get()).for_each(|_| give_up());
    }
}

/// From now on the signal stops the guests of this thread, until [`unwatch`].
pub fn watch() {
    let mut before = BEFORE.lock();
    if WATCHES.fetch_add(1, Ordering::Relaxed) == 0 {
        *before = system::install();
    }
    drop(before);
    HERE.with(|here| {
        if here.watches.replace(here.watches.get() + 1) == 0 {
            here.since.set(COUNT.load(Ordering::Relaxed));
        }
    });
}

/// Ends what one [`watch`] on this thread has begun.
pub fn unwatch() {
    let has_one = HERE.with(|here| match here.watches.get() {
        0 => false,
        watches => {
            here.watches.set(watches - 1);
            true
        }
    });
    if has_one {
        give_up();
    }
}

fn give_up() {
    let mut before = BEFORE.lock();
    if WATCHES.fetch_sub(1, Ordering::Relaxed) == 1 {
        before.take().into_iter().for_each(system::restore);
    }
}

/// Whether this thread's guests are to stop.
pub(super) fn has_come() -> bool {
    WATCHES.load(Ordering::Relaxed) != 0
        && HERE
            .try_with(|here| {
                here.watches.get() != 0 && here.since.get() != COUNT.load(Ordering::Relaxed)
            })
            .unwrap_or(false)
}

#[cfg(unix)]
mod system {
    use std::mem::zeroed;
    use std::ptr;
    use std::sync::atomic::Ordering;

    pub(super) type Handler = libc::sigaction;

    extern "C" fn on_signal(_: libc::c_int) {
        // All that a handler may do here: threads of any kind run it, in the middle of anything.
        super::COUNT.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the handler's place; answers what to put back.
    pub(super) fn install() -> Option<Handler> {
        // SAFETY: zeroes are a valid `sigaction`; the handler is async-signal-safe and lives as
        // long as the process, for the library is never unloaded.
        unsafe {
            let (mut ours, mut before): (Handler, Handler) = (zeroed(), zeroed());
            ours.sa_sigaction = on_signal as *const () as usize;
            ours.sa_flags = libc::SA_RESTART;
            libc::sigemptyset(&mut ours.sa_mask);
            (libc::sigaction(libc::SIGINT, &ours, &mut before) == 0).then_some(before)
        }
    }

    /// Unless somebody else has come meanwhile.
    pub(super) fn restore(before: Handler) {
        // SAFETY: `before` was in force before `install`, so its handler is valid.
        unsafe {
            let mut now: Handler = zeroed();
            let status = libc::sigaction(libc::SIGINT, ptr::null(), &mut now);
            if status == 0 && now.sa_sigaction == on_signal as *const () as usize {
                libc::sigaction(libc::SIGINT, &before, ptr::null_mut());
            }
        }
    }
}

/// No such signal: nothing comes.
#[cfg(not(unix))]
mod system {
    pub(super) struct Handler;

    pub(super) fn install() -> Option<Handler> {
        None
    }

    pub(super) fn restore(_: Handler) {}
}
