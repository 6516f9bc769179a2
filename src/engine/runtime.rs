//! A runtime: one heap, its job queue, its deadline, and the one way in.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::io;
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rquickjs::qjs;

use super::callback::HostClasses;
use super::deadline::{Deadline, Outer};
use super::global::Globals;
use super::guard::terminator::{Ending, Terminator};
use super::guard::watchdog::{self, Note};
use super::guard::{self, Guard};
use super::heap::{Heap, HeapLimits};
use super::intrinsics::Intrinsics;
use super::pins::Pins;
use super::slots::Slots;
use super::{import, limits, random, Host, Limits, Realm, Scope, Stop};

/// What a runtime has done so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// Outermost entries.
    pub entries: u64,
    /// Entries that ended in [`Stop::Timeout`].
    pub timeouts: u64,
    /// Time inside outermost entries, host calls included.
    pub wall: Duration,
    /// Time inside entries of any depth, nested ones counted again.
    pub inside: Duration,
    /// Time inside host calls of any depth, nested ones counted again. What is left
    /// of `inside` without it is the guest's own time.
    pub host: Duration,
}

/// The grace of a runtime that was given none.
const GRACE: Duration = Duration::from_millis(20);

/// One QuickJS runtime, living wholly inside its own [`Heap`].
///
/// Dropping it releases the region as a whole. The engine's own teardown, which
/// aborts the process when a value is still referenced, is never run.
pub struct Runtime {
    raw: NonNull<qjs::JSRuntime>,
    pub(super) heap: Heap,
    pub(super) guard: Rc<Guard>,
    /// Set by `terminate`; unlike `stop` it outlives the entry.
    pub(super) ending: Arc<Ending>,
    pub(super) limits: Limits,
    pub(super) deadline: Deadline,
    /// What a guest that was told to stop has to do so, before it is left by a jump.
    pub(super) grace: Cell<Option<Duration>>,
    pub(super) stop: Cell<Option<Stop>>,
    /// Set when the heap must not be touched again, not even to drop a reference.
    abandoned: Cell<bool>,
    depth: Cell<u32>,
    counters: Cell<Counters>,
    /// Who answers the guest's calls: the innermost entry's host, lifetime erased.
    host: Cell<Option<NonNull<dyn Host>>>,
    /// Host slots that the guest has let go of, until somebody asks.
    pub(super) released: RefCell<Vec<u32>>,
    pub(super) slots: Slots,
    pub(super) classes: HostClasses,
    pub(super) intrinsics: Intrinsics,
    pub(super) pins: Pins,
    pub(super) globals: Globals,
    /// Realms given up inside an entry, which may use them to its end.
    pub(super) orphans: RefCell<Vec<NonNull<qjs::JSContext>>>,
    /// What upper layers keep for the bridge: functions of the main realm.
    pub(super) helpers: RefCell<Vec<qjs::JSValue>>,
    /// Whether the job queue is to be left as it is when the entry under way ends.
    pub(super) holds_jobs: Cell<bool>,
    /// Promises rejected with nobody listening.
    pub(super) rejections: RefCell<Vec<qjs::JSValue>>,
    /// How many bytes of source text the guest may have parsed at once.
    pub(super) source_limit: Cell<usize>,
    /// The state of `Math.random`.
    pub(super) random: Cell<u64>,
    /// The realms that have a handle.
    pub(super) realms: RefCell<Vec<(u32, *mut qjs::JSContext)>>,
    /// How much of the heap may be in use before the entry under way is stopped.
    pub(super) allowance: Cell<usize>,
    /// Where the guest's stack begins and ends, as of the outermost entry.
    pub(super) stack_top: Cell<usize>,
    pub(super) stack_end: Cell<usize>,
    /// What the collector's threshold was last set to by this crate.
    pub(super) gc_threshold: Cell<usize>,
    /// What was left in a full heap when an entry began with a collection.
    pub(super) kept: Cell<usize>,
}

impl Runtime {
    /// Reserves a heap and starts an engine in it.
    pub fn new(limits: Limits) -> io::Result<Rc<Self>> {
        let heap = Heap::new(HeapLimits { limit: limits.memory, reserve: limits.reserve() })?;
        let ending = Ending::new();
        let guard = Rc::new(Guard::new(heap.opaque(), &ending));
        let functions = guard.memory(Heap::functions());
        // SAFETY: the functions and their opaque belong to `guard` and `heap`, which the
        // returned Runtime owns and drops only together with every pointer into the heap.
        let raw = unsafe { qjs::JS_NewRuntime2(&functions, guard.opaque()) };
        let raw = NonNull::new(raw)
            .ok_or_else(|| io::Error::new(io::ErrorKind::OutOfMemory, "memory limit too small"))?;
        let classes = HostClasses::register(raw)?;
        let globals = Globals::register(raw)?;
        let runtime = Rc::new(Self {
            raw,
            heap,
            guard,
            ending,
            limits,
            deadline: Deadline::default(),
            grace: Cell::new(Some(GRACE)),
            stop: Cell::new(None),
            abandoned: Cell::new(false),
            depth: Cell::new(0),
            counters: Cell::new(Counters::default()),
            host: Cell::new(None),
            released: RefCell::default(),
            slots: Slots::default(),
            classes,
            intrinsics: Intrinsics::default(),
            pins: Pins::default(),
            globals,
            orphans: RefCell::default(),
            helpers: RefCell::default(),
            holds_jobs: Cell::new(false),
            rejections: RefCell::new(Vec::new()),
            source_limit: Cell::new(usize::MAX),
            random: Cell::new(random::seed()),
            realms: RefCell::default(),
            allowance: Cell::new(0),
            stack_top: Cell::new(0),
            stack_end: Cell::new(0),
            gc_threshold: Cell::new(0),
            kept: Cell::new(0),
        });
        runtime.guard.set_owner(Rc::as_ptr(&runtime));
        runtime.guard.set_grace(Some(GRACE));
        let opaque = Rc::as_ptr(&runtime).cast_mut().cast::<c_void>();
        // SAFETY: the Rc never moves its content, and the engine, which holds this
        // pointer, lives in `heap` and so cannot run after the Runtime is gone.
        unsafe {
            qjs::JS_SetRuntimeOpaque(raw.as_ptr(), runtime.guard.opaque());
            qjs::JS_SetInterruptHandler(raw.as_ptr(), Some(guard::interrupt), opaque);
            qjs::JS_SetHostPromiseRejectionTracker(raw.as_ptr(), Some(guard::rejection), opaque);
            import::refuse(raw.as_ptr());
            runtime.heap.on_pressure(limits::on_pressure, opaque);
            // Atomics.wait would block the host's thread beyond the reach of a deadline.
            qjs::JS_SetCanBlock(raw.as_ptr(), false);
        }
        Ok(runtime)
    }

    /// Enters `realm`, runs `body`, drains the job queue, and says whether the
    /// guest had to be stopped. When it had to, what `body` returned tells only how far
    /// it came. Meanwhile `host` answers the guest's calls.
    ///
    /// The outermost entry starts the deadline; an entry from inside a host call
    /// inherits it, may tighten it, and leaves the job queue alone.
    pub fn enter<R>(
        &self,
        realm: &Realm,
        timeout: Option<Duration>,
        host: &dyn Host,
        body: impl FnOnce(Scope<'_>) -> R,
    ) -> (R, Option<Stop>) {
        assert!(realm.belongs_to(self), "a realm of another runtime");
        let scope = realm.scope(self);
        let started = Instant::now();
        let outermost = self.depth.get() == 0;
        if outermost {
            self.holds_jobs.set(false);
            self.attended(|| self.begin());
        }
        let entry = Entry {
            runtime: self,
            deadline: self.deadline.tighten(started, timeout),
            host: self.host.replace(Some(erase(host))),
            _note: watchdog::enter(&self.guard, self.deadline.at(), self.grace.get()),
        };
        self.depth.set(self.depth.get() + 1);
        if outermost && self.ending.set_entered(true) {
            // Nothing of the guest's runs.
            self.check();
        }
        let result = body(scope);
        if outermost {
            scope.drain();
        }
        let stop = self.verdict();
        drop(entry);
        let elapsed = started.elapsed();
        self.count(|c| c.inside += elapsed);
        if outermost {
            self.count(|c| {
                c.entries += 1;
                c.timeouts += u64::from(stop == Some(Stop::Timeout));
                c.wall += elapsed;
            });
        } else if stop == Some(Stop::Timeout)
            && !self.is_condemned()
            && !self.deadline.passed(Instant::now)
        {
            // The inner entry's own deadline stopped only the inner entry.
            self.resume();
        }
        if outermost && self.is_condemned() {
            self.terminate();
        }
        (result, stop)
    }

    /// Sets how long after its deadline a guest is left by a jump, which it does not
    /// survive, if it could not be stopped in the ordinary way; with none it never is.
    pub fn set_grace(&self, grace: Option<Duration>) {
        self.grace.set(grace);
        self.guard.set_grace(grace);
    }

    /// Does work that is none of the guest's: however long it takes, the guest is not left
    /// meanwhile.
    pub fn outside<R>(&self, work: impl FnOnce() -> R) -> R {
        let _note = watchdog::pause();
        work()
    }

    /// Makes this and every later entry end with [`Stop::Terminated`]. The guest
    /// that is running now, if any, stops at its next interrupt check.
    pub fn terminate(&self) {
        self.ending.set_over(true);
    }

    /// What does the same from any thread, also to a guest that is running.
    pub fn terminator(&self) -> Terminator {
        Terminator(self.ending.clone())
    }

    /// Gives up the heap: no reference into it is counted or freed from now on.
    /// The region itself goes when the last user of the runtime does.
    pub fn abandon(&self) {
        self.terminate();
        self.abandoned.set(true);
    }

    /// Whether the engine was left by a jump: the runtime has come to its end, unless it
    /// is [restored](Runtime::restore).
    pub fn is_condemned(&self) -> bool {
        self.guard.condemned().is_some()
    }

    pub(super) fn is_nested(&self) -> bool {
        self.depth.get() > 1
    }

    /// Whether an entry is under way on this thread.
    pub fn is_entered(&self) -> bool {
        self.depth.get() > 0
    }

    /// Whether the guest must not be given control back.
    pub fn must_stop(&self) -> bool {
        self.check().is_some()
    }

    /// The deadline in force.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline.at()
    }

    /// What the runtime has done so far.
    pub fn counters(&self) -> Counters {
        self.counters.get()
    }

    /// The heap, for its figures.
    pub fn heap(&self) -> &Heap {
        &self.heap
    }

    /// How many guest values the host holds on to.
    pub fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// The host slots that the guest has let go of since the last call.
    pub fn take_released(&self) -> Vec<u32> {
        std::mem::take(&mut *self.released.borrow_mut())
    }

    /// Gives up the guest value in `slot`.
    pub fn release(&self, slot: super::Slot) {
        if let (Some(raw), false) = (self.slots.take(slot, &self.heap), self.is_abandoned()) {
            // SAFETY: the table owned this reference and has just given it up.
            self.attended(|| unsafe { guard::JS_FreeValueRT(self.raw.as_ptr(), raw) });
        }
    }

    /// Has the engine work outside of any entry, in a heap that guest code has been at. It
    /// has all the time that it needs, but may be left if it fails.
    fn attended<R>(&self, work: impl FnOnce() -> R) -> R {
        let _note = watchdog::enter(&self.guard, None, None);
        work()
    }

    /// Lets the innermost entry's host do `work`; none when nobody has entered.
    pub(super) fn with_host<R>(&self, work: impl FnOnce(&dyn Host) -> R) -> Option<R> {
        // SAFETY: set by `enter` from a reference that lives until that entry ends,
        // where the previous host is put back; guest code runs only inside entries.
        self.host.get().map(|host| work(unsafe { host.as_ref() }))
    }

    pub(super) fn raw(&self) -> *mut qjs::JSRuntime {
        self.raw.as_ptr()
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.get() || self.is_condemned()
    }

    pub(super) fn count(&self, update: impl FnOnce(&mut Counters)) {
        let mut counters = self.counters.get();
        update(&mut counters);
        self.counters.set(counters);
    }

    /// Forgets all that has happened, for a heap that is as it was.
    pub(super) fn reset(&self, counters: Counters) {
        self.stop.set(None);
        self.ending.set_over(false);
        self.abandoned.set(false);
        self.guard.pardon();
        self.counters.set(counters);
        self.gc_threshold.set(0);
    }
}

/// Forgets how long `host` lives. [`Entry`] sees to it that it is not used after.
fn erase<'a>(host: &'a (dyn Host + 'a)) -> NonNull<dyn Host> {
    let host = NonNull::from(host);
    // SAFETY: only the lifetime in the pointer's type changes, not its representation.
    unsafe { std::mem::transmute::<NonNull<dyn Host + 'a>, NonNull<dyn Host + 'static>>(host) }
}

/// Undoes an entry's bookkeeping, also when `body` panics.
struct Entry<'a> {
    runtime: &'a Runtime,
    deadline: Outer,
    host: Option<NonNull<dyn Host>>,
    _note: Option<Note>,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.runtime.deadline.restore(&self.deadline);
        self.runtime.host.set(self.host);
        self.runtime.depth.set(self.runtime.depth.get() - 1);
        if self.runtime.depth.get() == 0 {
            self.runtime.ending.set_entered(false);
        }
    }
}
