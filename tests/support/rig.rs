//! A sandbox and a host made for the purpose, which talk in bytes as the real one does.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::{Rc, Weak};

use quickvm::engine::{Shape, Trap, TRAPS};
use quickvm::guest::{Builtins, Surface};
use quickvm::membrane::wire::{
    change, op, status, tag, Malformed, Reader, Writer, INTRINSIC_SHAPE,
};
use quickvm::{Channel, Sandbox, SandboxOptions};

use super::{KB, MB};

/// The reason of a [`Reply::Stop`] that comes with the number of a signal.
const FAULT: u8 = 3;

/// The first slot that is the host's own.
pub const FIRST: u32 = quickvm::guest::service::END;

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
pub enum Reply {
    Return(String),
    Throw(String),
    Stop(u8),
    Uncrossable(String, String),
}

/// A host that takes notes and answers each request with the same message.
pub struct FakeHost {
    pub log: RefCell<Vec<String>>,
    pub released: RefCell<Vec<u32>>,
    pub slots: RefCell<BTreeSet<u32>>,
    pub answer: RefCell<Option<Vec<u8>>>,
    /// A request that it makes before it answers the first time.
    pub within: RefCell<Option<(Weak<Sandbox>, Vec<u8>)>>,
}

impl Channel for FakeHost {
    fn send(&self, message: &[u8]) -> Option<Vec<u8>> {
        let (mut reader, mut slots) = (Reader::new(message), self.slots.borrow_mut());
        let note = self.note(&mut reader, &mut slots).expect("a message of the guest");
        self.log.borrow_mut().push(note);
        self.released.borrow_mut().extend(released(&mut reader));
        drop(slots);
        if let Some((sandbox, request)) = self.within.take() {
            let reply = sandbox.upgrade().expect("the one that asks").handle(&request, self);
            self.parse(&reply);
        }
        self.answer.borrow().clone()
    }
}

impl FakeHost {
    pub fn parse(&self, reply: &[u8]) -> Reply {
        let (mut reader, mut slots) = (Reader::new(reply), self.slots.borrow_mut());
        let reply = match reader.byte().expect("a status") {
            status::RETURN => Reply::Return(read(&mut reader, &mut slots).expect("a value")),
            status::THROW => Reply::Throw(read(&mut reader, &mut slots).expect("a value")),
            status::STOP => {
                let reason = reader.byte().expect("a reason");
                if reason == FAULT {
                    reader.byte().expect("a signal");
                }
                Reply::Stop(reason)
            }
            _ => Reply::Uncrossable(reader.text().expect("a path"), reader.text().expect("what")),
        };
        self.released.borrow_mut().extend(released(&mut reader));
        reply
    }

    pub fn note(
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
pub struct Rig {
    pub sandbox: Rc<Sandbox>,
    pub host: FakeHost,
    /// Bytes in use at the start.
    start: usize,
}

pub type Write<'w> = &'w dyn Fn(&mut Writer);

impl Rig {
    pub fn new() -> Self {
        let builtins = Builtins { console: true, timers: true, modules: true };
        let options = SandboxOptions {
            memory: 16 * MB,
            stack: 256 * KB,
            builtins,
            surface: Surface::FULL,
            contexts: false,
        };
        let rig = Self {
            sandbox: Rc::new(Sandbox::new(options).unwrap()),
            host: FakeHost {
                log: RefCell::default(),
                released: RefCell::default(),
                slots: RefCell::default(),
                answer: RefCell::new(Some(vec![status::RETURN, tag::UNDEFINED])),
                within: RefCell::default(),
            },
            start: 0,
        };
        rig.run("0");
        Self { start: rig.sandbox.usage().memory, ..rig }
    }

    /// Sends raw bytes; whatever they are, the answer must be one.
    pub fn send(&self, request: &[u8]) -> Reply {
        let reply = self.sandbox.handle(request, &self.host);
        self.parse(&reply)
    }

    pub fn parse(&self, reply: &[u8]) -> Reply {
        self.host.parse(reply)
    }

    pub fn request(&self, op: u8, write: Write<'_>) -> Reply {
        self.send(&request(op, write))
    }

    #[track_caller]
    pub fn run(&self, source: &str) -> String {
        match self.try_run(source) {
            Reply::Return(value) => value,
            other => panic!("{source}\ncame to {other:?}"),
        }
    }

    pub fn try_run(&self, source: &str) -> Reply {
        self.send(&run(source))
    }

    /// The slot of the object that a request answers.
    #[track_caller]
    pub fn object(&self, request: &[u8]) -> u32 {
        let reply = self.sandbox.handle(request, &self.host);
        let parsed = self.parse(&reply);
        let mut reader = Reader::new(&reply);
        let start = (reader.byte(), reader.byte());
        assert_eq!(start, (Ok(status::RETURN), Ok(tag::STAND_IN)), "{parsed:?}");
        reader.u32().unwrap()
    }

    /// The slot of the function that `source` evaluates to.
    #[track_caller]
    pub fn function(&self, source: &str) -> u32 {
        self.object(&run(source))
    }

    /// A copy of the object that a request answers.
    #[track_caller]
    pub fn copied(&self, request: &[u8]) -> Reply {
        let slot = self.object(request);
        self.request(op::COPY, &|w| w.u32(slot))
    }

    /// Does something to a guest object.
    pub fn reflect(&self, slot: u32, trap: Trap, args: &[Write<'_>]) -> Reply {
        self.send(&reflect(slot, trap, args))
    }

    pub fn call(&self, slot: u32, args: &[Write<'_>]) -> Reply {
        self.send(&call(slot, args))
    }

    pub fn log(&self) -> Vec<String> {
        self.host.log.take()
    }

    /// Lets go of everything that the guest has handed out, as the host's collector does.
    pub fn release_all(&self) {
        for slot in self.host.slots.take() {
            self.sandbox.release(slot);
        }
    }

    /// Asserts that the guest works and that no handle and hardly a byte is left.
    #[track_caller]
    pub fn assert_clean(&self) {
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

pub fn request(op: u8, write: Write<'_>) -> Vec<u8> {
    let mut message = Writer::new(usize::MAX);
    message.byte(op);
    message.f64(10_000.0);
    write(&mut message);
    message.into_bytes()
}

pub fn run(source: &str) -> Vec<u8> {
    request(op::RUN, &|w| {
        w.text("test.js");
        w.i32(0);
        w.u32(0);
        w.text(source);
    })
}

pub fn call(slot: u32, args: &[Write<'_>]) -> Vec<u8> {
    request(op::CALL, &|w| {
        w.u32(slot);
        w.byte(0);
        w.byte(tag::UNDEFINED);
        w.u32(args.len() as u32);
        args.iter().for_each(|write| write(w));
    })
}

pub fn reflect(slot: u32, trap: Trap, args: &[Write<'_>]) -> Vec<u8> {
    request(op::REFLECT, &|w| {
        w.u32(slot);
        w.byte(trap as u8);
        w.u32(args.len() as u32);
        args.iter().for_each(|write| write(w));
    })
}

pub fn text(text: &'static str) -> impl Fn(&mut Writer) {
    move |w| w.text(text)
}

/// A host function as the host writes it.
pub fn host_function(w: &mut Writer, slot: u32) {
    w.byte(tag::FUNCTION);
    w.u32(slot);
    w.text("host");
    w.u32(1);
    w.byte(0);
}

pub fn host_error(w: &mut Writer, class: u8, slot: u32) {
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
pub fn host_object(w: &mut Writer, slot: u32, shape: Shape) {
    w.byte(tag::STAND_IN);
    w.u32(slot);
    w.byte(shape as u8);
}

pub fn nothing(w: &mut Writer) {
    w.byte(tag::UNDEFINED);
}
