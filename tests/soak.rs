//! Programs put together at random, in heaps too small for them and times too short: each
//! ends with a value, an error or a verdict, and the process goes on. `QUICKVM_SOAK` says
//! for how many seconds, one if it is not set, and `QUICKVM_SEED` with which they begin.

mod support;

use std::time::{Duration, Instant};

use quickvm::engine::{Limits, Stop};
use support::grammar::Author;
use support::{Guest, Random, KB, MB, ROOMY};

/// Pieces of programs; `@N` is a number, `@P` other pieces, `@S` a piece of source text.
const PIECES: &[&str] = &[
    "eval('@S'.repeat(@N));",
    "new Function('@S'.repeat(@N));",
    "new Function('a', 'b', 'return [' + 'a,'.repeat(@N) + 'b]')(1, 2);",
    "for (let i = 0; i < @N; i++) keep.push(new Function('x', `return x + ${i}`));",
    "for (let i = 0; i < @N; i++) keep.push(eval(`(class { m${i}() { @S } static x = ${i} })`));",
    "eval('const t = (x) => x;' + 't`a${0}b`;'.repeat(@N));",
    "keep.push(JSON.parse('[' + '{\"a\":[1,\"x\"]},'.repeat(@N) + '0]'));",
    "JSON.stringify(keep);",
    "JSON.stringify(new Array(@N).fill({ a: 'x'.repeat(20) }));",
    "new RegExp('(a|b)?'.repeat(@N % 200) + '[^c]').exec('ab'.repeat(@N));",
    "new RegExp('a|'.repeat(@N));",
    "'ab'.repeat(@N).replace(/a(b)/g, (m, x) => { keep.push(x); return m + m });",
    "keep.push('x'.repeat(@N).split(''));",
    "Array.from({ length: @N }, (_, i) => @N - i).sort((a, b) => a - b);",
    "keep.push(Array.from({ length: @N }, () => ({})));",
    "const m = new Map(); for (let i = 0; i < @N; i++) m.set(i % 3 ? i : {}, [i]); keep.push(m);",
    "const w = new WeakMap(); for (const k of keep) if (Object(k) === k) w.set(k, {}); keep.push(w);",
    "keep.push(new ArrayBuffer(@N * 50));",
    "let s = ''; for (let i = 0; i < @N; i++) s += i; keep.push(s);",
    "keep.push(10n ** BigInt(@N));",
    "let f = () => 1; for (let i = 0; i < @N % 300; i++) f = f.bind(null, ...keep.slice(0, 99));",
    "(function () { keep.push(arguments) }).apply(null, new Array(@N % 60000));",
    "for (let i = 0; i < @N; i++) (async () => { await 0; keep.push([i]) })();",
    "Promise.all(keep).then((all) => { @P }, () => {});",
    "function* g() { try { for (;;) yield {}; } finally { keep.push(1) } } for (const x of g()) { keep.push(x); if (keep.length > @N) break }",
    "try { @P } catch (e) { keep.push(e) } finally { @P }",
    "try { throw new Error('x'.repeat(@N)) } catch (e) { keep.push(e.stack) }",
    "new Promise(() => { @P });",
    "[1, 2].forEach(() => { @P });",
    "({ get x() { @P; return 1 } }).x;",
    "keep.length = 0;",
    "keep.push(globalThis); Object.getOwnPropertyNames(globalThis).map((k) => keep.push(globalThis[k]));",
    "Array.prototype.reverse.call({ length: @N * @N });",
    "new FinalizationRegistry(() => {}).register({}, 1);",
    "for (let i = 0; i < @N; i++) keep.push(Object.freeze({ ['k' + i]: i, __proto__: keep[i] }));",
    "const o = {}; for (let i = 0; i < @N; i++) o['k' + i] = i; keep.push({ ...o });",
];

const SOURCE: &[&str] = &[
    "x = 1;",
    "var a = { b: [1, 2] };",
    "for (const [q, w] of []) { let e = q; }",
    "class C { #p = 1; get p() { return this.#p } }",
    "function f({ a = 1, ...r }, [b]) { return () => a + b }",
    "try { y } catch { z } finally { w }",
    "switch (x) { case 1: break; default: y() }",
    "(async () => { for await (const x of y) await x })();",
    "/(a|b)+?[^c]/u;",
    "x?.y?.[z] ?? (a ||= b);",
];

fn program(random: &mut Random, depth: usize) -> String {
    let mut text = String::new();
    for _ in 0..1 + random.below(3) {
        let mut piece = PIECES[random.below(PIECES.len())].to_string();
        while piece.contains("@P") {
            let inner = if depth < 3 { program(random, depth + 1) } else { String::new() };
            piece = piece.replacen("@P", &inner, 1);
        }
        let number = [10, 300, 3_000, 20_000, 100_000][random.below(5)];
        piece = piece
            .replace("@S", SOURCE[random.below(SOURCE.len())])
            .replace("@N", &number.to_string());
        text += &format!("{{ {piece} }}\n");
    }
    text
}

fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Runs programs for a while, several in each of many heaps.
fn soak(write: impl Fn(&mut Random) -> String) {
    let end = Instant::now() + Duration::from_secs(number_of("QUICKVM_SOAK").unwrap_or(1));
    let mut seed = number_of("QUICKVM_SEED").unwrap_or(42);
    let (mut programs, mut stopped, mut condemned) = (0, 0, 0);
    while Instant::now() < end {
        // Each heap has a seed of its own, which is all that it takes to have it again.
        seed += 1;
        let mut random = Random(seed);
        let memory = 700 * KB + random.below(4 * MB);
        let guest = Guest::with(Limits { memory, ..ROOMY });
        guest.runtime.set_grace(Some(Duration::from_millis(random.below(20) as u64)));
        guest.run("var keep = []; 1");
        for _ in 0..1 + random.below(5) {
            let source = write(&mut random);
            let what = || format!("seed {seed}: {source}");
            let timeout = Duration::from_millis(1 + random.below(60) as u64);
            let (_, stop) = guest.attempt_within(Some(timeout), &source);
            programs += 1;
            stopped += u32::from(stop.is_some());
            assert!(!matches!(stop, Some(Stop::Fault { .. })), "{stop:?} {}", what());
            assert!(guest.runtime.heap().peak() <= memory, "{}", what());
            #[cfg(feature = "inject")]
            assert_eq!(guest.runtime.heap().check(), Ok(()), "{}", what());
            if guest.runtime.is_condemned() {
                condemned += 1;
                assert!(stop.is_some(), "{}", what());
                assert_eq!(guest.attempt("1").1, Some(Stop::Terminated), "{}", what());
                break;
            }
        }
    }
    eprintln!(
        "{programs} programs, {stopped} stopped, {condemned} of them for good, to seed {seed}"
    );
    assert!(programs > 5 && stopped >= condemned);
}

#[test]
fn nothing_that_guests_do_ends_the_process() {
    soak(|random| program(random, 0));
}

#[test]
fn nothing_that_the_grammar_allows_ends_the_process() {
    soak(|random| Author::new(random).program());
}
