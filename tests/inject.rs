//! The cap met everywhere: programs are run over and over, and each time another one of their
//! requests for memory is refused. Whichever it is, the entry ends with its verdict, no handle
//! is left, the heap is in order, and nobody else notices.
//!
//! Of programs with many requests only some are tried, and only some of the built-in functions;
//! `QUICKVM_INJECT` says how many times more, or `all`.

mod corpus;
mod support;

use std::rc::Rc;

use quickvm::engine::heap::inject::{self, Plan};
use quickvm::engine::{Script, Shape, Trap, TRAPS};
use quickvm::guest::{Builtins, Surface};
use quickvm::membrane::wire::{op, status, tag};
use quickvm::{Sandbox, SandboxOptions};
use support::rig::{
    call, host_error, host_function, host_object, nothing, reflect, request, run, text, Reply, Rig,
};
use support::samples::{requests, settle_sample, SAMPLES};
use support::{KB, MB};

/// The reasons of [`Reply::Stop`].
const OUT_OF_MEMORY: u8 = 1;
const TERMINATED: u8 = 2;

/// Nothing is refused.
const NONE: Plan = Plan { nth: u64::MAX, and_after: false, large_only: false };

/// What is refused from the n-th request on: it alone or all that follow, of all or of the
/// large ones.
const MODES: [Plan; 4] = [
    Plan { and_after: false, large_only: false, ..NONE },
    Plan { and_after: true, large_only: false, ..NONE },
    Plan { and_after: false, large_only: true, ..NONE },
    Plan { and_after: true, large_only: true, ..NONE },
];

/// How much more is tried than usual.
fn effort() -> u64 {
    match std::env::var("QUICKVM_INJECT") {
        Ok(value) if value == "all" => u32::MAX.into(),
        Ok(value) => value.parse().expect("QUICKVM_INJECT: a number, or all"),
        Err(_) => 1,
    }
}

/// Which of `count` requests are refused, if there is time for `most` of them.
fn tried(count: u64, most: u64) -> Vec<u64> {
    let most = most.saturating_mul(effort());
    if count <= most {
        return (1..=count).collect();
    }
    // The first ones, and some far apart, which are others in each program.
    let first = most / 2;
    let apart = (1..=most - first).map(|i| first + (count - first) * i / (most - first));
    (1..=first).chain(apart).collect()
}

/// Says how far a test got.
#[derive(Debug)]
struct Tally {
    /// So many requests of a program are refused, one in each run of it, in each mode.
    most_tried: u64,
    runs: u64,
    /// Those that were not stopped, for nothing was refused any more.
    finished: u64,
    condemned: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            most_tried: if cfg!(feature = "asan") { 6 } else { 24 },
            runs: 0,
            finished: 0,
            condemned: 0,
        }
    }
}

impl Tally {
    /// Makes ready by `prepare`, which answers a request, and has it carried out, again and
    /// again.
    #[track_caller]
    fn play(&mut self, what: &str, prepare: impl Fn(&Rig) -> Vec<u8>) {
        for mode in MODES {
            let undisturbed = Plan { nth: u64::MAX, ..mode };
            let rig = Rig::new();
            let request = prepare(&rig);
            let (reply, count) =
                inject::with(undisturbed, || rig.sandbox.handle(&request, &rig.host));
            let expected = rig.parse(&reply);
            assert!(!matches!(expected, Reply::Stop(_)), "{what}: {expected:?}");
            let kept = handles_left(&rig);
            // One more than there are: what came before has left nothing behind.
            for nth in tried(count, self.most_tried).into_iter().chain([count + 1]) {
                let plan = Plan { nth, ..mode };
                let what = format!("{what}, {plan:?} of {count}");
                let rig = Rig::new();
                let request = prepare(&rig);
                let (reply, met) = inject::with(plan, || rig.sandbox.handle(&request, &rig.host));
                let reply = rig.parse(&reply);
                self.runs += 1;
                if met < nth {
                    self.finished += 1;
                    assert!(reply == expected, "{what}");
                } else {
                    assert_eq!(reply, Reply::Stop(OUT_OF_MEMORY), "{what}");
                }
                self.inspect(&what, &rig, kept);
            }
        }
    }

    /// Asserts that a guest that has been stopped is in order, or gone for good.
    #[track_caller]
    fn inspect(&mut self, what: &str, rig: &Rig, kept: usize) {
        assert_eq!(rig.sandbox.heap().check(), Ok(()), "{what}");
        let again = rig.try_run("[40, 2].reduce((a, b) => a + b)");
        if rig.sandbox.is_condemned() {
            self.condemned += 1;
            assert_eq!(again, Reply::Stop(TERMINATED), "{what}");
        } else {
            assert_eq!(again, Reply::Return("42".into()), "{what}");
            assert_eq!(rig.sandbox.heap().check(), Ok(()), "later, {what}");
        }
        assert!(handles_left(rig) <= kept, "{what}: {} handles", handles_left(rig));
    }
}

/// Guest handles that remain when the host has let go of all that it was given.
fn handles_left(rig: &Rig) -> usize {
    settle_sample(rig);
    rig.release_all();
    rig.sandbox.usage().guest_handles
}

/// A program with what it needs around it.
fn program(source: &str) -> Vec<u8> {
    run(&format!("{{ const N = 600; {source} }}"))
}

#[test]
fn setting_up() {
    let neighbour = Rig::new();
    let mut tally = Tally::default();
    let builtins = Builtins { console: true, timers: true, modules: true };
    let options = |number: u64| SandboxOptions {
        // Of another size each time, or it would be one of those kept for use again.
        memory: 16 * MB + number as usize * KB,
        stack: 256 * KB,
        builtins,
        surface: Surface::FULL,
        contexts: false,
    };
    for mode in MODES {
        let none = Plan { nth: u64::MAX, ..mode };
        let (made, count) = inject::with(none, || Sandbox::new(options(tally.runs)));
        assert!(made.is_ok());
        for nth in tried(count, 200).into_iter().chain([count + 1]) {
            tally.runs += 1;
            let plan = Plan { nth, ..mode };
            let (made, met) = inject::with(plan, || Sandbox::new(options(tally.runs)));
            match made {
                Ok(_) if met < nth => tally.finished += 1,
                Ok(_) => panic!("made with something refused: {plan:?} of {count}"),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory),
            }
            assert_eq!(neighbour.run("6 * 7"), "42");
        }
    }
    eprintln!("setting up: {tally:?}");
    neighbour.assert_clean();
}

#[test]
fn programs() {
    let mut tally = Tally::default();
    for (what, source) in corpus::PROGRAMS {
        tally.play(what, |_| program(source));
    }
    eprintln!("programs: {tally:?}");
}

#[test]
fn compiled_programs() {
    let mut tally = Tally::default();
    for (what, source) in corpus::PROGRAMS {
        tally.play(what, |_| {
            let mut compile = program(source);
            compile[0] = op::COMPILE;
            compile
        });
        tally.play(what, |rig| {
            let number = rig.sandbox.add_script(compile(rig, &program(source)));
            request(op::RUN_SCRIPT, &|w| w.u32(number))
        });
    }
    eprintln!("compiled programs: {tally:?}");
}

/// Compiles what a request would run.
fn compile(rig: &Rig, program: &[u8]) -> Script {
    let mut compile = program.to_vec();
    compile[0] = op::COMPILE;
    rig.send(&compile);
    rig.sandbox.take_compiled().expect("a script")
}

#[test]
fn requests_of_every_kind() {
    let mut tally = Tally::default();
    let count = {
        let rig = Rig::new();
        requests(rig.function("(...args) => args")).len()
    };
    for index in 0..count {
        tally.play(&format!("request {index}"), |rig| {
            // As much as they need of what is there by then.
            rig.request(op::CREATE_CONTEXT, &|w| {
                w.u32(1);
                w.byte(1);
            });
            let function = rig.function("(...args) => args");
            requests(function).swap_remove(index)
        });
    }
    eprintln!("requests: {tally:?}");
}

#[test]
fn values_of_every_kind() {
    let mut tally = Tally::default();
    for (shown, write) in SAMPLES {
        tally.play(&format!("{shown} there and back"), |rig| {
            call(rig.function("(x) => [x, { x }]"), &[write])
        });
        tally.play(&format!("{shown} as a copy"), |rig| {
            let slot = rig.object(&call(rig.function("(x) => ({ x, again: [x] })"), &[write]));
            request(op::COPY, &|w| w.u32(slot))
        });
        tally.play(&format!("{shown} to the host and from it"), |rig| {
            let mut answer = quickvm::membrane::wire::Writer::new(usize::MAX);
            answer.byte(status::RETURN);
            write(&mut answer);
            *rig.host.answer.borrow_mut() = Some(answer.into_bytes());
            let slot =
                rig.function("(f, x) => { try { return [f(x), x] } catch (e) { return e } }");
            call(slot, &[&|w| host_function(w, 20), write])
        });
    }
    for source in [
        "new Error('e', { cause: [1] })",
        "Object.assign(new RangeError('x'.repeat(5000)), { code: 1, more: { a: [] } })",
        "new (class Own extends TypeError { m() {} })('own')",
        "({ ...Array.from({ length: 2000 }, (_, i) => [i]) })",
        "Array.from({ length: 2000 }, (_, i) => 's' + i)",
        "new Map(Array.from({ length: 500 }, (_, i) => [{ i }, new Set([i])]))",
        "[new Date(5), /r/g, new Uint8Array(9000), new DataView(new ArrayBuffer(8)), 2n ** 9000n]",
    ] {
        tally.play(source, |rig| {
            let slot = rig.object(&run(&format!("[{source}]")));
            request(op::COPY, &|w| w.u32(slot))
        });
        tally.play(source, |_| run(&format!("throw {source}")));
    }
    eprintln!("values: {tally:?}");
}

#[test]
fn objects_of_either_side() {
    let mut tally = Tally::default();
    for source in [
        "o.a",
        "o.a = [1]",
        "'a' in o",
        "delete o.a",
        "Object.keys(o)",
        "Reflect.ownKeys(o)",
        "Object.getOwnPropertyDescriptor(o, 'a')",
        "Object.getPrototypeOf(o)",
        "({ ...o })",
        "Object.defineProperty(o, 'a', { value: [], configurable: true, writable: true })",
        "Object.create(o).a",
        "o(1, {})",
        "new o(1, {})",
        "class D extends o {}; new D()",
        "Reflect.apply(o, {}, [o, [], () => 1])",
        "Object.freeze(o)",
    ] {
        for shape in [Shape::Object, Shape::Array, Shape::Function, Shape::Constructor] {
            tally.play(&format!("{source} on {shape:?}"), |rig| {
                let slot = rig.function(&format!("(o) => {{ {source} }}"));
                call(slot, &[&|w| host_object(w, 20, shape)])
            });
        }
    }
    let things = "{ a: [1], f() { return {} }, get g() { return [] }, [Symbol.iterator]: 1 }";
    for object in [things, "class { static a = 1 }", "[1, {}]", "new Proxy({ a: 1 }, {})"] {
        for (trap, _) in TRAPS {
            tally.play(&format!("{trap:?} on {object}"), |rig| {
                let slot = rig.object(&run(&format!("({object})")));
                match trap {
                    Trap::Set | Trap::DefineProperty => {
                        reflect(slot, trap, &[&text("a"), &nothing])
                    }
                    Trap::SetPrototypeOf => reflect(slot, trap, &[&|w| w.byte(tag::NULL)]),
                    _ => reflect(slot, trap, &[&text("a")]),
                }
            });
        }
    }
    eprintln!("objects: {tally:?}");
}

#[test]
fn calls_within_calls() {
    let mut tally = Tally::default();
    for (what, inner) in [
        ("a program", "Array.from({ length: 600 }, (_, i) => ({ i })).length"),
        ("a source text", "eval('[' + 'x => x,'.repeat(600) + ']').length"),
        ("an error", "throw new Error('inner')"),
        ("a promise", "Promise.resolve().then(() => 'x'.repeat(9000)); 1"),
    ] {
        let source = "(f) => { try { return [f({}), f([])].length } catch (e) { return 'e' } }";
        tally.play(what, |rig| {
            let request = call(rig.function(source), &[&|w| host_function(w, 20)]);
            let sandbox = Rc::downgrade(&rig.sandbox);
            *rig.host.within.borrow_mut() = Some((sandbox, program(inner)));
            request
        });
    }
    tally.play("what the host throws", |rig| {
        let mut answer = quickvm::membrane::wire::Writer::new(usize::MAX);
        answer.byte(status::THROW);
        host_error(&mut answer, 5, 21);
        *rig.host.answer.borrow_mut() = Some(answer.into_bytes());
        let slot = rig.function("(f) => { try { f() } catch (e) { throw e } }");
        call(slot, &[&|w| host_function(w, 20)])
    });
    eprintln!("calls: {tally:?}");
}

#[test]
fn builtins_of_ours() {
    let mut tally = Tally::default();
    for source in [
        "console.log('a', { b: [1] }, new Error('e')); console.table([1]); 1",
        "setTimeout(() => {}, 1, {}); clearTimeout(setInterval(() => {}, 5)); 1",
        "queueMicrotask(() => { globalThis.x = [] }); 1",
        "try { require('x') } catch (e) { e.message }",
        "import('x').catch(() => {}); 1",
        "Math.random() < 1",
    ] {
        tally.play(source, |_| run(source));
    }
    eprintln!("builtins of ours: {tally:?}");
}

#[test]
fn builtins_of_the_engine() {
    let mut tally = Tally { most_tried: 4, ..Tally::default() };
    let source = run(include_str!("corpus/builtins.js"));
    let rig = Rig::new();
    let slot = rig.object(&source);
    let Reply::Return(paths) = rig.reflect(slot, Trap::Get, &[&text("paths")]) else {
        panic!("no paths");
    };
    assert!(paths.split(',').count() > 500, "{paths}");
    let compiled = compile(&rig, &source);
    let stride = if cfg!(feature = "asan") { 120 } else { 5 };
    for path in paths.split(',').step_by((stride / effort() as usize).max(1)) {
        tally.play(path, |rig| {
            let number = rig.sandbox.add_script(compiled.clone());
            let slot = rig.object(&request(op::RUN_SCRIPT, &|w| w.u32(number)));
            call(slot, &[&|w| w.text(path)])
        });
    }
    eprintln!("builtins of the engine: {tally:?}");
}
