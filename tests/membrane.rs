//! The byte protocol between host and guest, with a host made for the purpose: what goes in
//! comes out, nothing malformed does harm, and handles go back to zero.

mod support;

use std::cell::RefCell;
use std::collections::BTreeSet;

use quickvm::engine::{Shape, Trap, TRAPS};
use quickvm::guest::Builtins;
use quickvm::membrane::wire::{
    change, names, op, property, status, tag, Malformed, Reader, Writer, INTRINSIC_SHAPE,
};
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
            let fields = properties(reader, slots)?;
            let class = format!("{class}{}", prototype(reader, slots)?);
            format!("error {class} {name}: {message}{cause} {{{fields}}}")
        }
        tag::HOME_ERROR => {
            let slot = reader.u32()?;
            let message = read(reader, slots)?;
            format!("home {slot}: {message} {{{}}}", properties(reader, slots)?)
        }
        tag::STAND_IN => {
            slot(reader)?;
            let shapes = ["object", "array", "function", "constructor"];
            let byte = reader.byte()?;
            if byte & INTRINSIC_SHAPE != 0 {
                reader.u32()?;
            }
            (*shapes.get(usize::from(byte & !INTRINSIC_SHAPE)).ok_or(Malformed)?).into()
        }
        tag::INTRINSIC => format!("intrinsic {}", reader.u32()?),
        tag::CONTEXT => format!("context {}", reader.u32()?),
        tag::ARRAY_BUFFER => format!("buffer {:?}", reader.block()?),
        tag::TYPED_ARRAY => {
            let kind = reader.byte()?;
            let buffer = read(reader, slots)?;
            let (offset, length) = (reader.f64()?, reader.f64()?);
            format!("view {kind}{} {buffer} {offset:?} {length:?}", prototype(reader, slots)?)
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

/// The prototype of an object that has one of its own side.
fn prototype(reader: &mut Reader<'_>, slots: &mut BTreeSet<u32>) -> Result<String, Malformed> {
    Ok(match &*read(reader, slots)? {
        "undefined" => String::new(),
        prototype => format!(" of {prototype}"),
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
            op::REFLECT => {
                let slot = reader.u32()?;
                let (trap, _) = TRAPS.get(usize::from(reader.byte()?)).ok_or(Malformed)?;
                let count = reader.u32()?;
                format!("{trap:?} {slot}({})", values(reader, slots, count)?)
            }
            op::UNHANDLED => format!("unhandled {}", read(reader, slots)?),
            op::CONTEXT_GET => format!("get {} {}", reader.u32()?, read(reader, slots)?),
            op::CONTEXT_LIST => format!("list {}", reader.u32()?),
            op::CONTEXT_CHANGE => {
                let context = reader.u32()?;
                let mut changes = 0;
                loop {
                    let kind = reader.byte()?;
                    if kind == change::END {
                        break;
                    }
                    read(reader, slots)?; // the key
                    if matches!(kind, change::DEFINE | change::ACCESSOR) {
                        reader.byte()?; // its attributes
                    }
                    match kind {
                        change::DELETE | change::DECLARE => {}
                        change::SET | change::DEFINE => {
                            reader.flag()?;
                            read(reader, slots)?;
                        }
                        change::ACCESSOR => drop(values(reader, slots, 2)?),
                        _ => return Err(Malformed),
                    }
                    changes += 1;
                }
                format!("{changes} changes {context}")
            }
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

    /// The slot of the object that a request answers.
    #[track_caller]
    fn object(&self, request: &[u8]) -> u32 {
        let reply = self.sandbox.handle(request, &self.host);
        let parsed = self.parse(&reply);
        let mut reader = Reader::new(&reply);
        let start = (reader.byte(), reader.byte());
        assert_eq!(start, (Ok(status::RETURN), Ok(tag::STAND_IN)), "{parsed:?}");
        reader.u32().unwrap()
    }

    /// The slot of the function that `source` evaluates to.
    #[track_caller]
    fn function(&self, source: &str) -> u32 {
        self.object(&run(source))
    }

    /// A copy of the object that a request answers.
    #[track_caller]
    fn copied(&self, request: &[u8]) -> Reply {
        let slot = self.object(request);
        self.request(op::COPY, &|w| w.u32(slot))
    }

    /// Does something to a guest object.
    fn reflect(&self, slot: u32, trap: Trap, args: &[Write<'_>]) -> Reply {
        self.send(&reflect(slot, trap, args))
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

fn reflect(slot: u32, trap: Trap, args: &[Write<'_>]) -> Vec<u8> {
    request(op::REFLECT, &|w| {
        w.u32(slot);
        w.byte(trap as u8);
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
    w.byte(tag::UNDEFINED);
}

/// An object of the host that stays there.
fn host_object(w: &mut Writer, slot: u32, shape: Shape) {
    w.byte(tag::STAND_IN);
    w.u32(slot);
    w.byte(shape as u8);
}

fn nothing(w: &mut Writer) {
    w.byte(tag::UNDEFINED);
}

/// Values as the host writes them, and as the guest writes them back in a copy of an object
/// that has them.
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
    ("{self: ref 1}", &|w| {
        w.byte(tag::OBJECT);
        w.u32(1);
        w.text("self");
        w.byte(tag::REFERENCE);
        w.u32(0);
    }),
    ("[true, ref 1, x|extra: null]", &|w| {
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
    ("Map(k, [|], ref 1, ref 2)", &|w| {
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
    ("Set(null, ref 1)", &|w| {
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
        w.byte(tag::UNDEFINED);
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
    ("home 41: no such thing {code: ERR_X}", &|w| host_error(w, 5, 41)),
    ("home 42", &|w| {
        w.byte(tag::PROMISE);
        w.u32(42);
    }),
    ("home 43", &|w| host_object(w, 43, Shape::Object)),
    ("home 44", &|w| host_object(w, 44, Shape::Array)),
    ("home 45", &|w| host_object(w, 45, Shape::Function)),
    ("home 46", &|w| host_object(w, 46, Shape::Constructor)),
];

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

/// What a host may ask.
const OPS: [u8; 15] = [
    op::RUN,
    op::COMPILE,
    op::RUN_SCRIPT,
    op::CALL,
    op::SETTLE,
    op::FIRE_TIMER,
    op::REQUIRE,
    op::GLOBAL,
    op::GLOBAL_SET,
    op::REFLECT,
    op::COPY,
    op::CREATE_CONTEXT,
    op::RUN_IN_CONTEXT,
    op::DRAIN,
    op::DROP_CONTEXT,
];
/// One more than the highest tag.
const TAGS: u8 = tag::CONTEXT + 1;

/// Requests of every kind, without symbols of the host's: those stay.
fn requests(function: u32) -> Vec<Vec<u8>> {
    let all: Vec<Write<'_>> = SAMPLES.iter().map(|(_, write)| *write).collect();
    let mut requests = vec![
        run("({ a: [1, 'x'], f: () => 1, p: Promise.resolve(1), e: new Error('e') })"),
        call(function, &all),
        request(op::REQUIRE, &|w| w.text("some-module")),
        request(op::FIRE_TIMER, &|w| w.u32(1)),
        request(op::GLOBAL, &|_| ()),
        request(op::GLOBAL_SET, &|w| {
            w.text("answer");
            w.byte(tag::NULL);
        }),
        request(op::COPY, &|w| w.u32(function)),
        request(op::RUN_SCRIPT, &|w| w.u32(0)),
        request(op::CREATE_CONTEXT, &|w| {
            w.u32(1);
            w.byte(1);
        }),
        request(op::RUN_IN_CONTEXT, &|w| {
            w.u32(1);
            w.byte(0);
            w.byte(names::THESE);
            w.u32(1);
            w.text("x");
            w.u32(1);
            w.text("x");
            w.byte(property::DATA);
            w.byte(7);
            w.byte(tag::NULL);
            w.byte(0);
            w.text("test.js");
            w.i32(0);
            w.u32(0);
            w.text("var made = 1; delete globalThis.x; Object.keys(globalThis)");
        }),
        request(op::DRAIN, &|_| ()),
        request(op::DROP_CONTEXT, &|w| {
            w.u32(1);
            w.u32(1);
            w.text("x");
            w.byte(property::KEPT);
            w.byte(7);
        }),
    ];
    let mut compile = run("1 + 1");
    compile[0] = op::COMPILE;
    requests.push(compile);
    requests.extend(all.iter().map(|write| call(function, &[*write])));
    requests
        .extend(TRAPS.iter().map(|&(trap, _)| reflect(function, trap, &[&text("x"), &nothing])));
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
