//! All sandboxes of the process, whatever their thread: what it takes to end one from another.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;

use napi::bindgen_prelude::{Function, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::Status;
use napi_derive::napi;
use parking_lot::Mutex;

use super::mailbox::GONE;
use crate::engine::Terminator;

/// Tells an environment that the sandbox of that number has been ended. It does not keep the
/// environment alive.
type Tell = ThreadsafeFunction<u32, Unknown<'static>, u32, Status, false, true>;

/// An environment, as other threads see it.
#[derive(Clone)]
pub(super) struct Listener(Arc<Tell>);

impl Listener {
    pub fn new(tell: Function<u32, Unknown<'static>>) -> napi::Result<Self> {
        let tell = tell.build_threadsafe_function::<u32>();
        Ok(Self(Arc::new(tell.callee_handled::<false>().weak::<true>().build()?)))
    }
}

struct Entry {
    terminator: Terminator,
    listener: Listener,
    /// Why it was ended from another thread.
    reason: Option<String>,
}

static SANDBOXES: Mutex<BTreeMap<u32, Entry>> = Mutex::new(BTreeMap::new());

/// A sandbox's place among all, under its number. While it has one, it can be ended.
pub(super) struct Registration {
    pub id: u32,
}

impl Registration {
    pub fn new(terminator: Terminator, listener: Listener) -> Self {
        /// Numbers are not used again soon: a stale one should find nothing.
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let mut sandboxes = SANDBOXES.lock();
        let id = loop {
            let id = NEXT.fetch_add(1, Ordering::Relaxed);
            if id != GONE && !sandboxes.contains_key(&id) {
                break id;
            }
        };
        sandboxes.insert(id, Entry { terminator, listener, reason: None });
        Self { id }
    }

    /// Why it was ended from another thread, if a reason was given.
    pub fn reason(&self) -> Option<String> {
        SANDBOXES.lock().get(&self.id)?.reason.clone()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        SANDBOXES.lock().remove(&self.id);
    }
}

/// Ends the sandbox of that number, whatever its thread, also while its guest runs. Answers
/// whether there was one to be ended.
#[napi]
pub fn terminate_sandbox(id: u32, reason: Option<String>) -> bool {
    let mut sandboxes = SANDBOXES.lock();
    let Some(entry) = sandboxes.get_mut(&id).filter(|entry| !entry.terminator.is_over()) else {
        return false;
    };
    entry.reason = reason;
    // Under the lock: once its place is gone, its heap may be another sandbox's.
    entry.terminator.terminate();
    // It fails when the environment is going down, and the sandbox with it.
    entry.listener.0.call(id, ThreadsafeFunctionCallMode::NonBlocking);
    true
}
