//! The memory through which messages pass, and the function that passes them.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use napi::bindgen_prelude::{
    Array, FnArgs, Function, FunctionCallContext, Object, Uint8Array, Unknown,
};
use napi::Env;
use napi_derive::napi;

use super::registry::{Listener, Registration};
use super::weak::Weak;
use crate::sandbox::{Channel, Sandbox};

/// Answers a message that does not fit in the mailbox: the reader makes room and
/// fetches it.
const TOO_LARGE: u32 = u32::MAX;

/// As many sandboxes with owners are never looked through.
const FEW_OWNERS: usize = 32;

/// About what a sandbox takes of the process' memory.
const RESIDENT: i64 = 256 * 1024;

/// No sandbox has this number.
pub(super) const GONE: u32 = u32::MAX;

/// The host's function that answers the guest: `(base, length)` of the message to the
/// length of the reply.
type Dispatch<'env> = Function<'env, FnArgs<(u32, u32)>, u32>;

/// `(sandbox, base, length, dispatch)` of a request to the length of the reply.
type Enter<'env> = Function<'env, FnArgs<(u32, u32, u32, Dispatch<'env>)>, u32>;

/// A typed array that both sides read and write, one for each Node environment.
///
/// A message is written by one side and read whole by the other before control goes
/// on, so nested exchanges share it like a stack: each works behind its `base`.
#[napi]
pub struct Mailbox {
    pub(super) exchange: Rc<Exchange>,
}

/// What the environment's sandboxes share.
pub(super) struct Exchange {
    memory: RefCell<Uint8Array>,
    sandboxes: RefCell<HashMap<u32, Registered>>,
    listener: Listener,
    owners: RefCell<HashMap<u32, Owner>>,
    /// So many owners are looked through next.
    sweep_at: Cell<usize>,
    /// A message that did not fit, until it is fetched.
    large: RefCell<Vec<u8>>,
}

/// The JavaScript object that a sandbox belongs to.
struct Owner {
    object: Weak,
    /// Bytes that V8 was told of, because its collector could give them back.
    weight: i64,
}

/// A sandbox in the table. Its place among those of the process goes first.
struct Registered {
    registration: Registration,
    sandbox: Rc<Sandbox>,
}

#[napi]
impl Mailbox {
    /// A mailbox over `memory`. `ended` is called with the number of a sandbox that another
    /// thread has ended.
    #[napi(constructor)]
    pub fn new(memory: Uint8Array, ended: Function<u32, Unknown<'static>>) -> napi::Result<Self> {
        Ok(Self {
            exchange: Rc::new(Exchange {
                memory: RefCell::new(memory),
                sandboxes: RefCell::default(),
                listener: Listener::new(ended)?,
                owners: RefCell::default(),
                sweep_at: Cell::new(FEW_OWNERS),
                large: RefCell::default(),
            }),
        })
    }

    /// The owner of the sandbox of that number, if it is one of this environment's.
    #[napi]
    pub fn owner<'env>(&self, env: &'env Env, id: u32) -> napi::Result<Option<Object<'env>>> {
        match self.exchange.owners.borrow().get(&id) {
            Some(owner) => owner.object.get(env),
            None => Ok(None),
        }
    }

    /// The function by which every request is made: it carries out the one at `base`
    /// and answers the length of the reply, written there too. A plain function, for a
    /// method would look up and check its receiver at each call.
    #[napi(
        ts_return_type = "(sandbox: number, base: number, length: number, dispatch: (base: number, length: number) => number) => number"
    )]
    pub fn enter<'env>(&self, env: &'env Env) -> napi::Result<Enter<'env>> {
        let exchange = self.exchange.clone();
        env.create_function_from_closure("enter", move |call: FunctionCallContext| {
            let (id, base, length) = (call.get(0)?, call.get(1)?, call.get(2)?);
            let dispatch: Dispatch = call.get(3)?;
            // Held for the length of the entry: the host may dispose of it meanwhile.
            let sandbox = exchange.get(id);
            let (Some(sandbox), Some(request)) = (sandbox, exchange.read(base, length)) else {
                return Err(napi::Error::from_reason("no such request"));
            };
            let channel = NodeChannel { exchange: &exchange, base, dispatch };
            let reply = sandbox.handle(&request, &channel);
            Ok(exchange.post(base, &reply))
        })
    }

    /// Puts larger (or smaller) memory in its place.
    #[napi]
    pub fn replace(&self, memory: Uint8Array) {
        *self.exchange.memory.borrow_mut() = memory;
    }

    /// The owners of all sandboxes that have one.
    #[napi]
    pub fn owners<'env>(&self, env: &'env Env) -> napi::Result<Array<'env>> {
        let owners = self.exchange.owners.borrow();
        let mut array = env.create_array(0)?;
        for owner in owners.values() {
            if let Some(owner) = owner.object.get(env)? {
                array.insert(owner)?;
            }
        }
        Ok(array)
    }

    /// The size of the message that did not fit.
    #[napi]
    pub fn fetch_size(&self) -> u32 {
        self.exchange.large.borrow().len() as u32
    }

    /// Writes the message that did not fit, now that there is room at `base`.
    #[napi]
    pub fn fetch(&self, base: u32) -> u32 {
        let message = self.exchange.large.take();
        self.exchange.post(base, &message)
    }
}

impl Exchange {
    /// Makes a sandbox known; answers its number.
    pub(super) fn add(&self, sandbox: Rc<Sandbox>) -> u32 {
        let registration = Registration::new(sandbox.terminator(), self.listener.clone());
        let id = registration.id;
        self.sandboxes.borrow_mut().insert(id, Registered { registration, sandbox });
        id
    }

    /// Notes the owner of a sandbox. Every now and then, gives up those whose owner is gone.
    pub(super) fn owned(&self, env: &Env, id: u32, owner: Weak) -> napi::Result<()> {
        env.adjust_external_memory(RESIDENT)?;
        let mut owners = self.owners.borrow_mut();
        owners.insert(id, Owner { object: owner, weight: RESIDENT });
        if owners.len() < self.sweep_at.get() {
            return Ok(());
        }
        let mut gone = Vec::new();
        for (&id, owner) in &*owners {
            if owner.object.get(env)?.is_none() {
                gone.push(id);
            }
        }
        let left = owners.len() - gone.len();
        self.sweep_at.set(left + left / 4 + FEW_OWNERS);
        drop(owners);
        gone.into_iter().for_each(|id| drop(self.remove(id)));
        Ok(())
    }

    /// Tells V8 of memory that its collector could give back, or that it has. What is left
    /// goes with the sandbox.
    pub(super) fn weigh(&self, env: &Env, id: u32, bytes: i64) -> napi::Result<()> {
        let mut owners = self.owners.borrow_mut();
        let Some(owner) = owners.get_mut(&id) else { return Ok(()) };
        owner.weight += bytes;
        env.adjust_external_memory(bytes).map(drop)
    }

    pub(super) fn get(&self, id: u32) -> Option<Rc<Sandbox>> {
        self.sandboxes.borrow().get(&id).map(|found| found.sandbox.clone())
    }

    /// Why another thread has ended a sandbox.
    pub(super) fn reason(&self, id: u32) -> Option<String> {
        self.sandboxes.borrow().get(&id)?.registration.reason()
    }

    pub(super) fn remove(&self, id: u32) -> Option<Rc<Sandbox>> {
        if let Some(owner) = self.owners.borrow_mut().remove(&id) {
            // It only tells V8 when to collect.
            let _ = owner.object.env().adjust_external_memory(-owner.weight);
        }
        self.sandboxes.borrow_mut().remove(&id).map(|found| found.sandbox)
    }

    /// Copies a message out of the mailbox.
    fn read(&self, base: u32, length: u32) -> Option<Vec<u8>> {
        let end = base.checked_add(length)?;
        self.memory.borrow().get(base as usize..end as usize).map(<[u8]>::to_vec)
    }

    /// Copies a message into the mailbox, or puts it aside when it does not fit.
    fn post(&self, base: u32, message: &[u8]) -> u32 {
        let mut memory = self.memory.borrow_mut();
        // SAFETY: the slice lives only for the copy below, during which no JavaScript and
        // no other Rust code runs; the RefCell rules out a second borrow on this thread,
        // and a plain ArrayBuffer is not shared with another.
        let bytes = unsafe { memory.as_mut() };
        let place = bytes.get_mut(base as usize..).and_then(|rest| rest.get_mut(..message.len()));
        match place {
            Some(place) => {
                place.copy_from_slice(message);
                message.len() as u32
            }
            None => {
                *self.large.borrow_mut() = message.to_vec();
                TOO_LARGE
            }
        }
    }
}

/// The way to the host while a request is on the stack. Nothing of it is kept, so a
/// sandbox that its owner forgets can be collected.
struct NodeChannel<'env> {
    exchange: &'env Exchange,
    base: u32,
    dispatch: Dispatch<'env>,
}

impl Channel for NodeChannel<'_> {
    fn send(&self, message: &[u8]) -> Option<Vec<u8>> {
        let length = self.exchange.post(self.base, message);
        // An error here means that the environment is going down or out of stack: the
        // dispatcher itself never throws.
        let reply = self.dispatch.call((self.base, length).into()).ok()?;
        self.exchange.read(self.base, reply)
    }
}
