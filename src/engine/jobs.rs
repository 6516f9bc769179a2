//! The job queue: what promises have in store.
#![allow(unsafe_code)]

use std::ptr;

use rquickjs::qjs;

use super::{guard, Runtime};

impl Runtime {
    /// Runs jobs until the queue is empty or the guest must stop.
    pub(super) fn run_jobs(&self) {
        while self.has_job() {
            if self.check().is_some() {
                return self.discard_jobs();
            }
            self.run_job();
        }
    }

    /// Empties the job queue without running guest code.
    ///
    /// A job left over from a stopped entry would eat the deadline of the next one,
    /// and a self-renewing chain would do so for ever. With no stack to run on,
    /// every guest function fails at once and what depended on it is rejected,
    /// so the queue runs dry.
    fn discard_jobs(&self) {
        self.take_stack();
        self.give_grace();
        while self.has_job() {
            self.run_job();
        }
    }

    /// Whether an entry has left something to be done at the next one's end.
    pub fn has_left_jobs(&self) -> bool {
        self.has_job() || !self.rejections.borrow().is_empty()
    }

    fn has_job(&self) -> bool {
        // SAFETY: asks a live runtime.
        !self.is_condemned() && unsafe { qjs::JS_IsJobPending(self.raw()) }
    }

    /// Runs the next job.
    fn run_job(&self) {
        let mut realm = ptr::null_mut();
        // SAFETY: the runtime is live; a job runs guest code, which may re-enter through
        // host callbacks only, and those keep their own references. The engine gives the
        // job's live realm. A job that threw left its exception there; nobody can observe
        // it, and it must not stay.
        unsafe {
            guard::JS_ExecutePendingJob(self.raw(), &mut realm);
            if !realm.is_null() {
                guard::JS_FreeValue(realm, guard::JS_GetException(realm));
            }
        }
    }
}
