//! Deadlines: what they stop, what stopping looks like to the guest, and what is left.

mod support;

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use quickvm::engine::{Stop, Thrown};
use support::{answer, attempt, eval, named, Guest, NoHost};

const SHORT: Option<Duration> = Some(Duration::from_millis(20));
const LONG: Option<Duration> = Some(Duration::from_secs(60));

/// Programs that never end by themselves.
const ENDLESS: &[(&str, &str)] = &[
    ("a loop", "for (;;);"),
    ("a loop in strict code", "'use strict'; while (true) {}"),
    ("a labelled loop", "a: do { continue a } while (true)"),
    ("a function", "(function f() { for (;;); })()"),
    ("a loop that calls", "const f = () => 1; for (;;) f()"),
    ("a generator", "function* g() { for (;;); } g().next()"),
    ("an endless generator", "function* g() { for (;;) yield 1; } for (const _ of g());"),
    (
        "a generator's return",
        "function* g() { try { yield } finally { for (;;); } } const i = g(); i.next(); i.return()",
    ),
    (
        "spread of an endless iterator",
        "function* g() { for (;;) yield; } for (;;) Math.max(...[1]), g().next()",
    ),
    ("an async function's first part", "(async () => { for (;;); })()"),
    ("an async job", "(async () => { await 0; for (;;); })()"),
    ("a chain of async jobs", "(async () => { for (;;) await 0; })()"),
    ("a chain of promises", "const f = () => Promise.resolve().then(f); f()"),
    (
        "jobs that multiply",
        "const f = () => { Promise.resolve().then(f); Promise.resolve().then(() => {}) }; f()",
    ),
    (
        "an async generator",
        "(async () => { for await (const _ of (async function* () { for (;;) yield 1; })()); })()",
    ),
    ("a thenable's then", "Promise.resolve({ then() { for (;;); } })"),
    ("thenables in a chain", "const t = () => ({ then(f) { f(t()) } }); Promise.resolve(t())"),
    ("a getter", "({ get x() { for (;;); } }).x"),
    ("a setter", "({ set x(v) { for (;;); } }).x = 1"),
    ("a static block", "class A { static { for (;;); } }"),
    ("a constructor", "new (class { constructor() { for (;;); } })"),
    ("a sort comparator", "[3, 1, 2].sort(() => { for (;;); })"),
    ("a replacer", "'x'.replace(/x/, () => { for (;;); })"),
    ("toJSON", "JSON.stringify({ toJSON() { for (;;); } })"),
    ("toString", "`${{ toString() { for (;;); } }}`"),
    ("valueOf", "1 + { valueOf() { for (;;); } }"),
    ("a proxy trap", "new Proxy({}, { get() { for (;;); } }).x"),
    ("array methods", "for (;;) [1, 2, 3].map((x) => x).filter(Boolean)"),
    ("an array method's callback", "[1].forEach(() => { for (;;); })"),
    ("eval", "eval('for (;;);')"),
    ("Function", "new Function('for (;;);')()"),
    ("a regular expression", "/^(a+)+$/.test('a'.repeat(40) + 'b')"),
    ("a regular expression with back references", "/^(?:(a+)\\1?)+$/.test('a'.repeat(60) + 'b')"),
    ("a replace with backtracking", "('a'.repeat(40) + 'b').replace(/^(a|a)+$/, '')"),
    ("exceptions in a circle", "for (;;) { try { throw 1 } catch {} }"),
    ("finally in a circle", "for (;;) { try { continue } finally {} }"),
];

#[test]
fn every_endless_program_is_stopped_and_the_runtime_goes_on() {
    for (what, source) in ENDLESS {
        let guest = Guest::new();
        let start = guest.used();
        let (_, stop) = guest.attempt_within(SHORT, source);
        assert_eq!(stop, Some(Stop::Timeout), "{what}");
        assert_eq!(guest.runtime.counters().timeouts, 1, "{what}");
        assert_eq!(guest.attempt("6 * 7"), (Ok("42".into()), None), "after {what}");
        guest.assert_back_to(start);
    }
}

#[test]
fn one_runtime_outlives_all_of_them() {
    let guest = Guest::new();
    let start = guest.used();
    for (what, source) in ENDLESS {
        let (_, stop) = guest.attempt_within(SHORT, &format!("{{ {source} }}"));
        assert_eq!(stop, Some(Stop::Timeout), "{what}");
        assert_eq!(guest.run("[1].concat(2).join()"), "1,2", "after {what}");
    }
    guest.assert_back_to(start);
}

/// Programs in whose inner loop a stop becomes a rejection, a discarded error or the like
/// inside a native function, so that the loop around it goes on.
const SWALLOWING: &[(&str, &str)] = &[
    ("a promise's executor", "for (;;) new Promise(() => { for (;;); })"),
    ("Promise.try", "for (;;) Promise.try(() => { for (;;); })"),
    ("Promise.all", "for (;;) Promise.all({ [Symbol.iterator]() { for (;;); } })"),
    ("a getter of then", "for (;;) Promise.resolve({ get then() { for (;;); } })"),
    ("an async function", "for (;;) (async () => { for (;;); })()"),
    ("an async generator", "for (;;) (async function* () { for (;;); })().next()"),
    ("an await", "for (;;) (async () => { await { get then() { for (;;); } } })()"),
    (
        "a rejected job",
        "const f = () => { for (;;); }; for (;;) Promise.resolve().then(f).then(f, f)",
    ),
    (
        "prepareStackTrace",
        "Error.prepareStackTrace = () => { for (;;); }; for (;;) { try { null.x } catch {} }",
    ),
    (
        "an iterator's return",
        "
        const endless = { next: () => ({}), return() { for (;;); } };
        const list = { [Symbol.iterator]: () => endless };
        for (;;) { try { for (const _ of list) throw 1; } catch {} }",
    ),
];

#[test]
fn a_stop_that_native_code_swallows_still_stops_the_guest() {
    for (what, source) in SWALLOWING {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let guest = Guest::new();
            let stop = guest.attempt_within(SHORT, source).1;
            let _ = sender.send((stop, guest.attempt("1")));
        });
        // A guest that is not stopped never ends; its thread goes with the process.
        let outcome = receiver.recv_timeout(Duration::from_secs(5));
        assert_eq!(outcome, Ok((Some(Stop::Timeout), (Ok("1".into()), None))), "{what}");
    }
}

#[test]
fn a_stop_in_an_executor_ends_the_program_around_it() {
    let guest = Guest::new();
    let source = "var after = false; new Promise(() => { for (;;); }); after = true";
    assert_eq!(guest.attempt_within(SHORT, source).1, Some(Stop::Timeout));
    assert_eq!(guest.run("after"), "false");
}

#[test]
fn a_stop_runs_neither_catch_nor_finally() {
    let guest = Guest::new();
    let source = "
        var seen = [];
        function* g() { try { yield* h() } catch { seen.push('g') } finally { seen.push('g!') } }
        function* h() { try { for (;;); } catch { seen.push('h') } finally { seen.push('h!') } }
        class I { [Symbol.iterator]() { return this } next() { return { value: 1 } }
            return() { seen.push('return'); return {} } }
        try {
            for (const _ of new I()) [1].sort.call([2, 1], () => [...g()]);
        } catch (e) { seen.push('outer') } finally { seen.push('outer!') }
        seen.push('after')";
    assert_eq!(guest.attempt_within(SHORT, source).1, Some(Stop::Timeout));
    assert_eq!(guest.run("seen.join()"), "");
}

#[test]
fn a_stop_is_not_seen_by_promises() {
    let guest = Guest::new();
    let source = "
        var seen = [];
        const p = Promise.resolve().then(() => { for (;;); });
        p.catch(() => seen.push('catch')).finally(() => seen.push('finally'))";
    assert_eq!(guest.attempt_within(SHORT, source).1, Some(Stop::Timeout));
    assert_eq!(guest.run("seen.join()"), "");
    let source = "
        (async () => {
            try { await 0; for (;;); } catch { seen.push('catch') } finally { seen.push('finally') }
        })().catch(() => seen.push('rejected')).then(() => seen.push('then'))";
    assert_eq!(guest.attempt_within(SHORT, source).1, Some(Stop::Timeout));
    assert_eq!(guest.run("seen.join()"), "");
}

#[test]
fn no_job_runs_after_a_stop() {
    let guest = Guest::new();
    let source = "
        var ran = [];
        Promise.resolve().then(() => ran.push('job'));
        (async () => { await 0; ran.push('async') })();
        (async () => { try { await Promise.reject(1) } catch { ran.push('catch') } finally { ran.push('finally') } })();
        for (;;);";
    assert_eq!(guest.attempt_within(SHORT, source).1, Some(Stop::Timeout));
    assert_eq!(guest.run("ran.join()"), "");
    // A pending promise settled later does not wake what was dropped either.
    assert_eq!(guest.run("ran.join()"), "");
}

#[test]
fn a_program_that_renews_itself_does_not_eat_the_next_entry() {
    let guest = Guest::new();
    let source = "
        var rounds = 0;
        const chain = () => { rounds++; return Promise.resolve().then(chain) };
        chain();
        (async () => { for (;;) { try { await 0; rounds++ } catch {} } })();
        for (let i = 0; i < 200; i++) (async () => { for (;;) { await 0; rounds++ } })()";
    assert_eq!(guest.attempt_within(SHORT, source).1, Some(Stop::Timeout));
    let rounds = guest.run("rounds");
    assert_eq!(guest.run("'next'"), "next");
    assert_eq!(guest.run("rounds"), rounds);
}

#[test]
fn jobs_of_an_entry_share_its_deadline() {
    let guest = Guest::new();
    let (outcome, stop) =
        guest.attempt_within(SHORT, "Promise.resolve().then(() => { for (;;); }); 1");
    assert_eq!((outcome, stop), (Ok("1".into()), Some(Stop::Timeout)));
}

#[test]
fn an_entry_that_ends_in_time_is_not_stopped() {
    let guest = Guest::new();
    for timeout in [None, Some(Duration::MAX), LONG] {
        assert_eq!(guest.attempt_within(timeout, "1"), (Ok("1".into()), None));
    }
    assert_eq!(guest.attempt_within(Some(Duration::ZERO), "for (;;);").1, Some(Stop::Timeout));
    assert_eq!(guest.attempt("2"), (Ok("2".into()), None));
    assert_eq!(guest.runtime.counters().timeouts, 1);
}

#[test]
fn a_nested_entry_inherits_the_deadline() {
    for timeout in [None, LONG] {
        let guest = Guest::new();
        guest.expose("host", 0);
        let inner = Cell::new(None);
        let host = answer(|scope, _, _| {
            inner.set(Some(guest.attempt_within(timeout, "for (;;);").1));
            Ok(scope.undefined())
        });
        let source = "var seen = ''; try { host() } catch { seen = 'caught' } seen += 'after'";
        assert_eq!(attempt(&guest.realm, SHORT, &host, source).1, Some(Stop::Timeout));
        assert_eq!(inner.get(), Some(Some(Stop::Timeout)));
        assert_eq!(guest.run("seen"), "");
    }
}

#[test]
fn a_nested_deadline_stops_only_the_nested_entry() {
    for outer in [None, LONG] {
        let guest = Guest::new();
        guest.expose("host", 0);
        let start = guest.used();
        let inner = Cell::new(None);
        let host = answer(|scope, _, _| {
            inner.set(Some(guest.attempt_within(SHORT, "for (;;);").1));
            scope.string_utf8(b"stopped")
        });
        let source = "host() + host()";
        let outcome = attempt(&guest.realm, outer, &host, source);
        assert_eq!(outcome, (Ok("stoppedstopped".into()), None));
        assert_eq!(inner.get(), Some(Some(Stop::Timeout)));
        assert_eq!(guest.runtime.counters().timeouts, 0, "the outermost entry was not stopped");
        guest.assert_back_to(start);
    }
}

#[test]
fn a_nested_stop_handed_on_as_an_error_is_the_outer_guests_to_handle() {
    let guest = Guest::new();
    guest.expose("host", 0);
    let host = answer(|scope, _, _| {
        let (_, stop) = guest.attempt_within(SHORT, "for (;;);");
        assert_eq!(stop, Some(Stop::Timeout));
        Err(scope.range_error("the inner program took too long"))
    });
    let source = "try { host() } catch (e) { e.message }";
    let outcome = attempt(&guest.realm, LONG, &host, source);
    assert_eq!(outcome, (Ok("the inner program took too long".into()), None));
}

#[test]
fn a_nested_entry_leaves_the_job_queue_to_the_outermost() {
    let guest = Guest::new();
    guest.expose("host", 0);
    let host = answer(|scope, _, _| {
        let (outcome, stop) =
            guest.attempt("var order = ['inner']; Promise.resolve().then(() => order.push('job'))");
        assert!(outcome.is_ok() && stop.is_none());
        Ok(scope.undefined())
    });
    let source = "host(); order.push('outer')";
    assert_eq!(attempt(&guest.realm, LONG, &host, source).1, None);
    assert_eq!(guest.run("order.join()"), "inner,outer,job");
}

#[test]
fn time_that_the_host_takes_counts() {
    let guest = Guest::new();
    guest.expose("host", 0);
    let calls = Cell::new(0);
    let host = answer(|scope, _, _| {
        calls.set(calls.get() + 1);
        std::thread::sleep(Duration::from_millis(30));
        Ok(scope.undefined())
    });
    let source = "var seen = ''; try { host(); host() } catch { seen = 'caught' } finally { seen += 'finally' }";
    assert_eq!(attempt(&guest.realm, SHORT, &host, source).1, Some(Stop::Timeout));
    assert_eq!((calls.get(), guest.run("seen").as_str()), (1, ""));
}

#[test]
fn a_stopped_guest_does_not_reach_the_host() {
    let guest = Guest::new();
    guest.expose("host", 0);
    let late = Cell::new(0);
    let armed = Instant::now();
    let host = answer(|scope, _, _| {
        late.set(late.get() + u32::from(armed.elapsed() > Duration::from_secs(30)));
        Ok(scope.undefined())
    });
    let source = "
        Promise.resolve().then(host);
        (async () => { for (;;) { await 0; host() } })();
        for (;;) { try { host() } catch {} }";
    assert_eq!(attempt(&guest.realm, SHORT, &host, source).1, Some(Stop::Timeout));
    assert_eq!(late.get(), 0);
}

#[test]
fn the_host_can_end_it_from_within_a_call() {
    let guest = Guest::new();
    guest.expose("host", 0);
    let log = RefCell::new(Vec::new());
    let host = answer(|scope, _, _| {
        log.borrow_mut().push(guest.runtime.must_stop());
        guest.runtime.terminate();
        Ok(scope.undefined())
    });
    let source = "try { host() } catch {} finally {} host(); for (;;);";
    assert_eq!(attempt(&guest.realm, None, &host, source).1, Some(Stop::Terminated));
    assert_eq!(*log.borrow(), [false]);
    // For good.
    assert_eq!(guest.attempt("for (;;);").1, Some(Stop::Terminated));
    assert_eq!(guest.attempt("1").1, Some(Stop::Terminated));
    assert_eq!(guest.runtime.counters().timeouts, 0);
}

#[test]
fn termination_in_a_nested_entry_ends_the_outer_ones() {
    let guest = Guest::new();
    guest.expose("host", 0);
    let host = answer(|scope, _, args| {
        let depth = args.iter().next().map_or(Ok(0.0), |depth| depth.to_number())?;
        if depth >= 3.0 {
            guest.runtime.terminate();
        } else {
            let source = format!("try {{ host({}) }} catch {{ }} for (;;);", depth + 1.0);
            // The host of the outer entry answers here, too.
            let again = answer(|scope, _, _| {
                guest.runtime.terminate();
                Ok(scope.undefined())
            });
            let (_, stop) = attempt(&guest.realm, None, &again, &source);
            assert_eq!(stop, Some(Stop::Terminated));
        }
        Ok(scope.undefined())
    });
    assert_eq!(
        attempt(&guest.realm, None, &host, "try { host(0) } catch {} for (;;);").1,
        Some(Stop::Terminated)
    );
}

#[test]
fn the_text_of_an_error_is_no_verdict() {
    let guest = Guest::new();
    for source in [
        "throw new InternalError('interrupted')",
        "throw new RangeError('interrupted')",
        "const e = new Error('interrupted'); e.name = 'InternalError'; throw e",
        "throw null",
    ] {
        let (outcome, stop) = guest.attempt(source);
        assert!(outcome.is_err());
        assert_eq!(stop, None, "{source}");
    }
}

#[test]
fn what_a_stopped_entry_threw_cannot_be_used_to_stop_another() {
    let guest = Guest::new();
    guest.expose("host", 0);
    let ((), stop) = guest.runtime.enter(&guest.realm, SHORT, &NoHost, |scope| {
        let Err(Thrown(error)) = scope.eval(b"for (;;);", &named("a.js")) else { panic!("ended") };
        let key = scope.key_utf8(b"leaked").unwrap();
        scope.global().define(&key, error).unwrap();
    });
    assert_eq!(stop, Some(Stop::Timeout));
    let (_, stop) = guest.runtime.enter(&guest.realm, LONG, &NoHost, |scope| eval(scope, "1"));
    assert_eq!(stop, None);
}
