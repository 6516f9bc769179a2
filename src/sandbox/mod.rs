//! The composition root: a heap, its realm with builtins, and the two directions of
//! messages between host and guest.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use crate::engine::{
    Args, Host, Kind, Limits, Origin, Realm, Runtime, Scope, Script, Stop, Thrown, Value,
};
use crate::guest::{self, service, Builtins, Entry};
use crate::membrane::helpers::{self, HELPERS};
use crate::membrane::lift::REACTION;
use crate::membrane::lower::{Lower, LowerError, Twins};
use crate::membrane::wire::{op, status, Malformed, Reader, Writer};

mod pool;
mod reply;
mod session;

use pool::Guest;
use reply::{write_reply, write_uncrossable};
use session::Session;

/// The way to the host: sends a request, waits for the reply.
pub trait Channel {
    /// Sends `message`; answers the reply, or nothing when the host cannot run code
    /// any more.
    fn send(&self, message: &[u8]) -> Option<Vec<u8>>;
}

/// What a sandbox is made of. Checked by the host's half already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SandboxOptions {
    /// Cap on the heap in bytes.
    pub memory: usize,
    /// Cap on the native stack in bytes.
    pub stack: usize,
    /// Which builtins the realm gets.
    pub builtins: Builtins,
}

/// Figures about a sandbox.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Usage {
    pub memory: usize,
    pub memory_peak: usize,
    pub memory_limit: usize,
    pub guest: Duration,
    pub wall: Duration,
    pub entries: u64,
    pub timeouts: u64,
    pub guest_handles: usize,
}

/// An isolated guest: one heap, one main realm.
pub struct Sandbox {
    runtime: Rc<Runtime>,
    /// There until the sandbox is dropped.
    guest: Option<Guest>,
    twins: Twins,
    scripts: RefCell<HashMap<u32, Script>>,
    compiled: Cell<Option<Script>>,
    /// Whether the guest has been stopped and not been entered since.
    was_stopped: Cell<bool>,
}

/// Why a request has no value to answer with.
enum Failure<'a> {
    Thrown(Thrown<'a>),
    Malformed,
}

impl<'a> From<Thrown<'a>> for Failure<'a> {
    fn from(thrown: Thrown<'a>) -> Self {
        Self::Thrown(thrown)
    }
}

impl From<Malformed> for Failure<'_> {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl<'a> From<LowerError<'a>> for Failure<'a> {
    fn from(error: LowerError<'a>) -> Self {
        match error {
            LowerError::Thrown(thrown) => Self::Thrown(thrown),
            LowerError::Malformed => Self::Malformed,
        }
    }
}

impl Sandbox {
    /// Makes a sandbox. Fails when the memory limit leaves no room for a realm.
    pub fn new(options: SandboxOptions) -> io::Result<Self> {
        let guest = match Guest::reuse(&options) {
            Some(guest) => guest,
            None => set_up(options)?,
        };
        Ok(Self {
            runtime: guest.realm.runtime().clone(),
            guest: Some(guest),
            twins: Twins::default(),
            scripts: RefCell::default(),
            compiled: Cell::new(None),
            was_stopped: Cell::new(false),
        })
    }

    /// Carries out one request of the host and answers the reply. `channel` is the
    /// way back for what the guest asks meanwhile.
    pub fn handle(&self, request: &[u8], channel: &dyn Channel) -> Vec<u8> {
        let mut reader = Reader::new(request);
        let mut reply = Writer::new(self.runtime.heap().limit());
        let session = Session { sandbox: self, channel };
        let header = reader.byte().and_then(|op| Ok((op, timeout(reader.f64()?))));
        let Ok((op, timeout)) = header else {
            return malformed();
        };
        let Some(guest) = &self.guest else {
            return malformed();
        };
        let (fresh, stop) = self.runtime.enter(&guest.realm, timeout, &session, |scope| {
            if scope.is_outermost() && self.was_stopped.take() {
                // Of no effect but on what the stop has left half done.
                let forget = entry(scope, Entry::ForgetUnfinished);
                let _ = forget.and_then(|forget| forget.call(&scope.undefined(), &[]));
            }
            let outcome = self.perform(scope, op, &mut reader);
            scope.drain();
            let fresh = write_reply(scope, &mut reply, outcome);
            scope.drain();
            if scope.is_outermost() {
                session.report_rejections(scope);
            }
            fresh
        });
        if let Some(stop) = stop {
            self.was_stopped.set(true);
            fresh.into_iter().for_each(|slot| self.runtime.release(slot));
            reply.truncate(0);
            reply.byte(status::STOP);
            reply.byte(match stop {
                Stop::Timeout => 0,
                Stop::MemoryLimit => 1,
                Stop::Terminated => 2,
            });
        }
        self.write_released(&mut reply);
        reply.into_bytes()
    }

    /// The script that the last `op::COMPILE` made.
    pub fn take_compiled(&self) -> Option<Script> {
        self.compiled.take()
    }

    /// Makes a script known for `op::RUN_SCRIPT`; answers its number.
    pub fn add_script(&self, script: Script) -> u32 {
        let mut scripts = self.scripts.borrow_mut();
        let free = (0..).find(|number| !scripts.contains_key(number));
        let number = free.unwrap_or_default();
        scripts.insert(number, script);
        number
    }

    /// Gives up a script.
    pub fn drop_script(&self, number: u32) {
        self.scripts.borrow_mut().remove(&number);
    }

    /// Gives up a guest value that the host no longer refers to.
    pub fn release(&self, slot: u32) {
        self.runtime.release(slot);
    }

    /// Stops the guest that is running, and every later one.
    pub fn terminate(&self) {
        self.runtime.terminate();
    }

    /// See [`Runtime::set_grace`].
    pub fn set_grace(&self, milliseconds: f64) {
        self.runtime.set_grace(timeout(milliseconds));
    }

    /// Whether the guest could only be stopped for good: nothing can run in it again.
    pub fn is_condemned(&self) -> bool {
        self.runtime.is_condemned()
    }

    /// Figures, at no cost to the guest.
    pub fn usage(&self) -> Usage {
        let (heap, counters) = (self.runtime.heap(), self.runtime.counters());
        Usage {
            memory: heap.used(),
            memory_peak: heap.peak(),
            memory_limit: heap.limit(),
            guest: counters.inside.saturating_sub(counters.host),
            wall: counters.wall,
            entries: counters.entries,
            timeouts: counters.timeouts,
            guest_handles: self.runtime.slot_count(),
        }
    }

    fn perform<'a>(
        &self,
        scope: Scope<'a>,
        op: u8,
        reader: &mut Reader<'_>,
    ) -> Result<Value<'a>, Failure<'a>> {
        let undefined = scope.undefined();
        match op {
            op::RUN | op::COMPILE => {
                let origin = Origin {
                    filename: reader.text()?,
                    line_offset: reader.i32()?,
                    column_offset: reader.u32()?,
                };
                let source = reader.source()?;
                if op == op::RUN {
                    return Ok(scope.eval(&source, &origin)?);
                }
                self.compiled.set(Some(scope.compile(&source, &origin)?));
                Ok(undefined)
            }
            op::RUN_SCRIPT => {
                let script = self.scripts.borrow().get(&reader.u32()?).cloned();
                Ok(scope.run(&script.ok_or(Failure::Malformed)?)?)
            }
            op::CALL => {
                let function = scope.kept(reader.u32()?).ok_or(Failure::Malformed)?;
                let constructing = reader.flag()?;
                let mut lower = Lower::new(scope, reader, &self.twins);
                let this = lower.value()?;
                let args = lower.values()?;
                Ok(match constructing {
                    true => function.construct(&args)?,
                    false => function.call(&this, &args)?,
                })
            }
            op::SETTLE => {
                let (slot, fulfilled) = (reader.u32()?, reader.flag()?);
                let value = Lower::new(scope, reader, &self.twins).value()?;
                self.twins.settle(scope, slot, fulfilled, value)?;
                Ok(undefined)
            }
            op::FIRE_TIMER => {
                let id = scope.number(f64::from(reader.u32()?));
                Ok(entry(scope, Entry::FireTimer)?.call(&undefined, &[id])?)
            }
            op::REQUIRE => {
                let id = Lower::new(scope, reader, &self.twins).value()?;
                Ok(entry(scope, Entry::Require)?.call(&undefined, &[id])?)
            }
            op::GLOBAL_GET | op::GLOBAL_SET | op::GLOBAL_DELETE | op::GLOBAL_HAS => {
                let mut lower = Lower::new(scope, reader, &self.twins);
                let (global, key) = (scope.global(), lower.value()?);
                // Anything else would be converted, which could run code.
                if !matches!(key.kind(), Kind::String | Kind::Symbol) {
                    return Err(Failure::Malformed);
                }
                let key = key.to_key()?;
                Ok(match op {
                    op::GLOBAL_GET => global.get(&key)?,
                    op::GLOBAL_SET => {
                        global.set(&key, lower.value()?)?;
                        undefined
                    }
                    op::GLOBAL_DELETE => scope.boolean(global.delete(&key)?),
                    _ => scope.boolean(global.has(&key)?),
                })
            }
            op::GLOBAL_KEYS => {
                let keys = scope.array()?;
                for (index, key) in (0..).zip(scope.global().own_keys()?) {
                    keys.define_index(index, key.to_value()?)?;
                }
                Ok(keys)
            }
            _ => Err(Failure::Malformed),
        }
    }

    /// Ends each message with the host slots that the guest has let go of.
    fn write_released(&self, message: &mut Writer) {
        let mut released = self.runtime.take_released();
        released.retain(|slot| (service::END..REACTION).contains(slot));
        message.u32(released.len() as u32);
        released.into_iter().for_each(|slot| message.u32(slot));
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(guest) = self.guest.take() {
            guest.retire();
        }
    }
}

/// Makes a guest: a heap, a realm, its builtins.
fn set_up(options: SandboxOptions) -> io::Result<Guest> {
    let runtime = Runtime::new(Limits { memory: options.memory, stack: options.stack })?;
    let realm = Realm::new(&runtime)?;
    let (set_up, stop) = runtime.enter(&realm, None, &NoHost, |scope| {
        let mut functions = helpers::capture(scope).ok()?;
        functions.extend(guest::install(scope, options.builtins).ok()?);
        scope.set_helpers(functions);
        Some(())
    });
    if set_up.is_none() || stop.is_some() {
        runtime.abandon();
        return Err(io::Error::new(io::ErrorKind::OutOfMemory, "memory limit too small"));
    }
    runtime.collect();
    Ok(Guest::new(realm, options))
}

fn entry(scope: Scope<'_>, entry: Entry) -> Result<Value<'_>, Thrown<'_>> {
    scope.helper(HELPERS + entry as usize)
}

fn timeout(milliseconds: f64) -> Option<Duration> {
    // Infinite, or so long that it makes no difference.
    Duration::try_from_secs_f64(milliseconds / 1000.0).ok()
}

fn malformed() -> Vec<u8> {
    let mut reply = Writer::new(usize::MAX);
    reply.byte(status::UNCROSSABLE);
    write_uncrossable(&mut reply, &[], "a request that breaks the format");
    reply.u32(0);
    reply.into_bytes()
}

/// For entries that run no guest code.
struct NoHost;

impl Host for NoHost {
    fn call<'a>(&self, scope: Scope<'a>, _: u32, _: Args<'a>) -> Result<Value<'a>, Thrown<'a>> {
        Err(scope.type_error("no host"))
    }
}
