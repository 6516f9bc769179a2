//! Runaway recursion is an error that the guest can handle, on any thread.

mod support;

use quickvm::engine::{Limits, Stop};
use support::{answer, attempt, Guest, KB, MB, ROOMY};

const LIMITS: Limits = Limits { memory: 64 * MB, ..ROOMY };

/// Programs that recurse until the stack is used up.
const RUNAWAYS: &[(&str, &str)] = &[
    ("a function", "function f() { return 1 + f() } f()"),
    ("an arrow", "const f = () => 1 + f(); f()"),
    ("a method", "const o = { f() { return 1 + this.f() } }; o.f()"),
    ("many arguments", "const f = (...a) => 1 + f(...a.slice(0, 9), 1, 2, 3, 4, 5, 6, 7, 8, 9); f()"),
    ("many locals", "function f(a) { let b = a, c = b, d = c, e = d; return [b, c, d, e, f(a)] } f(1)"),
    ("mutual recursion", "const f = () => 1 + g(), g = () => 1 + f(); f()"),
    ("a constructor", "class A { constructor() { this.a = new A() } } new A()"),
    ("super", "class A { constructor() { new B() } } class B extends A {} new B()"),
    ("a getter", "({ get x() { return this.x } }).x"),
    ("a setter", "({ set x(v) { this.x = v } }).x = 1"),
    ("toString", "`${{ toString() { return `${this}` } }}`"),
    ("valueOf", "+{ valueOf() { return +this } }"),
    ("toPrimitive", "`${{ [Symbol.toPrimitive]() { return `${this}` } }}`"),
    ("a proxy's trap", "const p = new Proxy({}, { get: (t, k, r) => r[k] }); p.x"),
    ("proxies of proxies", "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x"),
    ("a prototype chain of proxies", "let p = {}; for (let i = 0; i < 1e4; i++) p = new Proxy(Object.create(p), {}); p.x"),
    ("callable proxies", "let p = () => 1; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p()"),
    ("isArray of proxies", "let p = []; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); if (Array.isArray(p)) throw new RangeError('deep')"),
    ("instanceof bound", "let f = class {}; for (let i = 0; i < 1e5; i++) { f = f.bind(); Object.defineProperty(f, 'name', { value: '' }) } ({}) instanceof f; throw new RangeError('deep')"),
    ("bound functions", "let f = () => 1; for (let i = 0; i < 1e5; i++) { f = f.bind(null); Object.defineProperty(f, 'name', { value: '' }) } f()"),
    ("apply", "const f = () => Reflect.apply(f, null, []); f()"),
    ("call of call", "const f = () => f.call.call(f); f()"),
    ("map", "const f = () => [1].map(f); f()"),
    ("a comparator", "const f = () => [2, 1].sort(f); f()"),
    ("a replacer", "const f = () => 'x'.replace(/x/, f); f()"),
    ("an iterator", "const o = { [Symbol.iterator]() { return [...this] } }; [...o]"),
    ("a generator", "function* g() { yield* g() } g().next()"),
    ("eval", "const f = () => eval('f()'); f()"),
    ("an async function", "const f = async () => { await f() }; f(); (function g() { g() })()"),
    ("flat", "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity)"),
    ("array toString", "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; String(a)"),
    ("JSON.stringify", "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)"),
    ("JSON.stringify of objects", "let a = {}; for (let i = 0; i < 1e5; i++) a = { a }; JSON.stringify(a)"),
    ("toJSON", "const o = { toJSON() { return JSON.stringify(o) } }; JSON.stringify(o)"),
    ("JSON.parse", "JSON.parse('['.repeat(1e6))"),
    ("JSON.parse of objects", "JSON.parse('{\"a\":'.repeat(1e5))"),
    ("a reviver", "let t = '['.repeat(300) + ']'.repeat(300); const f = () => JSON.parse(t, f); f()"),
    ("spread", "const f = (...a) => f(...a, ...a, 1); f()"),
    ("too many arguments", "Math.max.apply(null, new Array(1e6).fill(1))"),
    ("destructuring", "const f = ([a = f([])] = []) => a; f()"),
    ("default arguments", "const f = (a = f()) => a; f()"),
    ("tagged templates", "const f = () => f``; f()"),
    ("in the catch clause", "const f = () => { try { return f() } catch (e) { throw e } }; f()"),
    ("in the finally clause", "const f = () => { try { return f() } finally { 1 } }; f()"),
];

/// Source that is nested too deeply for the parser, or for a regular expression's.
const DEEP_SOURCE: &[(&str, &str)] = &[
    ("parentheses", "eval('('.repeat(1e5))"),
    ("brackets", "eval('['.repeat(1e5))"),
    ("braces", "eval('{'.repeat(1e5))"),
    ("functions", "eval('()=>'.repeat(1e5) + '1')"),
    ("operators", "eval('-'.repeat(1e5).replaceAll('-', '- ') + '1')"),
    ("conditions", "eval('a?'.repeat(1e5))"),
    ("templates", "eval('`${'.repeat(1e5))"),
    ("destructuring", "eval('let ' + '['.repeat(1e5))"),
    ("classes", "eval('class A extends '.repeat(1e5))"),
    ("groups", "new RegExp('('.repeat(1e5) + ')'.repeat(1e5))"),
    ("lookaheads", "new RegExp('(?='.repeat(1e5) + ')'.repeat(1e5))"),
    ("character classes", "new RegExp('['.repeat(1e5) + ']'.repeat(1e5), 'v')"),
];

fn assert_handled(what: &str, source: &str, accepted: &[&str]) {
    let guest = Guest::with(LIMITS);
    let start = guest.used();
    let program = format!(
        "{{ let n; try {{ {source}; n = 'nothing' }} catch (e) {{ n = e.constructor.name }} n }}"
    );
    for _ in 0..2 {
        let (outcome, stop) = guest.attempt(&program);
        assert_eq!(stop, None, "{what}");
        let name = outcome.unwrap_or_else(|error| panic!("{what}: uncaught {error}"));
        assert!(accepted.contains(&&*name), "{what}: {name}");
    }
    guest.assert_back_within(start, 300 * KB); // tables of atoms and shapes
}

fn all_are_handled() {
    for (what, source) in RUNAWAYS {
        assert_handled(what, source, &["RangeError"]);
    }
}

fn deep_source_is_handled() {
    for (what, source) in DEEP_SOURCE {
        assert_handled(what, source, &["RangeError", "SyntaxError"]);
    }
}

/// Runs `work` on a thread with this much stack.
fn on_a_thread(stack: usize, work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(stack).spawn(work).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn runaway_recursion_is_a_range_error() {
    all_are_handled();
}

#[test]
fn runaway_recursion_is_a_range_error_on_a_thread_with_a_small_stack() {
    on_a_thread(MB, all_are_handled);
}

#[test]
fn source_nested_too_deeply_is_an_error() {
    deep_source_is_handled();
}

#[test]
fn source_nested_too_deeply_is_an_error_on_a_thread_with_a_small_stack() {
    on_a_thread(MB, deep_source_is_handled);
}

#[test]
fn backtracking_uses_the_heap_and_not_the_stack() {
    let guest = Guest::new();
    let start = guest.used();
    let (outcome, stop) = guest.attempt("/(?:a|b)*c/.test('ab'.repeat(2_000))");
    assert!(
        matches!((&outcome, stop), (Ok(_), None) | (Err(_), Some(Stop::MemoryLimit))),
        "{outcome:?}"
    );
    guest.assert_back_to(start);
}

#[test]
fn a_larger_stack_carries_deeper_recursion() {
    let depth = |stack| {
        let guest = Guest::with(Limits { stack, ..LIMITS });
        let source = "var n = 0; const f = () => { n++; return 1 + f() }; try { f() } catch {} n";
        guest.run(source).parse::<u32>().unwrap()
    };
    let (small, large) = (depth(64 * KB), depth(512 * KB));
    assert!(small > 20 && large > 4 * small, "{small} {large}");
}

#[test]
fn recursion_through_the_host_ends_in_an_error_too() {
    fn recurse() {
        let guest = Guest::with(LIMITS);
        guest.expose("host", 0);
        let start = guest.used();
        let host = answer(|scope, _, args| {
            let Some(function) = args.iter().next() else {
                return Ok(scope.undefined());
            };
            function.call(&scope.undefined(), &[])
        });
        let source = "{ const f = () => host(f); let n; try { f() } catch (e) { n = e.name } n }";
        for _ in 0..3 {
            let outcome = attempt(&guest.realm, None, &host, source);
            assert_eq!(outcome, (Ok("RangeError".into()), None));
        }
        guest.assert_back_to(start);
    }
    recurse();
    on_a_thread(MB, recurse);
}

#[test]
fn an_entry_from_deep_in_a_small_stack_has_what_is_left() {
    fn deep(levels: u32, work: &dyn Fn()) -> u8 {
        let pad = std::hint::black_box([0u8; 16 * 1024]);
        if levels == 0 {
            work();
            pad[0]
        } else {
            deep(levels - 1, work) | pad[levels as usize]
        }
    }
    on_a_thread(MB, || {
        deep(15, &|| {
            let guest = Guest::with(LIMITS);
            let source =
                "{ const f = () => 1 + f(); let n; try { f() } catch (e) { n = e.name } n }";
            assert_eq!(guest.run(source), "RangeError");
            assert_eq!(guest.run("[1].map((n) => n + 1).join()"), "2");
        });
    });
}
