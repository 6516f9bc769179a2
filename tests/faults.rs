//! The engine fails while it is at work for a guest: the guest comes to its end, and nobody
//! else notices. Nothing in here makes it fail but the memory that is taken from under it.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

mod support;

use std::process::Command;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

use quickvm::engine::{Limits, Stop};
use support::{answer, attempt, Guest, KB, MB, ROOMY};

const PAGE: usize = 4096;

/// A guest with a typed array `bytes`, of which the page at the index is of no use.
fn trapped(replace: impl Fn(*mut libc::c_void)) -> Guest {
    let guest = Guest::with(Limits { memory: 8 * MB, ..ROOMY });
    guest.run("globalThis.bytes = new Uint8Array(1 << 20); 1");
    let heap = guest.runtime.heap();
    // It was the last to come, so it ends the heap.
    let inside = heap.opaque() as usize + heap.high_water() - (512 << 10);
    replace((inside / PAGE * PAGE) as *mut libc::c_void);
    guest
}

fn unreadable(page: *mut libc::c_void) {
    // SAFETY: a page inside the array of a guest, which is all that may look at it.
    assert_eq!(unsafe { libc::mprotect(page, PAGE, libc::PROT_NONE) }, 0);
}

/// Part of a file that is shorter than that.
fn beyond_a_file(page: *mut libc::c_void) {
    let flags = libc::MAP_PRIVATE | libc::MAP_FIXED;
    // SAFETY: as above.
    unsafe {
        let file = libc::memfd_create(c"empty".as_ptr(), 0);
        let access = libc::PROT_READ | libc::PROT_WRITE;
        assert_eq!(libc::mmap(page, PAGE, access, flags, file, 0), page);
        libc::close(file);
    }
}

/// Programs that look at all of the array: by code of the engine's and of the C library's.
const LOOKS: &[&str] = &[
    "for (let i = 0; i < bytes.length; i++) bytes[i]",
    "bytes.indexOf(9)",
    "bytes.slice()",
    "bytes.fill(1)",
    "try { bytes.join() } catch {} finally { bytes.join() }",
    "[1].forEach(() => bytes.reverse())",
    "Promise.resolve().then(() => bytes.slice()); 1",
];

#[test]
fn a_guest_in_which_the_engine_fails_comes_to_its_end() {
    let other = Guest::new();
    for (replace, signal) in [
        (unreadable as fn(*mut libc::c_void), libc::SIGSEGV),
        (beyond_a_file as fn(*mut libc::c_void), libc::SIGBUS),
    ] {
        for source in LOOKS {
            let guest = trapped(replace);
            assert_eq!(guest.attempt(source).1, Some(Stop::Fault { signal }), "{source}");
            assert!(guest.runtime.is_condemned(), "{source}");
            assert_eq!(guest.attempt("1").1, Some(Stop::Terminated), "{source}");
            assert_eq!(other.run("6 * 7"), "42", "{source}");
        }
    }
}

#[test]
fn entries_around_it_end_one_by_one() {
    let guest = trapped(unreadable);
    guest.expose("host", 0);
    let other = Guest::new();
    other.expose("host", 0);
    let host = answer(|scope, _, _| {
        let stop = guest.attempt("bytes.slice()").1;
        assert_eq!(stop, Some(Stop::Fault { signal: libc::SIGSEGV }));
        scope.eval(b"'went on'", &support::named("test.js"))
    });
    let (outcome, stop) = attempt(&other.realm, None, &host, "host()");
    assert_eq!((outcome, stop), (Ok("went on".into()), None));
    assert_eq!(guest.attempt("1").1, Some(Stop::Terminated));
}

#[test]
fn every_thread_has_a_stack_to_handle_it_on() {
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let work = || {
                for _ in 0..5 {
                    let guest = trapped(unreadable);
                    let stop = guest.attempt("bytes.slice()").1;
                    assert_eq!(stop, Some(Stop::Fault { signal: libc::SIGSEGV }));
                }
            };
            std::thread::spawn(work)
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no harm to a thread"));
}

#[test]
fn a_stack_that_ends_too_early_is_a_fault_like_any_other() {
    let work = || {
        let guest = Guest::with(Limits { stack: MB, ..ROOMY });
        let here = 0u8;
        // Within what the guest has been promised.
        let end = (&raw const here as usize - 256 * KB) / PAGE * PAGE;
        // SAFETY: pages of this thread's stack, far below all that is in use.
        let guarded = unsafe { libc::mprotect(end as _, 16 * PAGE, libc::PROT_NONE) };
        assert_eq!(guarded, 0);
        let stop = guest.attempt("(function f() { f() })()").1;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: as above.
        assert_eq!(unsafe { libc::mprotect(end as _, 16 * PAGE, access) }, 0);
        stop
    };
    let thread = std::thread::Builder::new().stack_size(4 * MB).spawn(work).unwrap();
    let stop = thread.join().unwrap();
    assert_eq!(stop, Some(Stop::Fault { signal: libc::SIGSEGV }));
}

#[test]
fn a_checkpoint_takes_a_failed_guest_back() {
    let guest = Guest::with(Limits { memory: 8 * MB, ..ROOMY });
    guest.run("globalThis.kept = 42");
    let checkpoint = guest.runtime.checkpoint();
    guest.run("globalThis.bytes = new Uint8Array(1 << 20); 1");
    let heap = guest.runtime.heap();
    let inside = (heap.opaque() as usize + heap.high_water() - (512 << 10)) / PAGE * PAGE;
    unreadable(inside as _);
    assert!(matches!(guest.attempt("bytes.slice()").1, Some(Stop::Fault { .. })));
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: what `unreadable` has taken is given back.
    assert_eq!(unsafe { libc::mprotect(inside as _, PAGE, access) }, 0);
    guest.runtime.restore(&checkpoint);
    assert_eq!(guest.run("kept"), "42");
}

/// What the process does that this one starts as another.
const ROLE: &str = "QUICKVM_TEST_ROLE";

/// Runs one test of this file in a process of its own; answers by which signal it ended, and
/// what it said.
fn process(test: &str, role: &str, off: Option<&str>) -> (Option<i32>, String) {
    use std::os::unix::process::ExitStatusExt;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(ROLE, role);
    if let Some(switch) = off {
        command.env(switch, "0");
    }
    let output = command.output().unwrap();
    (output.status.signal(), String::from_utf8_lossy(&output.stderr).into_owned())
}

extern "C" fn says_so(number: i32) {
    const TEXT: &[u8] = b"another handler\n";
    // SAFETY: plain system calls, good in a handler of signals.
    unsafe {
        libc::write(2, TEXT.as_ptr().cast(), TEXT.len());
        libc::_exit(number);
    }
}

/// The handler that was there before [`chains`].
static BEFORE: AtomicUsize = AtomicUsize::new(0);

/// As a reporter of crashes does that was loaded later.
extern "C" fn chains(number: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    const TEXT: &[u8] = b"reported\n";
    type Handler = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);
    // SAFETY: a plain system call; and the handler that the system said was there.
    unsafe {
        libc::write(2, TEXT.as_ptr().cast(), TEXT.len());
        std::mem::transmute::<usize, Handler>(BEFORE.load(Ordering::SeqCst))(number, info, context);
    }
}

fn chain() {
    // SAFETY: zero is an empty record; the handler is good in any place.
    unsafe {
        let (mut ours, mut before) = std::mem::zeroed::<(libc::sigaction, libc::sigaction)>();
        ours.sa_sigaction = chains as *const () as usize;
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        assert_eq!(libc::sigaction(libc::SIGSEGV, std::ptr::null(), &mut before), 0);
        BEFORE.store(before.sa_sigaction, Ordering::SeqCst);
        assert_eq!(libc::sigaction(libc::SIGSEGV, &ours, null_mut()), 0);
    }
}

fn play(role: &str) {
    // SAFETY: in a process of its own, which is meant to end by this.
    unsafe {
        if role.starts_with("other") {
            libc::signal(libc::SIGSEGV, says_so as *const () as usize);
        }
        let guest = trapped(unreadable);
        guest.run("1");
        let null = std::hint::black_box(null_mut::<u8>());
        match role {
            "a fault of the host's" | "other, before" => null.write_volatile(1),
            "in a call of the host's" => {
                guest.expose("host", 0);
                let host = answer(|scope, _, _| {
                    null.write_volatile(1);
                    Ok(scope.undefined())
                });
                drop(attempt(&guest.realm, None, &host, "host()"));
            }
            "sent" => assert_eq!(libc::kill(libc::getpid(), libc::SIGFPE), 0),
            "an abort" => libc::abort(),
            "a fault of the guest's" => drop(guest.attempt("bytes.slice()")),
            "another, after" => {
                chain();
                let stop = guest.attempt("bytes.slice()").1;
                assert_eq!(stop, Some(Stop::Fault { signal: libc::SIGSEGV }));
            }
            _ => unreachable!(),
        }
    }
}

#[test]
fn what_fails_elsewhere_goes_to_whoever_handled_it_before() {
    if let Ok(role) = std::env::var(ROLE) {
        return play(&role);
    }
    let this = "what_fails_elsewhere_goes_to_whoever_handled_it_before";
    for (role, off, signal) in [
        ("a fault of the host's", None, libc::SIGSEGV),
        ("in a call of the host's", None, libc::SIGSEGV),
        ("sent", None, libc::SIGFPE),
        ("an abort", None, libc::SIGABRT),
        ("a fault of the guest's", Some("QUICKVM_FAULT_HANDLER"), libc::SIGSEGV),
        ("a fault of the guest's", Some("QUICKVM_HARD_STOP"), libc::SIGSEGV),
    ] {
        let (ended, said) = process(this, role, off);
        assert_eq!(ended, Some(signal), "{role}: {said}");
    }
    let (ended, said) = process(this, "other, before", None);
    assert!(ended.is_none() && said.contains("another handler"), "{ended:?} {said}");
    assert_eq!(process(this, "a fault of the guest's", None).0, None);
    let (ended, said) = process(this, "another, after", None);
    assert!(ended.is_none() && said.contains("reported"), "{ended:?} {said}");
    assert!(!said.contains("panicked"), "{said}");
}
