//! A sandbox in the host's hands.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use napi::bindgen_prelude::{FnArgs, Function, Uint8Array};
use napi_derive::napi;

use super::mailbox::{self, Mailbox};
use super::NativeScript;
use crate::guest::Builtins;
use crate::sandbox::{Channel, Sandbox, SandboxOptions};

/// Answers a message that does not fit in the mailbox: the reader makes room and
/// fetches it.
const TOO_LARGE: u32 = u32::MAX;

/// The host's function that answers the guest: `(base, length)` of the message to the
/// length of the reply.
type Dispatch<'env> = Function<'env, FnArgs<(u32, u32)>, u32>;

/// One sandbox. Every method but `enter` is safe to call at any time.
#[napi]
pub struct NativeSandbox {
    memory: Rc<RefCell<Uint8Array>>,
    sandbox: RefCell<Option<Rc<Sandbox>>>,
    /// A message that did not fit, until it is fetched.
    large: Cell<Option<Vec<u8>>>,
}

/// Figures about a sandbox.
#[napi(object)]
pub struct NativeUsage {
    pub memory_bytes: f64,
    pub memory_peak_bytes: f64,
    pub memory_limit_bytes: f64,
    pub cpu_ms: f64,
    pub wall_ms: f64,
    pub entries: f64,
    pub timeouts: f64,
    pub guest_handles: f64,
}

#[napi]
impl NativeSandbox {
    /// A sandbox with `memory_bytes` of heap and `stack_bytes` of stack.
    #[napi(constructor)]
    pub fn new(
        mailbox: &Mailbox,
        memory_bytes: f64,
        stack_bytes: f64,
        console: bool,
        timers: bool,
    ) -> napi::Result<Self> {
        let options = SandboxOptions {
            memory: memory_bytes as usize,
            stack: stack_bytes as usize,
            builtins: Builtins { console, timers },
        };
        let sandbox =
            Sandbox::new(options).map_err(|error| napi::Error::from_reason(error.to_string()))?;
        Ok(Self {
            memory: mailbox.memory.clone(),
            sandbox: RefCell::new(Some(Rc::new(sandbox))),
            large: Cell::new(None),
        })
    }

    /// Carries out the request at `base`; answers the length of the reply, written
    /// there too.
    #[napi]
    pub fn enter(&self, base: u32, length: u32, dispatch: Dispatch<'_>) -> napi::Result<u32> {
        // Held for the length of the entry: the host may dispose of the sandbox meanwhile.
        let sandbox = self.sandbox.borrow().clone();
        let request = mailbox::read(&self.memory, base, length);
        let (Some(sandbox), Some(request)) = (sandbox, request) else {
            return Err(napi::Error::from_reason("no such request"));
        };
        let reply = sandbox.handle(&request, &NodeChannel { native: self, base, dispatch });
        Ok(self.post(base, reply))
    }

    /// Writes the message that did not fit, now that there is room at `base`.
    #[napi]
    pub fn fetch(&self, base: u32) -> u32 {
        self.large.take().map_or(0, |message| self.post(base, message))
    }

    /// The size of the message that did not fit.
    #[napi]
    pub fn fetch_size(&self) -> u32 {
        let message = self.large.take();
        let size = message.as_ref().map_or(0, Vec::len);
        self.large.set(message);
        size as u32
    }

    /// The script that the last compilation made.
    #[napi]
    pub fn take_compiled(&self) -> Option<NativeScript> {
        let script = self.sandbox.borrow().as_ref()?.take_compiled()?;
        Some(NativeScript { script })
    }

    /// Makes a script known here; answers its number.
    #[napi]
    pub fn add_script(&self, script: &NativeScript) -> Option<u32> {
        Some(self.sandbox.borrow().as_ref()?.add_script(script.script.clone()))
    }

    /// Gives up a guest value.
    #[napi]
    pub fn release(&self, slot: u32) {
        if let Some(sandbox) = &*self.sandbox.borrow() {
            sandbox.release(slot);
        }
    }

    /// Stops the guest, for good.
    #[napi]
    pub fn terminate(&self) {
        if let Some(sandbox) = &*self.sandbox.borrow() {
            sandbox.terminate();
        }
    }

    /// Gives up the heap. A guest that is running is stopped; its heap goes when it
    /// has left.
    #[napi]
    pub fn dispose(&self) {
        if let Some(sandbox) = self.sandbox.take() {
            sandbox.terminate();
        }
    }

    /// Figures; none once disposed.
    #[napi]
    pub fn usage(&self) -> Option<NativeUsage> {
        let usage = self.sandbox.borrow().as_ref()?.usage();
        Some(NativeUsage {
            memory_bytes: usage.memory as f64,
            memory_peak_bytes: usage.memory_peak as f64,
            memory_limit_bytes: usage.memory_limit as f64,
            cpu_ms: usage.guest.as_secs_f64() * 1e3,
            wall_ms: usage.wall.as_secs_f64() * 1e3,
            entries: usage.entries as f64,
            timeouts: usage.timeouts as f64,
            guest_handles: usage.guest_handles as f64,
        })
    }

    /// Puts a message at `base`, or aside when it does not fit.
    fn post(&self, base: u32, message: Vec<u8>) -> u32 {
        if mailbox::write(&self.memory, base, &message) {
            return message.len() as u32;
        }
        self.large.set(Some(message));
        TOO_LARGE
    }
}

/// The way to the host while `enter` is on the stack. Nothing of it is kept, so a
/// sandbox that its owner forgets can be collected.
struct NodeChannel<'env> {
    native: &'env NativeSandbox,
    base: u32,
    dispatch: Dispatch<'env>,
}

impl Channel for NodeChannel<'_> {
    fn send(&self, message: &[u8]) -> Option<Vec<u8>> {
        let length = self.native.post(self.base, message.to_vec());
        // An error here means that the environment is going down or out of stack: the
        // dispatcher itself never throws.
        let reply = self.dispatch.call((self.base, length).into()).ok()?;
        mailbox::read(&self.native.memory, self.base, reply)
    }
}
