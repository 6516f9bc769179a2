//! Runtimes, realms and scripts: what they share, what they keep apart, and how they go.

mod support;

use std::time::Duration;

use quickvm::engine::{Limits, Origin, Realm, Runtime, Script, Thrown, Value};
use support::{answer, attempt, eval, named, run, show, Guest, NoHost, KB, MB, ROOMY};

/// A script made in `guest`.
fn compile(guest: &Guest, source: &str, origin: &Origin) -> Script {
    let (script, stop) = guest.runtime.enter(&guest.realm, None, &NoHost, |scope| {
        scope.compile(source.as_bytes(), origin).map_err(|Thrown(e)| e.to_text().unwrap()).unwrap()
    });
    assert_eq!(stop, None);
    script
}

/// The stack of the error that `source` throws.
fn trace(guest: &Guest, source: &str, origin: &Origin) -> String {
    let (stack, stop) = guest.runtime.enter(&guest.realm, None, &NoHost, |scope| {
        let Err(Thrown(error)) = scope.eval(source.as_bytes(), origin) else {
            panic!("{source} should throw")
        };
        error.get_str("stack").unwrap().to_text().unwrap()
    });
    assert_eq!(stop, None);
    stack
}

#[test]
fn realms_have_globals_and_intrinsics_of_their_own() {
    let guest = Guest::new();
    let other = Realm::new(&guest.runtime).unwrap();
    guest.run("globalThis.mark = 'first'; Array.prototype.extra = () => 1");
    assert_eq!(run(&other, "typeof mark + typeof [].extra"), "undefinedundefined");
    run(&other, "var mark = 'second'");
    assert_eq!(guest.run("mark"), "first");
    assert_eq!(run(&other, "mark"), "second");
}

#[test]
fn realms_of_a_runtime_share_objects() {
    let guest = Guest::new();
    let start = guest.used();
    let other = Realm::new(&guest.runtime).unwrap();
    let (slot, _) = guest.runtime.enter(&guest.realm, None, &NoHost, |scope| {
        let object = scope.eval(b"globalThis.shared = { list: [1] }", &named("a.js")).unwrap();
        scope.keep(&object).0
    });
    let (seen, stop) = guest.runtime.enter(&other, None, &NoHost, |scope| {
        let key = scope.key_utf8(b"borrowed").unwrap();
        scope.global().set(&key, scope.kept(slot).unwrap()).unwrap();
        eval(scope, "borrowed.list.push(2); [borrowed.list instanceof Array, Array.isArray(borrowed.list)].join()")
    });
    assert_eq!((seen.as_deref(), stop), (Ok("false,true"), None));
    assert_eq!(guest.run("shared.list.join()"), "1,2");
    assert_eq!(guest.runtime.slot_count(), 1);
    guest.runtime.release(slot);
    drop(other);
    guest.run("delete globalThis.shared");
    guest.assert_back_to(start);
}

#[test]
fn an_error_belongs_to_the_realm_whose_code_failed() {
    let guest = Guest::new();
    let other = Realm::new(&guest.runtime).unwrap();
    let (slot, _) = guest.runtime.enter(&other, None, &NoHost, |scope| {
        let function = scope.eval(b"() => null.x", &named("other.js")).unwrap();
        scope.keep(&function).0
    });
    let (own, _) = guest.runtime.enter(&guest.realm, None, &NoHost, |scope| {
        let function = scope.kept(slot).unwrap();
        let Err(Thrown(error)) = function.call(&scope.undefined(), &[]) else { panic!("no error") };
        let test = scope.eval(b"(e) => e instanceof TypeError", &named("a.js")).unwrap();
        show(test.call(&scope.undefined(), &[error]))
    });
    assert_eq!(own.as_deref(), Ok("false"));
    guest.runtime.release(slot);
}

#[test]
fn realms_may_go_in_any_order() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let guest = Guest::new();
        let start = guest.used();
        let mut realms: Vec<_> =
            (0..3).map(|_| Some(Realm::new(&guest.runtime).unwrap())).collect();
        // Each holds on to an object and a function of the one before.
        let mut slot = None;
        for realm in realms.iter().flatten() {
            let (next, _) = guest.runtime.enter(realm, None, &NoHost, |scope| {
                let key = scope.key_utf8(b"before").unwrap();
                let before = slot.and_then(|slot| scope.kept(slot));
                scope.global().set(&key, before.unwrap_or_else(|| scope.undefined())).unwrap();
                let source = b"({ f: () => globalThis, before })";
                scope.keep(&scope.eval(source, &named("a.js")).unwrap()).0
            });
            slot.replace(next).into_iter().for_each(|slot| guest.runtime.release(slot));
        }
        slot.into_iter().for_each(|slot| guest.runtime.release(slot));
        for index in order {
            realms[index] = None;
            for realm in realms.iter().flatten() {
                assert_eq!(run(realm, "typeof before"), run(realm, "typeof before"));
            }
            guest.run("[].concat({})");
        }
        guest.assert_back_to(start);
    }
}

#[test]
fn a_function_outlives_the_handle_of_its_realm() {
    let guest = Guest::new();
    let start = guest.used();
    let other = Realm::new(&guest.runtime).unwrap();
    let (slot, _) = guest.runtime.enter(&other, None, &NoHost, |scope| {
        let source = b"var n = 40; () => [n + 2, typeof Map].join()";
        scope.keep(&scope.eval(source, &named("a.js")).unwrap()).0
    });
    drop(other);
    let (value, stop) = guest.runtime.enter(&guest.realm, None, &NoHost, |scope| {
        show(scope.kept(slot).unwrap().call(&scope.undefined(), &[]))
    });
    assert_eq!((value.as_deref(), stop), (Ok("42,function"), None));
    guest.runtime.release(slot);
    guest.assert_back_to(start);
}

#[test]
fn realms_nobody_holds_are_collected() {
    let guest = Guest::with(Limits { memory: 4 * MB, ..ROOMY });
    let start = guest.used();
    // 100 realms at once would need more than the cap.
    for _ in 0..100 {
        let realm = Realm::new(&guest.runtime).unwrap();
        assert_eq!(run(&realm, "globalThis.self = globalThis; 1"), "1");
    }
    guest.assert_back_to(start);
}

#[test]
fn a_realm_can_be_made_used_and_dropped_inside_a_host_call() {
    let guest = Guest::new();
    guest.expose("fresh", 0);
    let start = guest.used();
    let host = answer(|scope, _, _| {
        let realm = Realm::new(&guest.runtime).unwrap();
        let outcome = attempt(&realm, None, &NoHost, "Promise.resolve(1).then(() => {}); 'inner'");
        assert_eq!(outcome, (Ok("inner".into()), None));
        scope.string_utf8(b"done")
    });
    for _ in 0..20 {
        let outcome = attempt(&guest.realm, None, &host, "fresh() + fresh()");
        assert_eq!(outcome, (Ok("donedone".into()), None));
    }
    guest.assert_back_to(start);
}

#[test]
fn a_runtime_goes_with_live_slots_realms_and_globals() {
    for _ in 0..20 {
        let Guest { runtime, realm } = Guest::new();
        let other = Realm::new(&runtime).unwrap();
        runtime.enter(&realm, None, &NoHost, |scope| {
            for source in ["({})", "() => 1", "new Map([[{}, {}]])", "Promise.reject(1)", "/x/g"] {
                scope.keep(&scope.eval(source.as_bytes(), &named("a.js")).unwrap());
            }
            scope.eval(b"globalThis.all = [globalThis, () => all]", &named("a.js")).unwrap();
        });
        run(&other, "globalThis.me = globalThis; new Promise(() => {}).then(() => me); 1");
        assert_eq!(runtime.slot_count(), 5);
        drop(runtime);
        drop(realm); // The last handle but one.
        drop(other);
    }
}

#[test]
fn a_runtime_may_be_given_up_while_values_are_alive() {
    let guest = Guest::new();
    let other = Realm::new(&guest.runtime).unwrap();
    guest.runtime.enter(&guest.realm, None, &NoHost, |scope| {
        let values: Vec<Value> =
            (0..100).map(|_| scope.eval(b"[{}, () => 1]", &named("a.js")).unwrap()).collect();
        let (slot, _) = scope.keep(&values[0]);
        guest.runtime.abandon();
        guest.runtime.release(slot);
        drop(values);
    });
    drop(other);
    assert!(guest.attempt("1").1.is_some());
}

#[test]
fn a_panic_in_an_entry_leaves_the_runtime_usable() {
    let guest = Guest::new();
    let start = guest.used();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        guest.runtime.enter(&guest.realm, Some(Duration::from_millis(1)), &NoHost, |scope| {
            let _value = scope.eval(b"({})", &named("a.js")).unwrap();
            panic!("on purpose");
        })
    }));
    assert!(caught.is_err());
    assert!(!guest.runtime.is_entered());
    guest.assert_back_to(start);
}

#[test]
fn a_panic_in_a_host_function_is_an_exception_in_the_guest() {
    let guest = Guest::new();
    guest.expose("fail", 0);
    let start = guest.used();
    let host = answer(|_, _, _| panic!("on purpose"));
    let source = "try { fail() } catch (e) { e instanceof TypeError }";
    assert_eq!(attempt(&guest.realm, None, &host, source), (Ok("true".into()), None));
    guest.assert_back_to(start);
}

#[test]
fn many_runtimes_live_side_by_side() {
    let guests: Vec<_> = (0..200)
        .map(|n| {
            let guest = Guest::with(Limits { memory: 2 * MB, ..ROOMY });
            guest.run(&format!("var n = {n}"));
            guest
        })
        .collect();
    for (n, guest) in guests.iter().enumerate() {
        assert_eq!(guest.run("n"), n.to_string());
        assert!(guest.runtime.heap().used() < 512 * KB);
    }
    // Every other one goes; the rest do not notice.
    let rest: Vec<_> = guests.into_iter().enumerate().filter(|(n, _)| n % 2 == 0).collect();
    for (n, guest) in rest {
        assert_eq!(guest.run("n"), n.to_string());
    }
}

#[test]
fn runtimes_on_several_threads_do_not_meet() {
    let threads: Vec<_> = (0..8)
        .map(|n| {
            std::thread::spawn(move || {
                let guest = Guest::new();
                guest
                    .run(&format!("let n = {n}; for (let i = 0; i < 1000; i++) n += [i].length; n"))
            })
        })
        .collect();
    for (n, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap(), (1000 + n).to_string());
    }
}

#[test]
fn a_limit_too_small_is_an_error_and_never_a_crash() {
    for memory in (0..600 * KB).step_by(997) {
        let Ok(runtime) = Runtime::new(Limits { memory, ..ROOMY }) else {
            continue;
        };
        if let Ok(realm) = Realm::new(&runtime) {
            let _ = attempt(&realm, Some(Duration::from_secs(5)), &NoHost, "({}).x + `${[1]}`");
        }
        assert!(runtime.heap().peak() <= memory, "{memory}");
    }
}

#[test]
fn a_full_heap_refuses_more_realms_and_goes_on() {
    let guest = Guest::with(Limits { memory: MB, ..ROOMY });
    let mut realms = Vec::new();
    while let Ok(realm) = Realm::new(&guest.runtime) {
        realms.push(realm);
        assert!(realms.len() < 1000);
    }
    assert!(realms.len() > 3, "{}", realms.len());
    assert!(guest.runtime.heap().peak() <= MB);
    realms.clear();
    // Only garbage is left, but nothing in it is free yet.
    assert_eq!(guest.run("[1, 2].length"), "2");
    assert!(Realm::new(&guest.runtime).is_ok());
}

#[test]
fn a_script_runs_in_any_realm_of_any_runtime() {
    let script = {
        let guest = Guest::new();
        let source = "var count = (globalThis.count ?? 0) + 1; class A { #x = `${count}`; get x() { return this.#x } } new A().x + /a+/u.exec('baac')";
        compile(&guest, source, &named("shared.js"))
    };
    assert!(script.size() > 0);
    let (one, two) = (Guest::new(), Guest::new());
    let third = Realm::new(&two.runtime).unwrap();
    for (realm, results) in
        [(&one.realm, ["1aa", "2aa"]), (&two.realm, ["1aa", "2aa"]), (&third, ["1aa", "2aa"])]
    {
        for result in results {
            let (value, stop) =
                realm.runtime().enter(realm, None, &NoHost, |scope| show(scope.run(&script)));
            // The class is declared once per realm; running the script again says so.
            match value {
                Ok(value) => assert_eq!(value, result),
                Err(error) => assert_eq!((error.contains("SyntaxError"), result), (true, "2aa")),
            }
            assert_eq!(stop, None);
        }
    }
}

#[test]
fn a_script_that_throws_can_be_run_again() {
    let guest = Guest::new();
    let script = compile(&guest, "throw new RangeError('again')", &named("a.js"));
    let start = guest.used();
    for _ in 0..1000 {
        let (outcome, stop) =
            guest.runtime.enter(&guest.realm, None, &NoHost, |scope| show(scope.run(&script)));
        assert_eq!((outcome, stop), (Err("RangeError: again".into()), None));
    }
    guest.assert_back_to(start);
}

#[test]
fn traces_name_the_file_the_line_and_the_column() {
    let guest = Guest::new();
    let origin = named("/apps/čaj & dům.js");
    let stack = trace(&guest, "\n\n  function fail() {\n    null.x;\n  }\n  fail()", &origin);
    assert!(stack.contains("fail (/apps/čaj & dům.js:4:"), "{stack}");
    assert!(stack.contains("/apps/čaj & dům.js:6:"), "{stack}");
}

#[test]
fn offsets_move_the_first_line_as_node_has_it() {
    let guest = Guest::new();
    let plain = trace(&guest, "x()", &named("a.js"));
    let column: u32 = column_of(&plain, "a.js:1:");
    for (line_offset, column_offset) in [(0, 0), (10, 0), (0, 7), (41, 5)] {
        let origin = Origin { line_offset, column_offset, ..named("a.js") };
        let stack = trace(&guest, "x()", &origin);
        let line = format!("a.js:{}:", line_offset + 1);
        assert_eq!(column_of(&stack, &line), column + column_offset, "{stack}");
        // A column offset is about the first line only.
        let stack = trace(&guest, "\nx()", &origin);
        let line = format!("a.js:{}:", line_offset + 2);
        assert_eq!(column_of(&stack, &line), column, "{stack}");
    }
}

#[test]
fn a_line_offset_below_zero_makes_room_for_a_wrapper() {
    let guest = Guest::new();
    for line_offset in [-1, -3] {
        let origin = Origin { line_offset, ..named("a.js") };
        let source = format!("{}null.x", "\n".repeat(line_offset.unsigned_abs() as usize + 1));
        let stack = trace(&guest, &source, &origin);
        assert!(stack.contains("a.js:2:"), "{line_offset}: {stack}");
    }
}

#[test]
fn compiled_scripts_keep_their_origin() {
    let origin = Origin { line_offset: 99, column_offset: 4, ..named("kept.js") };
    let script = compile(&Guest::new(), "x()", &origin);
    let guest = Guest::new();
    let (stack, _) = guest.runtime.enter(&guest.realm, None, &NoHost, |scope| {
        let Err(Thrown(error)) = scope.run(&script) else { panic!("no error") };
        error.get_str("stack").unwrap().to_text().unwrap()
    });
    assert_eq!(stack, trace(&guest, "x()", &origin));
    assert!(stack.contains("kept.js:100:"), "{stack}");
}

fn column_of(stack: &str, place: &str) -> u32 {
    let (_, rest) = stack.split_once(place).unwrap_or_else(|| panic!("no {place} in {stack}"));
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
fn syntax_errors_name_the_file_the_line_and_the_column() {
    let guest = Guest::new();
    let start = guest.used();
    for compiling in [false, true] {
        let origin = Origin { line_offset: 10, ..named("broken.js") };
        let (stack, stop) = guest.runtime.enter(&guest.realm, None, &NoHost, |scope| {
            let source = b"let fine = 1;\nlet let = 2;";
            let thrown = match compiling {
                true => scope.compile(source, &origin).err(),
                false => scope.eval(source, &origin).err(),
            };
            let Thrown(error) = thrown.expect("an error");
            assert_eq!(error.get_str("name").unwrap().to_text().unwrap(), "SyntaxError");
            error.get_str("stack").unwrap().to_text().unwrap()
        });
        assert_eq!(stop, None);
        assert!(column_of(&stack, "broken.js:12:") > 1, "{stack}");
    }
    guest.assert_back_to(start);
}

#[test]
fn odd_origins_and_sources_are_harmless() {
    let guest = Guest::new();
    let start = guest.used();
    let origins = [
        named(""),
        named("nul\0inside.js"),
        named(&"long".repeat(10_000)),
        Origin { line_offset: i32::MAX, column_offset: u32::MAX, ..named("far.js") },
        Origin { line_offset: i32::MIN, ..named("before.js") },
    ];
    let sources: [&[u8]; 9] = [
        b"",
        b"\0",
        b"1;\0;2",
        b"'\xed\xa0\x80'.length",
        b"\xff\xfe",
        b"'\xf0\x9f",
        b"\xc3",
        b"#!shebang",
        b"throw null",
    ];
    for origin in &origins {
        for source in sources {
            guest.runtime.enter(&guest.realm, None, &NoHost, |scope| {
                let _ = scope.eval(source, origin);
                let _ = scope.compile(source, origin);
            });
        }
    }
    guest.assert_back_to(start);
}

#[test]
fn strings_keep_every_code_unit() {
    let guest = Guest::new();
    let start = guest.used();
    let samples: [&[u16]; 7] = [
        &[],
        &[0],
        &[0x61, 0, 0x62],
        &[0xe9, 0xff],
        &[0xd800],
        &[0xdc00, 0xd800, 0x61],
        &[0xd83c, 0xdf89, 0x20ac],
    ];
    guest.runtime.enter(&guest.realm, None, &NoHost, |scope| {
        let equal = scope
            .eval(b"(s, ...units) => s === String.fromCharCode(...units)", &named("a.js"))
            .unwrap();
        for units in samples {
            let text = scope.string_utf16(units).unwrap();
            let mut args = vec![text.clone()];
            args.extend(units.iter().map(|&unit| scope.integer(unit.into())));
            assert_eq!(show(equal.call(&scope.undefined(), &args)).as_deref(), Ok("true"));
            let read = text.with_text(|text| match text {
                quickvm::engine::Text::Ascii(bytes) => bytes.iter().map(|&b| b.into()).collect(),
                quickvm::engine::Text::Utf16(units) => units.to_vec(),
            });
            assert_eq!(read.unwrap(), units);
        }
    });
    guest.assert_back_to(start);
}

#[test]
#[should_panic(expected = "a realm of another runtime")]
fn a_runtime_does_not_enter_the_realm_of_another() {
    let (one, two) = (Guest::new(), Guest::new());
    one.runtime.enter(&two.realm, None, &NoHost, |_| ());
}
