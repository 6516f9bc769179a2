//! The byte protocol between host and guest, with a host made for the purpose: what goes in
//! comes out, nothing malformed does harm, and handles go back to zero.

mod support;

use std::cell::RefCell;
use std::collections::BTreeSet;

use quickvm::guest::Builtins;
use quickvm::membrane::wire::{op, status, tag, Malformed, Reader, Writer};
use quickvm::{Channel, Sandbox, SandboxOptions};
use support::{Random, KB, MB};

/// The first slot that is the host's own.
const FIRST: u32 = quickvm::guest::service::END;

/// A value of a message as text, in notation made up for these tests. Slots of the guest
/// that it names are added to `slots`.
fn read(reader: &mut Reader<'_>, slots: &mut BTreeSet<u32>) -> Result<String, Malformed> {
    let mut slot = |reader: &mut Reader<'_>| {
        let slot = reader.u32()?;
        slots.insert(slot);
        Ok::<_, Malformed>(slot)
    };
    Ok(match reader.byte()? {
        tag::UNDEFINED => "undefined".into(),
        tag::NULL => "null".into(),
        tag::TRUE => "true".into(),
        tag::FALSE => "false".into(),
        tag::INTEGER => reader.i32()?.to_string(),
        tag::NUMBER => format!("{:?}", reader.f64()?),
        tag::BIGINT => {
            let sign = if reader.flag()? { "-" } else { "" };
            format!("{sign}0x{}n", read(reader, slots)?)
        }
        tag::LATIN1 => format!("{}", String::from_utf8_lossy(reader.block()?)),
        tag::UTF16 => String::from_utf16_lossy(&reader.units()?),
        tag::WELL_KNOWN_SYMBOL => format!("@@{}", reader.i32()?),
        tag::REGISTERED_SYMBOL => format!("@{}", read(reader, slots)?),
        tag::HOLE => "hole".into(),
        tag::REFERENCE => format!("ref {}", reader.u32()?),
        tag::HOME => format!("home {}", reader.u32()?),
        tag::SYMBOL => {
            slot(reader)?;
            format!("symbol {}", read(reader, slots)?)
        }
        tag::FUNCTION => {
            slot(reader)?;
            let name = read(reader, slots)?;
            let (length, _) = (reader.u32()?, reader.flag()?);
            format!("function {name}/{length}")
        }
        tag::PROMISE => {
            slot(reader)?;
            "promise".into()
        }
        tag::OBJECT => format!("{{{}}}", properties(reader, slots)?),
        tag::ARRAY => {
            let count = reader.u32()?;
            let elements = values(reader, slots, count)?;
            format!("[{elements}|{}]", properties(reader, slots)?)
        }
        tag::SPARSE_ARRAY => {
            format!("[sparse {}|{}]", reader.u32()?, properties(reader, slots)?)
        }
        tag::MAP => {
            let count = reader.u32()?;
            format!("Map({})", values(reader, slots, count * 2)?)
        }
        tag::SET => {
            let count = reader.u32()?;
            format!("Set({})", values(reader, slots, count)?)
        }
        tag::DATE => format!("Date({:?})", reader.f64()?),
        tag::REGEXP => format!("/{}/{}", read(reader, slots)?, read(reader, slots)?),
        tag::ERROR => {
            let class = reader.byte()?;
            slot(reader)?;
            let (name, message) = (read(reader, slots)?, read(reader, slots)?);
            read(reader, slots)?; // the stack
            let cause = match reader.flag()? {
                true => format!(" because {}", read(reader, slots)?),
                false => String::new(),
            };
            format!("error {class} {name}: {message}{cause} {{{}}}", properties(reader, slots)?)
        }
        tag::ARRAY_BUFFER => format!("buffer {:?}", reader.block()?),
        tag::TYPED_ARRAY => {
            let kind = reader.byte()?;
            let buffer = read(reader, slots)?;
            format!("view {kind} {buffer} {:?} {:?}", reader.f64()?, reader.f64()?)
        }
        tag::DATA_VIEW => {
            let buffer = read(reader, slots)?;
            format!("view {buffer} {:?} {:?}", reader.f64()?, reader.f64()?)
        }
        tag::BOXED => format!("boxed {}", read(reader, slots)?),
        tag::INSTANCE => format!("{} {{{}}}", read(reader, slots)?, properties(reader, slots)?),
        tag::PLACEHOLDER => read(reader, slots)?,
        _ => return Err(Malformed),
    })
}

fn values(
    reader: &mut Reader<'_>,
    slots: &mut BTreeSet<u32>,
    count: u32,
) -> Result<String, Malformed> {
    let values: Result<Vec<_>, _> = (0..count).map(|_| read(reader, slots)).collect();
    Ok(values?.join(", "))
}

fn properties(reader: &mut Reader<'_>, slots: &mut BTreeSet<u32>) -> Result<String, Malformed> {
    let count = reader.u32()?;
    let pair = |_| Ok(format!("{}: {}", read(reader, slots)?, read(reader, slots)?));
    let pairs: Result<Vec<_>, Malformed> = (0..count).map(pair).collect();
    Ok(pairs?.join(", "))
}

/// What the guest has let go of, which ends each of its messages.
fn released(reader: &mut Reader<'_>) -> Vec<u32> {
    let count = reader.u32().expect("a trailer");
    let slots = (0..count).map(|_| reader.u32().expect("a released slot")).collect();
    assert_eq!(reader.byte(), Err(Malformed), "something after the trailer");
    slots
}

/// How a request ended: its value, what was thrown, or why neither could be.
#[derive(Debug, PartialEq)]
enum Reply {
    Return(String),
    Throw(String),
    Stop(u8),
    Uncrossable(String, String),
}

/// A host that takes notes and answers each request with the same message.
struct FakeHost {
    log: RefCell<Vec<String>>,
    released: RefCell<Vec<u32>>,
    slots: RefCell<BTreeSet<u32>>,
    answer: RefCell<Option<Vec<u8>>>,
}

impl Channel for FakeHost {
    fn send(&self, message: &[u8]) -> Option<Vec<u8>> {
        let (mut reader, mut slots) = (Reader::new(message), self.slots.borrow_mut());
        let note = self.note(&mut reader, &mut slots).expect("a message of the guest");
        self.log.borrow_mut().push(note);
        self.released.borrow_mut().extend(released(&mut reader));
        self.answer.borrow().clone()
    }
}

impl FakeHost {
    fn note(
        &self,
        reader: &mut Reader<'_>,
        slots: &mut BTreeSet<u32>,
    ) -> Result<String, Malformed> {
        Ok(match reader.byte()? {
            op::CALL => {
                let slot = reader.u32()?;
                let new = if reader.flag()? { "new " } else { "" };
                let this = read(reader, slots)?;
                let count = reader.u32()?;
                format!("{new}{slot}({})[{this}]", values(reader, slots, count)?)
            }
            op::SETTLE => {
                let slot = reader.u32()?;
                let how = if reader.flag()? { "fulfilled" } else { "rejected" };
                format!("{slot} {how} {}", read(reader, slots)?)
            }
            op::UNHANDLED => format!("unhandled {}", read(reader, slots)?),
            op::FAILED => {
                reader.u32()?;
                format!("failed {} {}", reader.text()?, reader.text()?)
            }
            _ => return Err(Malformed),
        })
    }
}

/// A sandbox with its host.
struct Rig {
    sandbox: Sandbox,
    host: FakeHost,
    /// Bytes in use at the start.
    start: usize,
}

type Write<'w> = &'w dyn Fn(&mut Writer);

impl Rig {
    fn new() -> Self {
        let builtins = Builtins { console: true, timers: true, modules: true };
        let options = SandboxOptions { memory: 16 * MB, stack: 256 * KB, builtins };
        let rig = Self {
            sandbox: Sandbox::new(options).unwrap(),
            host: FakeHost {
                log: RefCell::default(),
                released: RefCell::default(),
                slots: RefCell::default(),
                answer: RefCell::new(Some(vec![status::RETURN, tag::UNDEFINED])),
            },
            start: 0,
        };
        rig.run("0");
        Self { start: rig.sandbox.usage().memory, ..rig }
    }

    /// Sends raw bytes; whatever they are, the answer must be one.
    fn send(&self, request: &[u8]) -> Reply {
        let reply = self.sandbox.handle(request, &self.host);
        self.parse(&reply)
    }

    fn parse(&self, reply: &[u8]) -> Reply {
        let (mut reader, mut slots) = (Reader::new(reply), self.host.slots.borrow_mut());
        let reply = match reader.byte().expect("a status") {
            status::RETURN => Reply::Return(read(&mut reader, &mut slots).expect("a value")),
            status::THROW => Reply::Throw(read(&mut reader, &mut slots).expect("a value")),
            status::STOP => Reply::Stop(reader.byte().expect("a reason")),
            _ => Reply::Uncrossable(reader.text().expect("a path"), reader.text().expect("what")),
        };
        self.host.released.borrow_mut().extend(released(&mut reader));
        reply
    }

    fn request(&self, op: u8, write: Write<'_>) -> Reply {
        self.send(&request(op, write))
    }

    #[track_caller]
    fn run(&self, source: &str) -> String {
        match self.try_run(source) {
            Reply::Return(value) => value,
            other => panic!("{source}\ncame to {other:?}"),
        }
    }

    fn try_run(&self, source: &str) -> Reply {
        self.send(&run(source))
    }

    /// The slot of the function that `source` evaluates to.
    fn function(&self, source: &str) -> u32 {
        let reply = self.sandbox.handle(&run(source), &self.host);
        let mut reader = Reader::new(&reply);
        assert_eq!((reader.byte(), reader.byte()), (Ok(status::RETURN), Ok(tag::FUNCTION)));
        self.parse(&reply);
        reader.u32().unwrap()
    }

    fn call(&self, slot: u32, args: &[Write<'_>]) -> Reply {
        self.send(&call(slot, args))
    }

    fn log(&self) -> Vec<String> {
        self.host.log.take()
    }

    /// Lets go of everything that the guest has handed out, as the host's collector does.
    fn release_all(&self) {
        for slot in self.host.slots.take() {
            self.sandbox.release(slot);
        }
    }

    /// Asserts that the guest works and that no handle and hardly a byte is left.
    #[track_caller]
    fn assert_clean(&self) {
        self.release_all();
        assert_eq!(self.run("[40, 2].reduce((a, b) => a + b)"), "42");
        // One more than the reserve leaves free: the collector is called.
        let free = self.sandbox.usage().memory_limit - self.sandbox.usage().memory;
        self.run(&format!("void new ArrayBuffer({})", free - 512 * KB));
        let usage = self.sandbox.usage();
        assert_eq!(usage.guest_handles, 0);
        assert!(usage.memory < self.start + 64 * KB, "{} {}", usage.memory, self.start);
    }
}

fn request(op: u8, write: Write<'_>) -> Vec<u8> {
    let mut message = Writer::new(usize::MAX);
    message.byte(op);
    message.f64(10_000.0);
    write(&mut message);
    message.into_bytes()
}

fn run(source: &str) -> Vec<u8> {
    request(op::RUN, &|w| {
        w.text("test.js");
        w.i32(0);
        w.u32(0);
        w.text(source);
    })
}

fn call(slot: u32, args: &[Write<'_>]) -> Vec<u8> {
    request(op::CALL, &|w| {
        w.u32(slot);
        w.byte(0);
        w.byte(tag::UNDEFINED);
        w.u32(args.len() as u32);
        args.iter().for_each(|write| write(w));
    })
}

fn text(text: &'static str) -> impl Fn(&mut Writer) {
    move |w| w.text(text)
}

/// A host function as the host writes it.
fn host_function(w: &mut Writer, slot: u32) {
    w.byte(tag::FUNCTION);
    w.u32(slot);
    w.text("host");
    w.u32(1);
    w.byte(0);
}

fn host_error(w: &mut Writer, class: u8, slot: u32) {
    w.byte(tag::ERROR);
    w.byte(class);
    w.u32(slot);
    w.text("TypeError");
    w.text("no such thing");
    w.byte(0);
    w.u32(1);
    w.text("code");
    w.text("ERR_X");
}

/// Values as the host writes them, and as the guest writes them back.
const SAMPLES: &[(&str, Write<'static>)] = &[
    ("undefined", &|w| w.byte(tag::UNDEFINED)),
    ("null", &|w| w.byte(tag::NULL)),
    ("true", &|w| w.byte(tag::TRUE)),
    ("false", &|w| w.byte(tag::FALSE)),
    ("-7", &|w| {
        w.byte(tag::INTEGER);
        w.i32(-7);
    }),
    ("-0.0", &|w| {
        w.byte(tag::NUMBER);
        w.f64(-0.0);
    }),
    ("NaN", &|w| {
        w.byte(tag::NUMBER);
        w.f64(f64::NAN);
    }),
    ("1e300", &|w| {
        w.byte(tag::NUMBER);
        w.f64(1e300);
    }),
    ("", &|w| w.text("")),
    ("plain", &|w| w.text("plain")),
    ("čaj 🎉", &|w| w.text("čaj 🎉")),
    ("é\u{ff}", &|w| {
        w.byte(tag::LATIN1);
        w.block(&[0xe9, 0xff]);
    }),
    ("\u{fffd}a\0", &|w| w.utf16(&[0xd800, 0x61, 0])),
    ("-0xdeadbeefcafe123456789n", &|w| {
        w.byte(tag::BIGINT);
        w.byte(1);
        w.text("deadbeefcafe123456789");
    }),
    ("@@0", &|w| {
        w.byte(tag::WELL_KNOWN_SYMBOL);
        w.i32(0);
    }),
    ("@key", &|w| {
        w.byte(tag::REGISTERED_SYMBOL);
        w.text("key");
    }),
    ("{a: 1, __proto__: null}", &|w| {
        w.byte(tag::OBJECT);
        w.u32(2);
        w.text("a");
        w.byte(tag::INTEGER);
        w.i32(1);
        w.text("__proto__");
        w.byte(tag::NULL);
    }),
    ("{self: ref 0}", &|w| {
        w.byte(tag::OBJECT);
        w.u32(1);
        w.text("self");
        w.byte(tag::REFERENCE);
        w.u32(0);
    }),
    ("[true, ref 0, x|extra: null]", &|w| {
        w.byte(tag::ARRAY);
        w.u32(3);
        w.byte(tag::TRUE);
        w.byte(tag::REFERENCE);
        w.u32(0);
        w.text("x");
        w.u32(1);
        w.text("extra");
        w.byte(tag::NULL);
    }),
    ("[sparse 3|1: true]", &|w| {
        w.byte(tag::ARRAY);
        w.u32(3);
        w.byte(tag::HOLE);
        w.byte(tag::TRUE);
        w.byte(tag::HOLE);
        w.u32(0);
    }),
    ("[sparse 100000|7: null]", &|w| {
        w.byte(tag::SPARSE_ARRAY);
        w.u32(100_000);
        w.u32(1);
        w.text("7");
        w.byte(tag::NULL);
    }),
    ("Map(k, [|], ref 0, ref 1)", &|w| {
        w.byte(tag::MAP);
        w.u32(2);
        w.text("k");
        w.byte(tag::ARRAY);
        w.u32(0);
        w.u32(0);
        w.byte(tag::REFERENCE);
        w.u32(0);
        w.byte(tag::REFERENCE);
        w.u32(1);
    }),
    ("Set(null, ref 0)", &|w| {
        w.byte(tag::SET);
        w.u32(2);
        w.byte(tag::NULL);
        w.byte(tag::REFERENCE);
        w.u32(0);
    }),
    ("Date(1234.0)", &|w| {
        w.byte(tag::DATE);
        w.f64(1234.0);
    }),
    ("/a+(?<n>b)/giu", &|w| {
        w.byte(tag::REGEXP);
        w.text("a+(?<n>b)");
        w.text("giu");
    }),
    ("buffer [1, 2, 255]", &|w| {
        w.byte(tag::ARRAY_BUFFER);
        w.block(&[1, 2, 255]);
    }),
    ("view 4 buffer [1, 0, 2, 0] 2.0 1.0", &|w| {
        w.byte(tag::TYPED_ARRAY);
        w.byte(4);
        w.byte(tag::ARRAY_BUFFER);
        w.block(&[1, 0, 2, 0]);
        w.f64(2.0);
        w.f64(1.0);
    }),
    ("view buffer [1, 2, 3] 1.0 2.0", &|w| {
        w.byte(tag::DATA_VIEW);
        w.byte(tag::ARRAY_BUFFER);
        w.block(&[1, 2, 3]);
        w.f64(1.0);
        w.f64(2.0);
    }),
    ("boxed text", &|w| {
        w.byte(tag::BOXED);
        w.text("text");
    }),
    ("home 40", &|w| host_function(w, 40)),
    ("home 41", &|w| host_error(w, 5, 41)),
    ("home 42", &|w| {
        w.byte(tag::PROMISE);
        w.u32(42);
    }),
];

#[test]
fn values_come_back_as_they_went_in() {
    let rig = Rig::new();
    for (shown, write) in SAMPLES {
        let identity = rig.function("(x) => x");
        for _ in 0..3 {
            assert_eq!(rig.call(identity, &[write]), Reply::Return((*shown).into()));
        }
        rig.request(op::SETTLE, &|w| {
            w.u32(42);
            w.byte(1);
            w.byte(tag::NULL);
        });
        rig.release_all();
    }
    // Three promises were made in the slot, of which only the last could be settled.
    let twins = rig.sandbox.usage().guest_handles;
    assert!(twins <= 4, "{twins}");
}

#[test]
fn shared_and_nested_values_keep_their_shape() {
    let rig = Rig::new();
    let value = rig.run("const o = { a: [] }; o.b = o.a; o.c = new Map([[o, new Set([o.a])]]); o");
    assert_eq!(value, "{a: [|], b: ref 1, c: Map(ref 0, Set(ref 1))}");
    rig.assert_clean();
}

#[test]
fn lowered_values_are_of_the_guests_own_classes() {
    let rig = Rig::new();
    let test = rig.function(
        "(x) => x === null || typeof x !== 'object' ? typeof x : `${x.constructor.name} ${x instanceof Object}`",
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
    let reply = rig.call(apply, &[&|w| host_function(w, 20)]);
    assert_eq!(reply, Reply::Return("[true, true, 1, host|]".into()));
    assert_eq!(rig.log(), ["20(1, x)[undefined]", "20()[{a: 1}]"]);
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
    let reply = rig.call(look, &[&|w| host_function(w, 20)]);
    assert_eq!(reply, Reply::Return("[true, no such thing, ERR_X, home 30|]".into()));
    let pass = rig.function("(f) => f()");
    assert_eq!(rig.call(pass, &[&|w| host_function(w, 20)]), Reply::Throw("home 30".into()));
    rig.assert_clean();
}

#[test]
fn errors_are_lifted_with_class_message_cause_and_fields() {
    let rig = Rig::new();
    let source = "throw Object.assign(new RangeError('far', { cause: new Error('root') }), { code: 'E', f: 1 })";
    let expected = "error 2 RangeError: far because error 0 Error: root {} {code: E, f: 1}";
    assert_eq!(rig.try_run(source), Reply::Throw(expected.into()));
    rig.assert_clean();
}

#[test]
fn what_has_no_form_outside_is_refused_by_its_path() {
    let rig = Rig::new();
    for (source, path) in [
        ("({ a: [0, new Proxy({}, {})] })", "result.a[1]"),
        ("[new (class A {})]", "result[0]"),
        ("new Map([['k', new WeakMap()]])", "result.get(\"k\")"),
        ("({ 'a b': { 7: new Proxy([], {}) } })", "result[\"a b\"][7]"),
    ] {
        match rig.try_run(source) {
            Reply::Uncrossable(found, _) => assert_eq!(found, path),
            other => panic!("{source} came to {other:?}"),
        }
        rig.assert_clean();
    }
}

#[test]
fn guest_promises_are_settled_once() {
    let rig = Rig::new();
    assert_eq!(rig.run("var p = Promise.resolve(7); p"), "promise");
    assert_eq!(rig.log(), ["0 fulfilled 7"]);
    assert_eq!(
        rig.run("var settle; var q = new Promise((f) => settle = f); [q, q]"),
        "[promise, ref 1|]"
    );
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
    let refused = rig.try_run("var first; [new Promise((f) => first = f), new Proxy({}, {})]");
    assert!(matches!(refused, Reply::Uncrossable(..)), "{refused:?}");
    assert_eq!(rig.run("var second; new Promise((f) => second = f)"), "promise");
    rig.run("first('of the first'); 1");
    assert_eq!(rig.log(), [""; 0], "the host was told about a promise it never saw");
    rig.run("second('of the second'); first = second = undefined");
    assert_eq!(rig.log(), ["1 fulfilled of the second"]);
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
        &[&|w| host_error(w, 0, 78), &|w| host_function(w, 79), &|w| host_function(w, 79)],
    );
    rig.run("1");
    let mut released = rig.host.released.take();
    released.sort_unstable();
    assert_eq!(released, [78, 79]);
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
    let key: Write<'_> = &|w| w.text("made");
    assert_eq!(rig.request(op::GLOBAL_HAS, key), Reply::Return("false".into()));
    rig.request(op::GLOBAL_SET, &|w| {
        w.text("made");
        w.text("here");
    });
    assert_eq!(rig.request(op::GLOBAL_GET, key), Reply::Return("here".into()));
    let Reply::Return(keys) = rig.request(op::GLOBAL_KEYS, &|_| ()) else { panic!("no keys") };
    assert!(keys.contains("made"), "{keys}");
    assert_eq!(rig.run("made"), "here");
    assert_eq!(rig.request(op::GLOBAL_DELETE, key), Reply::Return("true".into()));
    assert_eq!(rig.request(op::GLOBAL_HAS, key), Reply::Return("false".into()));
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

/// Requests of every kind, without symbols of the host's: those stay.
fn requests(function: u32) -> Vec<Vec<u8>> {
    let all: Vec<Write<'_>> = SAMPLES.iter().map(|(_, write)| *write).collect();
    let mut requests = vec![
        run("({ a: [1, 'x'], f: () => 1, p: Promise.resolve(1), e: new Error('e') })"),
        call(function, &all),
        request(op::REQUIRE, &|w| w.text("some-module")),
        request(op::FIRE_TIMER, &|w| w.u32(1)),
        request(op::GLOBAL_GET, &text("answer")),
        request(op::GLOBAL_HAS, &text("answer")),
        request(op::GLOBAL_DELETE, &text("answer")),
        request(op::GLOBAL_KEYS, &|_| ()),
        request(op::RUN_SCRIPT, &|w| w.u32(0)),
    ];
    let mut compile = run("1 + 1");
    compile[0] = op::COMPILE;
    requests.push(compile);
    requests.extend(all.iter().map(|write| call(function, &[*write])));
    requests.extend(all.iter().map(|write| {
        request(op::SETTLE, &|w| {
            w.u32(42);
            w.byte(1);
            write(w);
        })
    }));
    requests
}

/// Settles the promise that the samples speak of, which lets go of what waits for it.
fn settle_sample(rig: &Rig) {
    rig.request(op::SETTLE, &|w| {
        w.u32(42);
        w.byte(1);
        w.byte(tag::NULL);
    });
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
            bytes[0] %= 14;
            bytes[1..9].copy_from_slice(&1000.0f64.to_le_bytes());
            bytes[9..].iter_mut().step_by(1 + random.below(4)).for_each(|byte| *byte %= 32);
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
                    1 => bytes[place] = random.below(32) as u8,
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
        let answer = (0..random.below(40)).map(|_| random.below(32) as u8).collect();
        *rig.host.answer.borrow_mut() = Some(answer);
        let reply = rig.call(call_it, &[&|w| host_function(w, 20)]);
        // Some answers are huge, as far as they go.
        assert!(matches!(reply, Reply::Return(_) | Reply::Stop(_)), "{reply:?}");
    }
    assert_eq!(rig.run("1 + 1"), "2");
}
