//! The cap on the heap: that it is exact, what the verdict is, and what it leaves behind.

mod support;

use std::cell::Cell;
use std::time::Duration;

use quickvm::engine::{Limits, Stop};
use support::{answer, attempt, Guest, KB, MB, ROOMY};

const TIGHT: Limits = Limits { memory: 4 * MB, ..ROOMY };

/// Programs that want more memory than there is.
const HOGS: &[(&str, &str)] = &[
    ("an array", "const a = []; for (;;) a.push({})"),
    ("numbers", "const a = []; for (;;) a.push(a.length + 0.5)"),
    ("nested arrays", "let a = []; for (;;) a = [a]"),
    ("a linked list", "let l = null; for (;;) l = { next: l }"),
    ("a doubling string", "let s = 'x'; for (;;) { s += s; s.charCodeAt(1) }"),
    ("a wide string", "let s = '\\u20ac'; for (;;) { s += s; s.charCodeAt(1) }"),
    ("a growing string", "let s = ''; for (let i = 0;; i++) s += i"),
    ("repeat", "const a = []; for (;;) a.push('x'.repeat(1e5 + a.length))"),
    ("one huge repeat", "'x'.repeat(5e8)"),
    ("padding", "'x'.padEnd(5e8, 'yz')"),
    ("join", "new Array(1e6).fill('abcdef').join('0123456789')"),
    ("a Map", "const m = new Map(); for (let i = 0;; i++) m.set(`k${i}`, i)"),
    ("a Set", "const s = new Set(); for (let i = 0;; i++) s.add(`k${i}`)"),
    ("a WeakMap", "const w = new WeakMap(), k = []; for (;;) { k.push({}); w.set(k.at(-1), {}) }"),
    ("properties", "const o = {}; for (let i = 0;; i++) o[`k${i}`] = i"),
    ("properties in dictionaries", "const a = []; for (let i = 0;; i++) a.push({ [`k${i}`]: i })"),
    ("symbols", "const a = []; for (;;) a.push(Symbol('s'))"),
    ("closures", "const a = []; for (;;) a.push(((x) => () => x)({}))"),
    ("bound functions", "let f = () => 1; for (;;) f = f.bind(null, f)"),
    (
        "generators",
        "function* g() { yield 1 } const a = []; for (;;) { const i = g(); i.next(); a.push(i) }",
    ),
    ("classes", "const a = []; for (;;) a.push(class { x() {} static y() {} })"),
    ("an ArrayBuffer", "new ArrayBuffer(1e9)"),
    ("ArrayBuffers", "const a = []; for (;;) a.push(new ArrayBuffer(1000))"),
    ("typed arrays", "const a = []; for (;;) a.push(new Float64Array(100))"),
    ("a typed array of many", "new Float64Array(1e8)"),
    ("a resizable buffer", "const b = new ArrayBuffer(8, { maxByteLength: 2e9 }); b.resize(2e9)"),
    ("a filled array", "new Array(1e7).fill(0)"),
    ("Array.from", "Array.from({ length: 1e7 }, () => ({}))"),
    ("concat", "let a = [1]; for (;;) a = a.concat(a)"),
    ("spread", "let a = [1]; for (;;) a = [...a, ...a]"),
    ("flat", "Array.from({ length: 1000 }, () => new Array(1000).fill(1)).flat()"),
    ("promises", "const a = []; for (;;) a.push(new Promise(() => {}))"),
    ("jobs", "for (;;) Promise.resolve().then(() => {})"),
    (
        "async functions",
        "const a = []; for (;;) a.push((async () => { await new Promise(() => {}) })())",
    ),
    ("errors", "const a = []; for (;;) a.push(new Error('e'))"),
    ("regular expressions", "const a = []; for (let i = 0;; i++) a.push(new RegExp(`a${i}`))"),
    ("matches", "const a = []; for (;;) a.push('abc'.match(/(?<x>a)(b)(c)/))"),
    ("JSON text", "let o = []; for (;;) o = [o.length > 8 ? 1 : o, JSON.stringify(o), o]"),
    ("arguments", "const a = []; for (;;) a.push((function () { return arguments })(1, 2, 3))"),
    ("proxies", "let p = {}; for (;;) p = new Proxy(p, {})"),
    ("dates", "const a = []; for (;;) a.push(new Date())"),
    (
        "source text",
        "const a = []; for (let i = 0;; i++) a.push(new Function('x', `return x + ${i}`))",
    ),
    (
        "console-like formatting",
        "const a = []; for (let i = 0;; i++) a.push(`${i}: ${a[i - 1] ?? ''}`)",
    ),
];

/// Built-ins that ask for more small blocks than there is memory before the guest could be
/// stopped in the ordinary way.
const GREEDY: &[(&str, &str)] = &[
    ("split", "'x'.repeat(2e6).split('')"),
    ("JSON values", "const t = '[' + '{},'.repeat(3e5) + '0]'; JSON.parse(t)"),
    ("arguments", "(function () { return arguments }).apply(null, new Array(60000))"),
];

#[track_caller]
fn assert_within_cap(guest: &Guest, what: &str) {
    let heap = guest.runtime.heap();
    assert!(heap.used() <= heap.limit(), "{what}: {} used", heap.used());
    assert!(heap.peak() <= heap.limit(), "{what}: {} at the peak", heap.peak());
}

#[test]
fn every_hog_meets_the_cap_and_the_runtime_goes_on() {
    for (what, source) in HOGS {
        let guest = Guest::patient(TIGHT);
        let start = guest.used();
        let (_, stop) = guest.attempt(&format!("{{ {source} }}"));
        assert_eq!(stop, Some(Stop::MemoryLimit), "{what}");
        assert_within_cap(&guest, what);
        assert_eq!(guest.attempt("[6 * 7].join()"), (Ok("42".into()), None), "after {what}");
        // The engine's tables of atoms and shapes stay as large as they were.
        guest.assert_back_within(start, 1000 * KB);
    }
}

#[test]
fn greedy_built_ins_are_left_for_good() {
    for (what, source) in GREEDY {
        let guest = Guest::patient(TIGHT);
        let (_, stop) = guest.attempt(&format!("{{ {source} }}"));
        assert_eq!(stop, Some(Stop::MemoryLimit), "{what}");
        assert_within_cap(&guest, what);
        assert!(guest.runtime.is_condemned(), "{what}");
        assert_eq!(guest.attempt("1").1, Some(Stop::Terminated), "after {what}");
    }
}

#[test]
fn hogs_meet_a_cap_of_any_size() {
    for memory in [512 * KB, 777_777, MB, 3 * MB + 5, 16 * MB] {
        for (what, source) in &HOGS[..16] {
            let guest = Guest::patient(Limits { memory, ..ROOMY });
            let (_, stop) = guest.attempt(&format!("{{ {source} }}"));
            assert_eq!(stop, Some(Stop::MemoryLimit), "{what} in {memory}");
            assert_within_cap(&guest, what);
            assert_eq!(guest.attempt("1"), (Ok("1".into()), None), "after {what} in {memory}");
        }
    }
}

#[test]
fn a_hog_cannot_swallow_the_verdict() {
    for source in [
        "try { const a = []; for (;;) a.push({}) } catch {} 'survived'",
        "for (;;) { try { 'x'.repeat(5e8) } catch {} }",
        "try { new ArrayBuffer(1e9) } catch {} 'survived'",
        "try { try { new Array(1e7).fill({}) } finally { throw 1 } } catch {} 'survived'",
        "(async () => { try { const a = []; for (;;) a.push({}) } catch { return 1 } })(); 'survived'",
        "Promise.resolve().then(() => new ArrayBuffer(1e9)).catch(() => {}); 'survived'",
        "function* g() { try { const a = []; for (;;) a.push({}) } finally { yield 1 } } g().next(); 'survived'",
        "[1, 2].sort(() => { try { new ArrayBuffer(1e9) } catch { return 0 } }); 'survived'",
    ] {
        let guest = Guest::patient(TIGHT);
        let start = guest.used();
        assert_eq!(guest.attempt(source).1, Some(Stop::MemoryLimit), "{source}");
        assert_within_cap(&guest, source);
        guest.assert_back_to(start);
    }
}

#[test]
fn a_forged_error_is_no_verdict() {
    let guest = Guest::patient(TIGHT);
    let start = guest.used();
    for source in [
        "throw new InternalError('out of memory')",
        "throw null",
        "const e = new Error('out of memory'); e.name = 'InternalError'; throw e",
        "Promise.reject(new InternalError('out of memory')).catch(() => {})",
        "'x'.repeat(-1)",
        "'x'.repeat(2 ** 40)",
        "new Array(-1)",
        "new ArrayBuffer(2 ** 53)",
    ] {
        let (_, stop) = guest.attempt(source);
        assert_eq!(stop, None, "{source}");
    }
    guest.assert_back_to(start);
}

#[test]
fn the_verdict_of_one_entry_is_not_that_of_the_next() {
    let guest = Guest::patient(TIGHT);
    let start = guest.used();
    for _ in 0..20 {
        let (_, stop) = guest.attempt("{ const a = []; for (;;) a.push({}) }");
        assert_eq!(stop, Some(Stop::MemoryLimit));
        assert_eq!(guest.attempt("[1, 2, 3].length"), (Ok("3".into()), None));
    }
    guest.assert_back_to(start);
}

#[test]
fn what_the_guest_keeps_is_its_own_to_free() {
    let guest = Guest::patient(TIGHT);
    let start = guest.used();
    let (_, stop) = guest.attempt("var kept = []; for (;;) kept.push({})");
    assert_eq!(stop, Some(Stop::MemoryLimit));
    assert_within_cap(&guest, "kept");
    // Full as it is, the heap has room for this much.
    let (outcome, _) = guest.attempt("kept = undefined");
    assert_eq!(outcome, Ok("undefined".into()));
    guest.assert_back_to(start);
}

#[test]
fn cyclic_garbage_of_ten_times_the_cap_is_no_reason_to_stop() {
    let programs = [
        ("objects", "for (let i = 0; i < 400_000; i++) { const o = { i }; o.self = o }"),
        ("arrays", "for (let i = 0; i < 40_000; i++) { const a = new Array(100).fill(0); a.push(a) }"),
        ("closures", "for (let i = 0; i < 150_000; i++) { const o = {}; o.f = () => o }"),
        ("maps", "for (let i = 0; i < 60_000; i++) { const m = new Map(); m.set(m, m) }"),
        ("buffers", "for (let i = 0; i < 4_000; i++) { const o = {}; o.o = o; o.b = new ArrayBuffer(10_000) }"),
        ("large buffers", "for (let i = 0; i < 80; i++) { const o = {}; o.o = o; o.b = new ArrayBuffer(500_000) }"),
        ("strings", "for (let i = 0; i < 10_000; i++) { const o = { s: 'x'.repeat(4000) + i }; o.o = o }"),
        ("promises", "for (let i = 0; i < 100_000; i++) { const p = new Promise(() => {}); p.p = p }"),
        ("generators", "for (let i = 0; i < 80_000; i++) { const g = (function* () { yield g })(); g.next() }"),
    ];
    for (what, source) in programs {
        let guest = Guest::patient(TIGHT);
        let start = guest.used();
        let program = format!("{{ {source} }} 'done'");
        assert_eq!(guest.attempt(&program), (Ok("done".into()), None), "{what}");
        assert_within_cap(&guest, what);
        guest.assert_back_to(start);
    }
}

#[test]
fn garbage_beside_a_large_live_set_is_collected_too() {
    // Bytes that stay alive, as parts of the cap in percent.
    for part in [25, 50, 65, 75, 85] {
        let guest = Guest::patient(TIGHT);
        let start = guest.used();
        let live = TIGHT.memory * part / 100 - start;
        let source = format!(
            "var live = new ArrayBuffer({live});
             for (let i = 0; i < 200_000; i++) {{ const o = {{ i, list: [i, i] }}; o.self = o }}
             live = undefined; 'done'"
        );
        assert_eq!(guest.attempt(&source), (Ok("done".into()), None), "{part} % alive");
        assert_within_cap(&guest, "live set");
        guest.assert_back_to(start);
    }
}

#[test]
fn jobs_and_entries_may_churn_as_much_as_they_like() {
    let guest = Guest::patient(TIGHT);
    let start = guest.used();
    for _ in 0..50 {
        guest.run("{ const o = { big: new Array(50_000).fill(1) }; o.self = o } 1");
    }
    let source = "(async () => {
        for (let i = 0; i < 50_000; i++) { const o = { a: [await i] }; o.o = o }
        globalThis.finished = true
    })()";
    assert_eq!(guest.attempt(source).1, None);
    assert_eq!(guest.run("finished"), "true");
    guest.assert_back_to(start);
}

#[test]
fn a_nested_entry_that_fills_the_heap_stops_the_outer_one() {
    let guest = Guest::patient(TIGHT);
    guest.expose("host", 0);
    let start = guest.used();
    let inner = Cell::new(None);
    let host = answer(|scope, _, _| {
        inner.set(guest.attempt("{ const a = []; for (;;) a.push({}) }").1);
        Ok(scope.undefined())
    });
    let source = "try { host() } catch {} for (;;);";
    let (_, stop) = attempt(&guest.realm, Some(Duration::from_secs(60)), &host, source);
    assert_eq!((stop, inner.get()), (Some(Stop::MemoryLimit), Some(Stop::MemoryLimit)));
    guest.assert_back_to(start);
}

#[test]
fn a_heap_goes_with_everything_in_it_referenced() {
    for _ in 0..10 {
        let guest = Guest::patient(TIGHT);
        let source = "var all = [globalThis]; for (;;) all.push({ all, f: () => all, p: new Promise(() => all) })";
        assert_eq!(guest.attempt(source).1, Some(Stop::MemoryLimit));
        guest.runtime.enter(&guest.realm, None, &support::NoHost, |scope| {
            for _ in 0..10 {
                scope.keep(&scope.global());
            }
        });
        assert_eq!(guest.runtime.slot_count(), 1);
    }
}

#[test]
fn figures_add_up() {
    let guest = Guest::patient(TIGHT);
    let heap = guest.runtime.heap();
    assert_eq!(heap.limit(), TIGHT.memory);
    let before = heap.used();
    guest.run("var buffer = new ArrayBuffer(1_000_000); 1");
    assert!(heap.used() >= before + 1_000_000);
    assert!(heap.used() < before + 1_000_000 + 16 * KB);
    assert!(heap.peak() >= heap.used() && heap.high_water() >= heap.used());
    guest.run("buffer = undefined");
    assert!(heap.used() < before + 16 * KB);
    assert!(heap.peak() >= before + 1_000_000);
}
