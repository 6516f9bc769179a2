//! The byte protocol between host and guest, with a host made for the purpose: what goes in
//! comes out, nothing malformed does harm, and handles go back to zero.

mod support;

use quickvm::engine::{Shape, Trap};
use quickvm::membrane::wire::{op, status, tag, Writer};
use support::rig::{
    call, host_error, host_function, host_object, request, run, text, Reply, Rig, Write, FIRST,
};
use support::samples::{requests, settle_sample, OPS, SAMPLES, TAGS};
use support::{Random, KB};

#[test]
fn values_come_back_as_they_went_in() {
    let rig = Rig::new();
    for (shown, write) in SAMPLES {
        let (identity, wrap) = (rig.function("(x) => x"), rig.function("(x) => ({ x })"));
        let live = match shown.as_bytes()[..] {
            [b'{', ..] => Some("object"),
            [b'[', ..] => Some("array"),
            // Numbered from the object around it, which is not there.
            _ if shown.contains("ref 1") => None,
            _ => Some(*shown),
        };
        for _ in 0..3 {
            let reply = rig.copied(&call(wrap, &[write]));
            assert_eq!(reply, Reply::Return(format!("{{x: {shown}}}")));
            let reply = rig.call(identity, &[write]);
            assert!(live.is_none_or(|live| reply == Reply::Return(live.into())), "{reply:?}");
        }
        rig.request(op::SETTLE, &|w| {
            w.u32(42);
            w.byte(1);
            w.byte(tag::NULL);
        });
        rig.release_all();
    }
    // Several promises were made in the slot, of which only the last could be settled.
    let twins = rig.sandbox.usage().guest_handles;
    assert!(twins <= 10, "{twins}");
}

#[test]
fn shared_and_nested_values_keep_their_shape() {
    let rig = Rig::new();
    let source = "const o = { a: [] }; o.b = o.a; o.c = new Map([[o, new Set([o.a])]]); o";
    let copy = "{a: [|], b: ref 1, c: Map(ref 0, Set(ref 1))}";
    assert_eq!(rig.copied(&run(source)), Reply::Return(copy.into()));
    assert_eq!(rig.run("o"), "object");
    assert_eq!(rig.run("o.c"), "Map(object, Set(array))");
    rig.assert_clean();
}

#[test]
fn lowered_values_are_of_the_guests_own_classes() {
    let rig = Rig::new();
    let test = rig.function(
        "(x) => x === null || typeof x !== 'object' ? typeof x : `${x.constructor?.name} ${x instanceof Object}`",
    );
    let classes: Vec<_> = SAMPLES
        .iter()
        .filter(|(shown, _)| !shown.starts_with("home 42") && !shown.contains("__proto__"))
        .map(|(_, write)| rig.call(test, &[write]))
        .collect();
    for class in [
        "Object true",
        "Array true",
        "Map true",
        "Date true",
        "RegExp true",
        "TypeError true",
        "Uint16Array true",
        "DataView true",
        "String true",
        "function",
        "bigint",
        "symbol",
    ] {
        assert!(classes.contains(&Reply::Return(class.into())), "{class} in {classes:?}");
    }
    rig.assert_clean();
}

#[test]
fn the_guest_calls_and_constructs_host_functions() {
    let rig = Rig::new();
    let apply = rig.function("(f) => [f(1, 'x'), f.call({ a: 1 }), f.length, f.name]");
    *rig.host.answer.borrow_mut() = Some(vec![status::RETURN, tag::TRUE]);
    let reply = rig.copied(&call(apply, &[&|w| host_function(w, 20)]));
    assert_eq!(reply, Reply::Return("[true, true, 1, host|]".into()));
    assert_eq!(rig.log(), ["20(1, x)[undefined]", "20()[object]"]);
    let all_ways =
        rig.function("(F, G) => { F(); new F(2); Reflect.construct(F, [3], class {}); G() }");
    rig.call(
        all_ways,
        &[&|w| host_object(w, 21, Shape::Constructor), &|w| host_object(w, 22, Shape::Function)],
    );
    assert_eq!(
        rig.log(),
        ["21()[undefined]", "new 21(2)[undefined]", "new 21(3)[constructor]", "22()[undefined]"]
    );
    let make = rig.function("(f) => new f()");
    let reply = rig.call(make, &[&|w| host_object(w, 22, Shape::Function)]);
    assert!(matches!(&reply, Reply::Throw(error) if error.starts_with("error 5")), "{reply:?}");
    rig.assert_clean();
}

#[test]
fn what_the_guest_does_to_a_host_object_is_asked_of_the_host() {
    let rig = Rig::new();
    *rig.host.answer.borrow_mut() = Some(vec![status::RETURN, tag::TRUE]);
    for (source, asked) in [
        ("o.a", "Get 20(a, home 20)"),
        ("o.a = 1", "Set 20(a, 1, home 20)"),
        ("o.a = o", "Set 20(a, home 20, ref 0)"),
        ("'a' in o", "Has 20(a)"),
        ("delete o.a", "DeleteProperty 20(a)"),
        (
            "Object.defineProperty(o, 'a', { value: [], writable: true, configurable: true })",
            "DefineProperty 20(a, {value: array, writable: true, configurable: true})",
        ),
        ("Reflect.setPrototypeOf(o, null)", "SetPrototypeOf 20(null)"),
        ("Object.create(o).a", "Get 20(a, object)"),
        ("Object.isExtensible(o)", "IsExtensible 20()"),
    ] {
        let ask = rig.function(&format!("(o) => {{ 'use strict'; {source} }}"));
        let reply = rig.call(ask, &[&|w| host_object(w, 20, Shape::Object)]);
        assert_eq!(reply, Reply::Return("undefined".into()), "{source}");
        assert_eq!(rig.log()[0], asked, "{source}");
    }
    *rig.host.answer.borrow_mut() = Some(vec![status::RETURN, tag::NULL]);
    let prototype = rig.function("(o) => Object.getPrototypeOf(o)");
    let reply = rig.call(prototype, &[&|w| host_object(w, 20, Shape::Array)]);
    assert_eq!(
        (reply, rig.log()),
        (Reply::Return("null".into()), vec!["GetPrototypeOf 20()".into()])
    );
    let test = rig.function("(...all) => all.map((x) => `${typeof x} ${Array.isArray(x)}`).join()");
    let all: [Write<'_>; 4] = [
        &|w| host_object(w, 30, Shape::Object),
        &|w| host_object(w, 31, Shape::Array),
        &|w| host_object(w, 32, Shape::Function),
        &|w| host_object(w, 33, Shape::Constructor),
    ];
    let shapes = "object false,object true,function false,function false";
    assert_eq!(rig.call(test, &all), Reply::Return(shapes.into()));
    rig.assert_clean();
}

#[test]
fn what_a_proxy_may_not_answer_is_an_error_in_the_guest() {
    let rig = Rig::new();
    let look = rig.function(
        "(o) => { try { return typeof Reflect.ownKeys(o) } catch (e) { return e instanceof TypeError } }",
    );
    for answer in [
        vec![status::RETURN, tag::NULL],
        vec![status::RETURN, tag::ARRAY, 1, 0, 0, 0, tag::TRUE, 0, 0, 0, 0],
        vec![status::RETURN, 200],
        vec![],
    ] {
        *rig.host.answer.borrow_mut() = Some(answer);
        let reply = rig.call(look, &[&|w| host_object(w, 20, Shape::Object)]);
        assert_eq!(reply, Reply::Return("true".into()));
    }
    rig.assert_clean();
}

#[test]
fn the_host_does_to_a_guest_object_what_reflect_does() {
    let rig = Rig::new();
    let object =
        rig.function("var o = { a: 1, get b() { return this.a + 1 }, set b(v) { this.a = v } }; o");
    let (a, b): (Write<'_>, Write<'_>) = (&text("a"), &text("b"));
    let five: Write<'_> = &|w| {
        w.byte(tag::INTEGER);
        w.i32(5);
    };
    let data: Write<'_> = &|w| {
        w.byte(tag::OBJECT);
        w.u32(1);
        w.text("value");
        w.text("fixed");
    };
    let other: Write<'_> = &|w| {
        w.byte(tag::OBJECT);
        w.u32(1);
        w.text("a");
        w.byte(tag::NULL);
    };
    for (trap, args, expected) in [
        (Trap::Get, &[b][..], "2"),
        (Trap::Get, &[b, other], "1"),
        (Trap::Set, &[b, five], "true"),
        (Trap::Get, &[a], "5"),
        (Trap::Has, &[a], "true"),
        (Trap::OwnKeys, &[], "[a, b|]"),
        (
            Trap::GetOwnPropertyDescriptor,
            &[a],
            "{value: 5, writable: true, enumerable: true, configurable: true}",
        ),
        (
            Trap::GetOwnPropertyDescriptor,
            &[b],
            "{get: function, set: function, enumerable: true, configurable: true}",
        ),
        (Trap::DeleteProperty, &[b], "true"),
        (Trap::Has, &[b], "false"),
        (Trap::DefineProperty, &[a, data], "true"),
        (Trap::GetOwnPropertyDescriptor, &[b], "undefined"),
        (Trap::IsExtensible, &[], "true"),
        (Trap::PreventExtensions, &[], "true"),
        (Trap::IsExtensible, &[], "false"),
        (Trap::Set, &[b, five], "false"),
        (Trap::SetPrototypeOf, &[other], "false"),
    ] {
        let reply = rig.reflect(object, trap, args);
        assert_eq!(reply, Reply::Return(expected.into()), "{trap:?}");
    }
    assert_eq!(rig.run("Object.keys(o).join() + o.a"), "afixed");
    let prototype = rig.reflect(object, Trap::GetPrototypeOf, &[]);
    assert!(
        matches!(&prototype, Reply::Return(shown) if shown.starts_with("intrinsic")),
        "{prototype:?}"
    );
    for (trap, args) in [(Trap::OwnKeys, &[][..]), (Trap::Get, &[a]), (Trap::Has, &[a])] {
        let proxy = rig.function(
            "new Proxy({}, { get() { throw 1 }, has() { throw 1 }, ownKeys() { throw 1 } })",
        );
        assert_eq!(rig.reflect(proxy, trap, args), Reply::Throw("1".into()));
        assert!(matches!(rig.reflect(9999, trap, args), Reply::Uncrossable(..)));
    }
    rig.run("o = undefined");
    rig.assert_clean();
}

#[test]
fn what_the_host_throws_is_caught_and_goes_home() {
    let rig = Rig::new();
    let mut answer = Writer::new(1000);
    answer.byte(status::THROW);
    host_error(&mut answer, 5, 30);
    *rig.host.answer.borrow_mut() = Some(answer.into_bytes());
    let look = rig.function(
        "(f) => { try { f() } catch (e) { return [e instanceof TypeError, e.message, e.code, e] } }",
    );
    let reply = rig.copied(&call(look, &[&|w| host_function(w, 20)]));
    let home = "home 30: no such thing {code: ERR_X}";
    assert_eq!(reply, Reply::Return(format!("[true, no such thing, ERR_X, {home}|]")));
    let pass = rig.function("(f) => f()");
    assert_eq!(rig.call(pass, &[&|w| host_function(w, 20)]), Reply::Throw(home.into()));
    let change =
        rig.function("(f) => { try { f() } catch (e) { e.code = 1; e.message = 'm'; throw e } }");
    let changed = Reply::Throw("home 30: m {code: 1}".into());
    assert_eq!(rig.call(change, &[&|w| host_function(w, 20)]), changed);
    rig.assert_clean();
}

#[test]
fn errors_are_lifted_with_class_message_cause_and_fields() {
    let rig = Rig::new();
    let source = "throw Object.assign(new RangeError('far', { cause: new Error('root') }), { code: 'E', f: 1 })";
    let expected = "error 2 RangeError: far because error 0 Error: root {} {code: E, f: 1}";
    assert_eq!(rig.try_run(source), Reply::Throw(expected.into()));
    // What hangs on an error is copied, for it is read when the guest is gone; what cannot be
    // copied stays where it is.
    let source = "throw Object.assign(new Error('e'), { o: { a: [1] }, w: new WeakMap(), f() {} })";
    let expected = "error 0 Error: e {o: {a: [1|]}, w: object, f: function}";
    assert_eq!(rig.try_run(source), Reply::Throw(expected.into()));
    let source = "throw new (class AppError extends TypeError {})('mine')";
    assert_eq!(rig.try_run(source), Reply::Throw("error 5 of object TypeError: mine {}".into()));
    rig.assert_clean();
}

#[test]
fn what_cannot_be_copied_is_refused_by_its_path() {
    let rig = Rig::new();
    for (source, path) in [
        ("({ a: [0, new Proxy({}, {})] })", "result.a[1]"),
        ("[new (class A {})]", "result[0]"),
        ("({ m: new Map([['k', new WeakMap()]]) })", "result.m.get(\"k\")"),
        ("({ 'a b': { 7: new Proxy([], {}) } })", "result[\"a b\"][7]"),
        ("new Proxy({}, {})", "result"),
        ("new WeakMap()", "result"),
    ] {
        match rig.copied(&run(source)) {
            Reply::Uncrossable(found, _) => assert_eq!(found, path),
            other => panic!("{source} came to {other:?}"),
        }
        rig.assert_clean();
    }
}

#[test]
fn what_cannot_be_copied_is_used_where_it_is() {
    let rig = Rig::new();
    for (source, shape) in [
        ("new Proxy({}, {})", "object"),
        ("new Proxy([], {})", "array"),
        ("new Proxy(() => {}, {})", "function"),
        ("new Proxy(class {}, {})", "constructor"),
        ("new (class A {})", "object"),
        ("new WeakMap()", "object"),
        ("(function* () {})()", "object"),
        ("(class A {})", "constructor"),
        ("(function () {})", "constructor"),
        ("() => {}", "function"),
        ("new Map([['k', new WeakMap()]])", "Map(k, object)"),
        ("Object", "constructor"),
        ("Math", "object"),
    ] {
        assert_eq!(rig.run(&format!("({source})")), shape, "{source}");
    }
    rig.assert_clean();
}

#[test]
fn guest_promises_are_settled_once() {
    let rig = Rig::new();
    assert_eq!(rig.run("var p = Promise.resolve(7); p"), "promise");
    assert_eq!(rig.log(), ["0 fulfilled 7"]);
    let twice = "var settle; var q = new Promise((f) => settle = f); [q, q]";
    assert_eq!(rig.copied(&run(twice)), Reply::Return("[promise, ref 1|]".into()));
    assert_eq!(rig.run("q"), "promise");
    rig.run("settle('late'); 1");
    let told: Vec<_> = rig.log().into_iter().filter(|note| note.contains("late")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    rig.run("p = q = settle = undefined");
    rig.assert_clean();
}

#[test]
fn a_promise_whose_message_was_taken_back_settles_no_other() {
    let rig = Rig::new();
    // The first promise gets a slot, which goes back when its neighbour cannot cross.
    let source = "var first; [new Promise((f) => first = f), new Proxy({}, {})]";
    let refused = rig.copied(&run(source));
    assert!(matches!(refused, Reply::Uncrossable(..)), "{refused:?}");
    assert_eq!(rig.run("var second; new Promise((f) => second = f)"), "promise");
    rig.run("first('of the first'); 1");
    assert_eq!(rig.log(), [""; 0], "the host was told about a promise it never saw");
    rig.run("second('of the second'); first = second = undefined");
    let log = rig.log();
    assert!(matches!(&log[..], [one] if one.ends_with(" fulfilled of the second")), "{log:?}");
    rig.assert_clean();
}

#[test]
fn host_promises_are_settled_by_the_host() {
    for (fulfilled, expected) in [(1, "fulfilled hello"), (0, "rejected hello")] {
        let rig = Rig::new();
        let follow = rig.function("(p) => p.then((v) => `fulfilled ${v}`, (e) => `rejected ${e}`)");
        let reply = rig.call(
            follow,
            &[&|w| {
                w.byte(tag::PROMISE);
                w.u32(50);
            }],
        );
        assert_eq!((reply, rig.log()), (Reply::Return("promise".into()), vec![]));
        for _ in 0..2 {
            rig.request(op::SETTLE, &|w| {
                w.u32(50);
                w.byte(fulfilled);
                w.text("hello");
            });
        }
        let log = rig.log();
        assert_eq!(log.len(), 1, "{log:?}");
        assert!(log[0].ends_with(expected), "{log:?}");
        rig.assert_clean();
    }
}

#[test]
fn only_rejections_that_nobody_handles_are_reported() {
    let rig = Rig::new();
    rig.run("Promise.reject('lost'); Promise.reject('found').catch(() => {}); 1");
    assert_eq!(rig.log(), ["unhandled lost"]);
    // The first promise is gone, and its place in memory free, when the second comes.
    rig.run("(() => { Promise.reject('lost') })(); (() => { Promise.reject('found').catch(() => {}) })(); 1");
    assert_eq!(rig.log(), ["unhandled lost"]);
    rig.assert_clean();
}

#[test]
fn the_trailer_names_what_the_guest_let_go_of() {
    let rig = Rig::new();
    let keep = rig.function("var kept; (f) => { kept = f }");
    rig.call(keep, &[&|w| host_function(w, 77)]);
    assert_eq!(rig.host.released.take(), []);
    rig.run("1");
    assert_eq!(rig.host.released.take(), [], "it is still in use");
    rig.run("kept = undefined");
    assert_eq!(rig.host.released.take(), [77]);
    // Errors, promises and symbols are let go of, too; each once.
    let ignore = rig.function("() => {}");
    rig.call(
        ignore,
        &[
            &|w| host_error(w, 0, 78),
            &|w| host_function(w, 79),
            &|w| host_function(w, 79),
            &|w| host_object(w, 80, Shape::Object),
            &|w| host_object(w, 80, Shape::Object),
            &|w| host_object(w, 81, Shape::Constructor),
        ],
    );
    rig.run("1");
    let mut released = rig.host.released.take();
    released.sort_unstable();
    assert_eq!(released, [78, 79, 80, 81]);
    rig.assert_clean();
}

#[test]
fn services_and_reactions_are_never_named_as_released() {
    let rig = Rig::new();
    rig.run("delete globalThis.console; delete globalThis.setTimeout; 1");
    rig.run("Promise.resolve(1)");
    rig.release_all();
    let free = rig.sandbox.usage().memory_limit - rig.sandbox.usage().memory;
    rig.run(&format!("void new ArrayBuffer({})", free - 512 * KB));
    rig.run("1");
    assert!(rig.host.released.take().iter().all(|slot| (FIRST..1 << 31).contains(slot)));
}

#[test]
fn a_function_crosses_under_one_slot_and_comes_home() {
    let rig = Rig::new();
    let slot = rig.function("var f = (a, b) => 'called'; f");
    assert_eq!(rig.function("f"), slot);
    assert_eq!(rig.sandbox.usage().guest_handles, 1);
    let same = rig.function("(g) => g === f");
    let home: Write<'_> = &|w| {
        w.byte(tag::HOME);
        w.u32(slot);
    };
    assert_eq!(rig.call(same, &[home]), Reply::Return("true".into()));
    assert_eq!(rig.call(slot, &[]), Reply::Return("called".into()));
    rig.assert_clean();
    assert!(matches!(rig.call(slot, &[]), Reply::Uncrossable(..)), "it was let go of");
    rig.run("f = undefined");
    rig.assert_clean();
}

#[test]
fn the_global_object_is_read_and_written() {
    let rig = Rig::new();
    let global = rig.object(&request(op::GLOBAL, &|_| ()));
    assert_eq!(rig.function("globalThis"), global);
    let key: Write<'_> = &|w| w.text("made");
    assert_eq!(rig.reflect(global, Trap::Has, &[key]), Reply::Return("false".into()));
    rig.request(op::GLOBAL_SET, &|w| {
        w.text("made");
        w.text("here");
    });
    assert_eq!(rig.reflect(global, Trap::Get, &[key]), Reply::Return("here".into()));
    let Reply::Return(keys) = rig.reflect(global, Trap::OwnKeys, &[]) else { panic!("no keys") };
    assert!(keys.contains("made"), "{keys}");
    assert_eq!(rig.run("made"), "here");
    assert_eq!(rig.reflect(global, Trap::DeleteProperty, &[key]), Reply::Return("true".into()));
    assert_eq!(rig.reflect(global, Trap::Has, &[key]), Reply::Return("false".into()));
    // What would be converted to a key could run code.
    let odd = rig.request(op::GLOBAL_SET, &|w| {
        w.byte(tag::OBJECT);
        w.u32(0);
        w.text("here");
    });
    assert!(matches!(odd, Reply::Uncrossable(..)), "{odd:?}");
    rig.assert_clean();
}

#[test]
fn a_stopped_request_hands_out_nothing() {
    let rig = Rig::new();
    let mut request = run("[() => 1, Promise.resolve(), new Error('e'), (() => { for (;;); })()]");
    request[1..9].copy_from_slice(&20.0f64.to_le_bytes());
    assert_eq!(rig.send(&request), Reply::Stop(0));
    assert_eq!(rig.try_run("{ const a = []; for (;;) a.push({}) }"), Reply::Stop(1));
    rig.assert_clean();
}

#[test]
fn a_host_that_cannot_answer_is_an_error_in_the_guest() {
    let rig = Rig::new();
    let answers = [
        None,
        Some(vec![]),
        Some(vec![status::RETURN]),
        Some(vec![9, tag::NULL]),
        Some(vec![status::RETURN, 200]),
        Some(vec![status::RETURN, tag::ARRAY, 255, 255, 255, 255]),
        Some(vec![status::THROW, tag::HOME, 9, 9, 0, 0]),
        Some(vec![status::STOP, tag::UNDEFINED]),
    ];
    let look =
        rig.function("(f) => { try { return f() } catch (e) { return e instanceof TypeError } }");
    for answer in answers {
        *rig.host.answer.borrow_mut() = answer.clone();
        let reply = rig.call(look, &[&|w| host_function(w, 20)]);
        assert_eq!(reply, Reply::Return("true".into()), "{answer:?}");
    }
    rig.assert_clean();
}

#[test]
fn every_truncation_of_a_request_is_answered() {
    let rig = Rig::new();
    let function = rig.function("(...args) => args");
    for request in requests(function) {
        for end in 0..request.len() {
            rig.send(&request[..end]);
            settle_sample(&rig);
        }
        rig.log();
    }
    assert_eq!(rig.run("1 + 1"), "2");
    rig.assert_clean();
}

#[test]
fn random_bytes_are_answered() {
    let rig = Rig::new();
    let mut random = Random(1);
    for _ in 0..4000 {
        let length = random.below(60);
        let mut bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        // Most of them get past the header, with tags that mean something.
        if length > 9 && random.below(4) > 0 {
            bytes[0] = OPS[random.below(OPS.len())];
            bytes[1..9].copy_from_slice(&1000.0f64.to_le_bytes());
            bytes[9..].iter_mut().step_by(1 + random.below(4)).for_each(|byte| *byte %= TAGS);
        }
        rig.send(&bytes);
    }
    assert_eq!(rig.run("1 + 1"), "2");
}

#[test]
fn requests_with_random_damage_are_answered() {
    let mut random = Random(2);
    for _ in 0..8 {
        let rig = Rig::new();
        let function = rig.function("(...args) => args");
        let requests = requests(function);
        for _ in 0..500 {
            let mut bytes = requests[random.below(requests.len())].clone();
            for _ in 0..1 + random.below(3) {
                let place = match random.below(8) {
                    0 => 0,
                    _ => {
                        9.min(bytes.len() - 1) + random.below(bytes.len().saturating_sub(9).max(1))
                    }
                };
                let place = place.min(bytes.len() - 1);
                match random.below(4) {
                    0 => bytes[place] = random.next() as u8,
                    1 => bytes[place] = random.below(TAGS.into()) as u8,
                    2 => bytes[place] ^= 1 << random.below(8),
                    _ => bytes.truncate(place.max(1)),
                }
            }
            rig.send(&bytes);
        }
        assert_eq!(rig.run("1 + 1"), "2");
    }
}

#[test]
fn random_answers_of_the_host_are_survived() {
    let rig = Rig::new();
    let mut random = Random(3);
    let call_it =
        rig.function("(f) => { try { return typeof f() } catch (e) { return typeof e } }");
    for _ in 0..2000 {
        let answer = (0..random.below(40)).map(|_| random.below(TAGS.into()) as u8).collect();
        *rig.host.answer.borrow_mut() = Some(answer);
        let reply = rig.call(call_it, &[&|w| host_function(w, 20)]);
        // Some answers are huge, as far as they go.
        assert!(matches!(reply, Reply::Return(_) | Reply::Stop(_)), "{reply:?}");
    }
    assert_eq!(rig.run("1 + 1"), "2");
}
