//! Leaving the engine by a jump: what cannot be stopped in any other way, that it is, and
//! that nothing but the guest concerned is the worse for it.

mod support;

use quickvm::engine::{Limits, Stop};
use support::{Guest, KB, MB, ROOMY};

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
        for memory in [600 * KB, 1500 * KB, 4 * MB] {
            for n in [2_000, 10_000, 40_000] {
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
