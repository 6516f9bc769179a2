//! Leaving the engine by a jump: what cannot be stopped in any other way, that it is, and
//! that nothing but the guest concerned is the worse for it.

mod support;

use std::cell::Cell;
use std::time::{Duration, Instant};

use quickvm::engine::{Kind, Limits, Origin, Stop};
use support::{answer, attempt, Guest, KB, MB, ROOMY};

/// Programs whose source text is more than there is memory to parse it in. `N` is how much.
const SOURCES: &[(&str, &str)] = &[
    ("statements", "eval('x = 1;'.repeat(N))"),
    ("Function", "new Function('var a = 0;' + 'a += 1;'.repeat(N))"),
    ("variables", "let s = ''; for (let i = 0; i < N; i++) s += `var v${i};`; eval(s)"),
    ("lexical variables", "let s = ''; for (let i = 0; i < N / 10; i++) s += `let v${i};`; eval(s)"),
    ("closures", "let s = ''; for (let i = 0; i < N; i++) s += `function f${i}(a) { return () => a + ${i} }`; eval(s)"),
    ("arrow functions", "eval('[' + '(a) => a,'.repeat(N) + ']')"),
    ("nested functions", "eval('(function () {'.repeat(N / 100) + '})'.repeat(N / 100))"),
    ("classes", "let s = ''; for (let i = 0; i < N; i++) s += `class C${i} extends Object { #p = ${i}; static s = 1; m() { return super.m() } get g() { return this.#p } }`; eval(s)"),
    ("destructuring", "eval('let {' + Array.from({ length: N }, (_, i) => `p${i}: [a${i} = 1, ...r${i}]`) + '} = {}')"),
    ("parameters", "new Function(Array.from({ length: Math.min(N, 60000) }, (_, i) => `{ p${i} = 1 }`), '')"),
    ("labels", "let s = ''; for (let i = 0; i < N; i++) s += `l${i}: for (;;) { if (x) break l${i}; else continue l${i} }`; new Function(s)"),
    ("switches", "eval('switch (0) {' + Array.from({ length: N }, (_, i) => `case ${i}: break;`).join('') + '}')"),
    ("try and finally", "new Function('try { a } catch (e) { b } finally { c }'.repeat(N))"),
    ("for of", "new Function('for (const [a, b] of c) d(a, b);'.repeat(N))"),
    ("generators", "let s = ''; for (let i = 0; i < N; i++) s += `function* g${i}() { yield* g${i}(); }`; eval(s)"),
    ("async functions", "new Function('(async () => { for await (const x of y) await x; })();'.repeat(N))"),
    ("templates", "eval('`' + '${1}x'.repeat(N) + '`')"),
    ("tagged templates", "let s = 'const t = (x) => x;'; for (let i = 0; i < N; i++) s += 't`a${0}b' + i + '`;'; eval(s)"),
    ("regular expressions", "let s = ''; for (let i = 0; i < N; i++) s += `/(a|b)+?${i}[^c]/u;`; eval(s)"),
    ("a regular expression", "new RegExp('(?:a|b)|'.repeat(N))"),
    ("objects", "eval('[' + '{ a: 1, b: [2], get c() { return 3 } },'.repeat(N) + ']')"),
    ("numbers", "eval('[' + Array.from({ length: N }, (_, i) => i + 0.5) + ']')"),
    ("strings", "eval('[' + Array.from({ length: N }, (_, i) => `'s${i}'`) + ']')"),
    ("an expression", "eval('1' + ' + x'.repeat(N))"),
    ("optional chains", "eval('x' + '?.y'.repeat(N))"),
    ("private names", "let s = ''; for (let i = 0; i < N / 4; i++) s += `#p${i} = ${i};`; eval('(class {' + s + '})')"),
    ("with eval inside", "eval('eval(\"1\");'.repeat(N))"),
    ("arguments", "eval('f(' + 'x,'.repeat(Math.min(N, 60000)) + 'x)')"),
    ("JSON", "JSON.parse('[' + '{\"a\":[1,2,3]},'.repeat(N) + '0]')"),
];

#[test]
fn source_text_of_any_size_under_any_cap_ends_in_a_verdict() {
    let mut jumps = 0;
    for (what, source) in SOURCES {
        for memory in [600 * KB, 3 * MB] {
            for n in [2_000, 20_000] {
                let guest = Guest::with(Limits { memory, ..ROOMY });
                let (_, stop) =
                    guest.attempt(&format!("x = 1; {}", source.replace('N', &n.to_string())));
                assert!(matches!(stop, None | Some(Stop::MemoryLimit)), "{what}: {stop:?}");
                assert!(guest.runtime.heap().peak() <= memory, "{what}");
                if guest.runtime.is_condemned() {
                    jumps += 1;
                    assert_eq!(stop, Some(Stop::MemoryLimit), "{what}");
                    assert_eq!(guest.attempt("1").1, Some(Stop::Terminated), "{what}");
                } else {
                    assert_eq!(guest.attempt("6 * 7"), (Ok("42".into()), None), "{what}");
                }
            }
        }
    }
    assert!(jumps > 0, "the parser never met the cap");
}

/// Built-ins that ask for no interrupt, or hardly ever. None comes to an end, on however fast a
/// machine.
const DEAF: &[(&str, &str)] = &[
    ("reverse", "Array.prototype.reverse.call({ length: 2 ** 53 - 1 })"),
    ("copyWithin", "Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 5)"),
    ("join", "Array.prototype.join.call({ length: 2 ** 53 - 1 }, '')"),
    ("concat", "[].concat({ length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true })"),
    ("unshift", "Array.prototype.unshift.call({ length: 2 ** 53 - 10 }, 1)"),
    ("splice", "Array.prototype.splice.call({ length: 2 ** 53 - 10 }, 0, 1)"),
    ("sort", "Array.prototype.sort.call({ length: 2 ** 53 - 1 })"),
    ("flat", "Array.prototype.flat.call({ length: 2 ** 53 - 1 })"),
    ("slice", "Array.prototype.slice.call({ length: 2 ** 32 - 1 })"),
    ("toString", "const a = []; a.length = 2 ** 32 - 1; a.toString()"),
    ("lastIndexOf", "Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1)"),
    ("shift", "Array.prototype.shift.call({ length: 2 ** 53 - 1 })"),
    ("String.raw", "String.raw({ raw: { length: 2 ** 53 - 1 } })"),
    ("indexOf of a long needle", "const s = 'a'.repeat(4e6) + 'c', n = 'a'.repeat(2e6) + 'b'; for (;;) s.indexOf(n)"),
    ("lastIndexOf of a long needle", "const s = 'a'.repeat(4e6), n = 'a'.repeat(2e6) + 'b'; for (;;) s.lastIndexOf(n)"),
    ("replaceAll", "const s = 'x'.repeat(1e6); for (;;) s.replaceAll('x', 'yy').replaceAll('y', '')"),
    ("an alternative of many", "for (;;) new RegExp('a|'.repeat(3e5))"),
    ("a BigInt as a string", "const b = 3n ** 400_000n; for (;;) b.toString()"),
    ("a power of a BigInt", "for (;;) 3n ** 1_000_000n % 7n"),
    ("fill of typed arrays", "const t = new Float64Array(3e6); [0].fill.call(t, 1); for (;;) Array.prototype.reverse.call(t)"),
    ("unshift of a large array", "const a = new Array(1e6).fill(1); for (;;) a.unshift(1)"),
    ("a parse of much text", "for (;;) try { eval('[' + 'x,'.repeat(5e5) + ']') } catch {}"),
    ("JSON of many values", "const a = new Array(3e5).fill([1, 2, 'x']); for (;;) JSON.stringify(a)"),
    ("shared after a promise", "new Promise(() => Array.prototype.reverse.call({ length: 2 ** 53 - 1 }))"),
];

const DEADLINE: Duration = Duration::from_millis(30);

/// What a machine that is busy with other tests may add.
const SLACK: Duration = Duration::from_millis(800);

#[test]
fn built_ins_that_never_ask_are_left_in_time() {
    let mut jumps = 0;
    for (what, source) in DEAF {
        let guest = Guest::with(Limits { memory: 64 * MB, ..ROOMY });
        let started = Instant::now();
        let (_, stop) = guest.attempt_within(Some(DEADLINE), &format!("{{ {source} }}"));
        let took = started.elapsed();
        assert!(took < DEADLINE + SLACK, "{what}: {took:?}");
        assert_eq!(stop, Some(Stop::Timeout), "{what}");
        if guest.runtime.is_condemned() {
            jumps += 1;
            assert_eq!(guest.attempt("1").1, Some(Stop::Terminated), "after {what}");
        } else {
            assert_eq!(guest.attempt("6 * 7"), (Ok("42".into()), None), "after {what}");
        }
    }
    assert!(jumps > DEAF.len() / 2, "only {jumps} were left by a jump");
}

const ENDLESS: &str = "Array.prototype.reverse.call({ length: 2 ** 53 - 1 })";

/// Stays for as long as it lives, to show that nothing of the host is skipped.
struct Frame<'a>(&'a Cell<u32>);

impl Drop for Frame<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn no_frame_of_the_host_is_skipped() {
    let guest = Guest::new();
    guest.expose("host", 0);
    let (left, depth) = (Cell::new(0), Cell::new(0));
    let host = answer(|scope, _, _| {
        let _frame = Frame(&left);
        depth.set(depth.get() + 1);
        // Guest, host, guest, host, guest: the innermost is left by a jump.
        let source = if depth.get() < 3 { "host()" } else { ENDLESS };
        scope.eval(source.as_bytes(), &Origin::default())
    });
    let (_, stop) = attempt(&guest.realm, Some(DEADLINE), &host, "try { host() } finally { x }");
    assert_eq!((left.get(), depth.get(), stop), (3, 3, Some(Stop::Timeout)));
    assert!(guest.runtime.is_condemned());
}

#[test]
fn nested_entries_end_one_by_one() {
    let guest = Guest::new();
    guest.expose("host", 0);
    let inner = Cell::new(None);
    let host = answer(|scope, _, _| {
        let (outcome, stop) = guest.attempt_within(Some(DEADLINE), ENDLESS);
        inner.set(stop);
        assert!(outcome.is_err());
        // What is left of the guest answers as if everything failed.
        assert!(scope.eval(b"1", &Origin::default()).is_err());
        assert!(scope.object().is_err() && scope.global().get_str("x").is_err());
        assert_eq!(scope.global().kind(), Kind::Undefined);
        Ok(scope.undefined())
    });
    let (_, stop) = attempt(&guest.realm, Some(DEADLINE * 100), &host, "host(); for (;;);");
    assert_eq!((inner.get(), stop), (Some(Stop::Timeout), Some(Stop::Timeout)));
    assert_eq!(guest.attempt("1").1, Some(Stop::Terminated));
}

#[test]
fn another_guest_on_the_stack_goes_on() {
    let (outer, inner) = (Guest::new(), Guest::new());
    outer.expose("host", 0);
    let host = answer(|scope, _, _| {
        assert_eq!(inner.attempt_within(Some(DEADLINE), ENDLESS).1, Some(Stop::Timeout));
        Ok(scope.integer(6))
    });
    let outcome = attempt(&outer.realm, Some(DEADLINE * 100), &host, "host() * 7");
    assert_eq!(outcome, (Ok("42".into()), None));
    assert!(inner.runtime.is_condemned() && !outer.runtime.is_condemned());
}

#[test]
fn the_time_of_the_host_is_its_own() {
    let guest = Guest::new();
    guest.expose("host", 0);
    let host = answer(|scope, _, _| {
        std::thread::sleep(DEADLINE * 5);
        Ok(scope.undefined())
    });
    let (_, stop) = attempt(&guest.realm, Some(DEADLINE), &host, "host(); for (;;);");
    assert_eq!(stop, Some(Stop::Timeout));
    assert_eq!(guest.attempt("6 * 7"), (Ok("42".into()), None));
}

#[test]
fn jobs_are_left_in_time_too() {
    let guest = Guest::new();
    let started = Instant::now();
    let source = format!("Promise.resolve().then(() => {ENDLESS}); 1");
    assert_eq!(guest.attempt_within(Some(DEADLINE), &source).1, Some(Stop::Timeout));
    assert!(started.elapsed() < DEADLINE + SLACK);
    assert!(guest.runtime.is_condemned());
}

#[test]
fn a_guest_without_a_deadline_has_the_grace_only_once_it_is_told_to_stop() {
    let guest = Guest::new();
    guest.expose("host", 0);
    let host = answer(|scope, _, _| {
        scope.runtime().terminate();
        Ok(scope.undefined())
    });
    // The uncatchable exception is swallowed, and a deaf built-in comes next.
    let source = format!("new Promise(() => host()); {ENDLESS}");
    assert_eq!(attempt(&guest.realm, None, &host, &source).1, Some(Stop::Terminated));
    let guest = Guest::new();
    guest.runtime.set_grace(None);
    let source = "[1, 2].concat({ length: 3e6, [Symbol.isConcatSpreadable]: true }).length";
    let (outcome, _) = guest.attempt_within(Some(Duration::from_millis(1)), source);
    assert!(!guest.runtime.is_condemned(), "{outcome:?}");
}

#[test]
fn threads_are_watched_each_for_itself() {
    let threads: Vec<_> = (0..6)
        .map(|number| {
            std::thread::spawn(move || {
                for _ in 0..5 {
                    let (deaf, well) = (Guest::new(), Guest::new());
                    if number % 2 == 0 {
                        let stop = deaf.attempt_within(Some(DEADLINE), ENDLESS).1;
                        assert_eq!(stop, Some(Stop::Timeout));
                    }
                    let sum = "let s = 0; for (let i = 0; i < 2e5; i++) s += i; s";
                    assert_eq!(well.attempt(sum), (Ok("19999900000".into()), None));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no thread to be the worse for another");
    }
}

#[test]
fn a_checkpoint_takes_a_condemned_runtime_back() {
    let guest = Guest::new();
    guest.run("var state = 42; 1");
    let checkpoint = guest.runtime.checkpoint();
    for _ in 0..10 {
        assert_eq!(guest.attempt_within(Some(DEADLINE / 10), ENDLESS).1, Some(Stop::Timeout));
        assert!(guest.runtime.is_condemned());
        guest.runtime.restore(&checkpoint);
        assert_eq!(guest.attempt("state"), (Ok("42".into()), None));
    }
    guest.assert_back_within(0, 400 * KB);
}

/// Bytes of this process in physical memory.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").expect("the process's figures");
    let pages: usize = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[cfg(target_os = "linux")]
#[test]
fn guests_that_were_left_leave_nothing_behind() {
    let leave = || {
        let guest = Guest::new();
        guest.runtime.set_grace(Some(Duration::ZERO));
        let source = format!("const a = new Array(1e5).fill(1); {ENDLESS}");
        assert_eq!(guest.attempt_within(Some(DEADLINE / 30), &source).1, Some(Stop::Timeout));
    };
    (0..50).for_each(|_| leave());
    let before = resident();
    (0..500).for_each(|_| leave());
    let grown = resident().saturating_sub(before);
    assert!(grown < 16 * MB, "{grown} bytes more");
}

#[test]
fn bind_and_notify_do_as_they_should() {
    let guest = Guest::new();
    for (source, value) in [
        ("((a, b) => [a, b].join()).bind(null, 1)(2)", "1,2"),
        ("(function () { return this.x }).bind({ x: 3 })()", "3"),
        ("function f(a, b) {} const g = f.bind(0, 1); [g.name, g.length].join()", "bound f,1"),
        ("((...a) => a.length).bind(null, ...new Array(5000).fill(0))()", "5000"),
        ("[f.bind.name, f.bind.length, Object.keys(Function.prototype)].join()", "bind,1,"),
        ("Atomics.notify(new Int32Array(new SharedArrayBuffer(8)), 0, 1)", "0"),
        ("let n = 0; Atomics.notify(new Int32Array(2), 1, { valueOf() { return ++n } }) + n", "1"),
        ("Atomics.notify.length + Atomics.notify.name", "3notify"),
    ] {
        assert_eq!(guest.run(source), value, "{source}");
    }
    assert!(guest.run_to_error("Function.prototype.bind.call(1)").starts_with("TypeError"));
    assert!(guest.run_to_error("Atomics.notify(new Uint8Array(1), 0)").starts_with("TypeError"));
    let source = "Atomics.notify(new Int32Array(1), 5, 1)";
    assert!(guest.run_to_error(source).starts_with("RangeError"));
}

#[test]
fn bind_meets_the_cap_unharmed() {
    for count in [0, 1, 90, 101, 150, 300, 1_000, 10_000, 60_000] {
        for kept in [100, 1_000, 4_000, 30_000, 60_000, 100_000, 1_000_000] {
            let guest = Guest::with(Limits { memory: 4 * MB, ..ROOMY });
            guest.run(&format!("var args = new Array({count}).fill(1), f = () => 1, kept; 1"));
            let room = guest.runtime.heap().limit() - guest.used();
            // An entry that begins with a full heap is not stopped at once.
            let size = room.saturating_sub(kept);
            let _ = guest.attempt(&format!("kept = new ArrayBuffer({size}); 1"));
            let (_, stop) = guest.attempt("const a = []; for (;;) a.push(f.bind(null, ...args))");
            assert_eq!(stop, Some(Stop::MemoryLimit), "{count} arguments, {kept} bytes");
        }
    }
}

#[test]
fn another_thread_ends_a_guest_wherever_it_is() {
    for source in ["for (;;);", "Array.prototype.reverse.call({ length: 2 ** 53 - 1 })"] {
        let guest = Guest::new();
        let terminator = guest.runtime.terminator();
        let other = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            terminator.terminate();
            terminator
        });
        // Without a deadline: nothing else stops it.
        assert_eq!(guest.attempt_within(None, source).1, Some(Stop::Terminated), "{source}");
        assert_eq!(guest.attempt("1").1, Some(Stop::Terminated), "{source}");
        let terminator = other.join().unwrap();
        drop(guest);
        terminator.terminate();
        assert!(terminator.is_over());
    }
}

#[test]
fn a_runtime_that_is_ended_while_idle_runs_nothing() {
    let guest = Guest::new();
    guest.run("var ran = 0; var f = () => { ran++ }");
    let terminator = guest.runtime.terminator();
    std::thread::spawn(move || terminator.terminate()).join().unwrap();
    assert_eq!(guest.attempt("f()").1, Some(Stop::Terminated));
}
