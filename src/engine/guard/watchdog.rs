//! The thread that sees to it that guests stop in time.
//!
//! A guest that has come to its deadline stops at its next interrupt check. That comes after
//! so many steps, which may be long ones, and some of the engine's built-in functions make
//! none. So each entry leaves a note of its deadline. To a thread that is late the watchdog
//! sends a signal (`signal.c`), which makes the next check come at once; and when the grace
//! is over, too, the signal leaves the guest by a jump.
//!
//! It sleeps when nobody is in a guest, and is woken only for what comes earlier than what
//! it waits for anyway: a note costs three stores.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicPtr, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::terminator::Ending;
use super::{Guard, Runtime};

/// How often a late guest is signalled.
const TICK: Duration = Duration::from_millis(1);

const NEVER: i64 = i64::MAX;

/// A thread that has entered a runtime, as the watchdog and the signal's handler see it.
#[repr(C)]
pub(super) struct Watched {
    // The same as `struct quickvm_thread`.
    stop_at: AtomicI64,
    leave_at: AtomicI64,
    now: AtomicI64,
    guard: AtomicPtr<Guard>,
    // Rust's own.
    thread: u64,
    #[cfg(target_os = "linux")]
    clock: libc::clockid_t,
}

extern "C" {
    fn quickvm_install_signal(with_faults: bool) -> bool;
    fn quickvm_adopt_thread(thread: *const Watched);
    fn quickvm_block_signals();
    fn quickvm_this_thread() -> u64;
    fn quickvm_send_signal(thread: u64);
}

/// The variables that turn things off, by the value 0: all this, and the handling of faults.
const SWITCH: &str = "QUICKVM_HARD_STOP";
const FAULT_SWITCH: &str = "QUICKVM_FAULT_HANDLER";

/// Whether guests can be left from outside, on this platform and in this process.
fn is_on() -> bool {
    static ON: OnceLock<bool> = OnceLock::new();
    *ON.get_or_init(|| {
        let is_off = |switch| std::env::var_os(switch).is_some_and(|value| value == "0");
        // SAFETY: called once.
        !is_off(SWITCH) && unsafe { quickvm_install_signal(!is_off(FAULT_SWITCH)) }
    })
}

/// The time since the first call, in nanoseconds.
fn clock(at: Instant) -> i64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = *START.get_or_init(Instant::now);
    i64::try_from(at.saturating_duration_since(start).as_nanos()).unwrap_or(NEVER)
}

pub(super) fn nanoseconds(grace: Option<Duration>) -> i64 {
    grace.and_then(|grace| i64::try_from(grace.as_nanos()).ok()).unwrap_or(NEVER)
}

/// The calling thread's record, while the thread lives.
struct Registration(Option<Arc<Watched>>);

thread_local! {
    static HERE: Registration = Registration::new();
}

impl Registration {
    fn new() -> Self {
        if !is_on() {
            return Self(None);
        }
        // SAFETY: asks about the calling thread.
        let watched = unsafe {
            Arc::new(Watched {
                stop_at: AtomicI64::new(NEVER),
                leave_at: AtomicI64::new(NEVER),
                now: AtomicI64::new(0),
                guard: AtomicPtr::new(ptr::null_mut()),
                thread: quickvm_this_thread(),
                #[cfg(target_os = "linux")]
                clock: {
                    let mut clock = libc::CLOCK_MONOTONIC;
                    libc::pthread_getcpuclockid(libc::pthread_self(), &mut clock);
                    clock
                },
            })
        };
        WATCHDOG.state.lock().threads.push(Late { watched: watched.clone(), since: None });
        // SAFETY: the record lives until `drop` takes it away again.
        unsafe { quickvm_adopt_thread(&*watched) };
        Self(Some(watched))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let Some(watched) = self.0.take() {
            // SAFETY: of this thread; the handler finds no record from now on.
            unsafe { quickvm_adopt_thread(ptr::null()) };
            WATCHDOG.state.lock().threads.retain(|late| !Arc::ptr_eq(&late.watched, &watched));
        }
    }
}

impl Watched {
    fn set_times(&self, times: Times) {
        self.leave_at.store(times.leave_at, Ordering::Relaxed);
        if times.stop_at == NEVER {
            return self.stop_at.store(NEVER, Ordering::Relaxed);
        }
        // Both sequentially consistent, here and in the watchdog: it sees the note, or this
        // thread sees that it must be woken.
        self.stop_at.store(times.stop_at, Ordering::SeqCst);
        if times.stop_at < WATCHDOG.wakes_at.load(Ordering::SeqCst) {
            WATCHDOG.wake(|_| {});
        }
    }

    fn times(&self) -> Times {
        Times {
            stop_at: self.stop_at.load(Ordering::SeqCst),
            leave_at: self.leave_at.load(Ordering::Relaxed),
        }
    }

    /// Calls the handler there, at the time `now`. For threads that are registered only.
    fn signal(&self, now: i64) {
        self.now.store(now, Ordering::SeqCst);
        // SAFETY: the thread is registered, so it lives, and has the handler.
        unsafe { quickvm_send_signal(self.thread) };
    }

    /// Processor time that the thread has used; none where that cannot be asked.
    #[cfg(target_os = "linux")]
    fn processor_time(&self) -> Option<Duration> {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the thread is registered, so it lives, and with it its clock.
        let status = unsafe { libc::clock_gettime(self.clock, &mut time) };
        (status == 0).then(|| Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
    }

    #[cfg(not(target_os = "linux"))]
    fn processor_time(&self) -> Option<Duration> {
        None
    }
}

/// When a guest is to stop, and when it is to be left.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Times {
    stop_at: i64,
    leave_at: i64,
}

impl Times {
    const NONE: Self = Self { stop_at: NEVER, leave_at: NEVER };

    fn new(stop_at: Option<Instant>, grace: Option<Duration>) -> Self {
        let stop_at = stop_at.map_or(NEVER, clock);
        Self { stop_at, leave_at: stop_at.saturating_add(nanoseconds(grace)) }
    }
}

/// What was noted before; put back when dropped.
pub(in crate::engine) struct Note {
    times: Times,
    guard: *mut Guard,
}

impl Note {
    fn replace(times: Times, guard: Option<*mut Guard>) -> Option<Self> {
        // No record: it is off, or the thread is going down.
        let replaced = HERE.try_with(|here| {
            let watched = here.0.as_ref()?;
            let guard_before = watched.guard.load(Ordering::Relaxed);
            let before = Note { times: watched.times(), guard: guard_before };
            // No jump comes between these: nothing of the engine runs here.
            watched.guard.store(guard.unwrap_or(guard_before), Ordering::Relaxed);
            watched.set_times(times);
            Some(before)
        });
        replaced.ok().flatten()
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        let _ = HERE.try_with(|here| {
            if let Some(watched) = &here.0 {
                watched.guard.store(self.guard, Ordering::Relaxed);
                watched.set_times(self.times);
            }
        });
    }
}

/// Notes that `guard`'s runtime is entered, when it is to stop, and how long it may take.
pub(in crate::engine) fn enter(
    guard: &Guard,
    stop_at: Option<Instant>,
    grace: Option<Duration>,
) -> Option<Note> {
    Note::replace(Times::new(stop_at, grace), Some(ptr::from_ref(guard).cast_mut()))
}

/// Notes that the host works, however long, until the note is dropped.
pub(in crate::engine) fn pause() -> Option<Note> {
    Note::replace(Times::NONE, None)
}

/// Notes that the guest that runs was told to stop `now`.
pub(in crate::engine) fn told_to_stop(now: Instant, grace: Option<Duration>) {
    std::mem::forget(Note::replace(Times::new(Some(now), grace), None));
}

/// The calling thread's record, if it can be signalled.
pub(super) fn this_thread() -> Option<Arc<Watched>> {
    HERE.try_with(|here| here.0.clone()).ok().flatten()
}

/// Has the guest stopped that runs in a runtime which has come to its end.
pub(super) fn call(ending: Arc<Ending>) {
    if ending.thread.is_some() {
        WATCHDOG.wake(|state| state.called.push(ending));
    }
}

/// Called by the signal's handler on the thread of a guest that is late.
#[no_mangle]
unsafe extern "C" fn quickvm_on_late(guard: *const Guard) {
    // SAFETY: the guard and its owner live for as long as the entry, which is under way.
    unsafe { (*(*guard).owner.get().cast::<Runtime>()).hurry() };
}

struct Watchdog {
    state: Mutex<State>,
    alarm: Condvar,
    /// When it wakes by itself.
    wakes_at: AtomicI64,
    is_running: AtomicBool,
}

struct State {
    threads: Vec<Late>,
    /// Runtimes whose guests were running when they were ended from another thread.
    called: Vec<Arc<Ending>>,
}

struct Late {
    watched: Arc<Watched>,
    /// The times that have begun to pass, and the processor time when that was first seen.
    since: Option<(Times, Option<Duration>)>,
}

static WATCHDOG: Watchdog = Watchdog {
    state: Mutex::new(State { threads: Vec::new(), called: Vec::new() }),
    alarm: Condvar::new(),
    wakes_at: AtomicI64::new(NEVER),
    is_running: AtomicBool::new(false),
};

impl Watchdog {
    #[cold]
    fn wake(&'static self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock();
        change(&mut state);
        if !self.is_running.swap(true, Ordering::Relaxed) {
            let thread = std::thread::Builder::new().name("quickvm-watchdog".into());
            let started = thread.stack_size(64 << 10).spawn(|| self.watch());
            // Without it there are no hard stops; the next entry tries again.
            self.is_running.store(started.is_ok(), Ordering::Relaxed);
        }
        self.alarm.notify_one();
        drop(state);
    }

    fn watch(&self) {
        // SAFETY: of this thread only. The process's signals are for other threads.
        unsafe { quickvm_block_signals() };
        let mut state = self.state.lock();
        loop {
            let now = Instant::now();
            self.wakes_at.store(NEVER, Ordering::SeqCst);
            match state.look(clock(now)) {
                NEVER => self.alarm.wait(&mut state),
                next => {
                    self.wakes_at.store(next, Ordering::SeqCst);
                    let pause = Duration::from_nanos((next - clock(now)).max(0) as u64);
                    self.alarm.wait_for(&mut state, pause);
                }
            }
        }
    }
}

impl State {
    /// Signals those that are late; answers when to look again.
    fn look(&mut self, now: i64) -> i64 {
        let next = self.threads.iter_mut().map(|late| late.look(now)).min().unwrap_or(NEVER);
        self.called.retain(|ending| ending.is_due());
        let Self { threads, called } = self;
        for watched in called.iter().filter_map(|ending| ending.thread.as_ref()) {
            let lives = threads.iter().any(|late| Arc::ptr_eq(&late.watched, watched));
            // One that is late has been signalled.
            if lives && watched.times().stop_at > now {
                watched.signal(now);
            }
        }
        match called.is_empty() {
            true => next,
            false => next.min(now + TICK.as_nanos() as i64),
        }
    }
}

impl Late {
    /// Signals the thread if it is late; answers when to look again.
    fn look(&mut self, now: i64) -> i64 {
        let times = self.watched.times();
        if times.stop_at > now {
            self.since = None;
            return times.stop_at;
        }
        let used = self.watched.processor_time();
        let at_first = match self.since {
            Some((since, at_first)) if since == times => at_first,
            _ => {
                self.since = Some((times, used));
                used
            }
        };
        // A thread that was kept waiting for a processor had no chance to stop.
        let had = used.zip(at_first).map(|(used, at_first)| used.saturating_sub(at_first));
        let grace = Duration::from_nanos((times.leave_at - times.stop_at).max(0) as u64);
        let had_its_chance = had.is_none_or(|had| had >= grace / 2);
        let shown = if had_its_chance { now } else { now.min(times.leave_at - 1) };
        self.watched.signal(shown);
        now + TICK.as_nanos() as i64
    }
}
