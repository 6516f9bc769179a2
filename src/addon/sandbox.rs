//! A sandbox in the host's hands.

use std::rc::Rc;

use napi::bindgen_prelude::Object;
use napi::Env;
use napi_derive::napi;

use super::mailbox::{Exchange, Mailbox, GONE};
use super::weak::Weak;
use super::NativeScript;
use crate::guest::Builtins;
use crate::sandbox::{Sandbox, SandboxOptions};

/// One sandbox. It lives in its environment's table, under its `id`, until it is
/// disposed of; the collector does that for one that its owner forgets.
#[napi]
pub struct NativeSandbox {
    exchange: Rc<Exchange>,
    /// Its number, for `enter`.
    #[napi(readonly)]
    pub id: u32,
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
    /// A sandbox with `memory_bytes` of heap and `stack_bytes` of stack; its guest is left
    /// `grace_ms` after it was told to stop.
    #[napi(constructor)]
    pub fn new(
        mailbox: &Mailbox,
        memory_bytes: f64,
        stack_bytes: f64,
        grace_ms: f64,
        console: bool,
        timers: bool,
        modules: bool,
    ) -> napi::Result<Self> {
        let options = SandboxOptions {
            memory: memory_bytes as usize,
            stack: stack_bytes as usize,
            builtins: Builtins { console, timers, modules },
        };
        let sandbox =
            Sandbox::new(options).map_err(|error| napi::Error::from_reason(error.to_string()))?;
        sandbox.set_grace(grace_ms);
        let exchange = mailbox.exchange.clone();
        let id = exchange.add(Rc::new(sandbox));
        Ok(Self { exchange, id })
    }

    /// Disposes of it once its owner has been collected, also within a synchronous run.
    #[napi]
    pub fn owned_by(&self, env: &Env, owner: Object) -> napi::Result<()> {
        self.exchange.owned(env, self.id, Weak::new(env, &owner)?)
    }

    /// The script that the last compilation made.
    #[napi]
    pub fn take_compiled(&self) -> Option<NativeScript> {
        let script = self.exchange.get(self.id)?.take_compiled()?;
        Some(NativeScript { script })
    }

    /// Makes a script known here; answers its number.
    #[napi]
    pub fn add_script(&self, script: &NativeScript) -> Option<u32> {
        Some(self.exchange.get(self.id)?.add_script(script.script.clone()))
    }

    /// Gives up a script.
    #[napi]
    pub fn drop_script(&self, number: u32) {
        if let Some(sandbox) = self.exchange.get(self.id) {
            sandbox.drop_script(number);
        }
    }

    /// Tells V8 of memory that its collector could have given back, or that it has.
    #[napi]
    pub fn weigh(&self, env: Env, bytes: f64) -> napi::Result<()> {
        env.adjust_external_memory(bytes as i64).map(drop)
    }

    /// The host has let go of a context's object.
    #[napi]
    pub fn drop_context(&self, number: u32) {
        if let Some(sandbox) = self.exchange.get(self.id) {
            sandbox.drop_context(number);
        }
    }

    /// Gives up a guest value.
    #[napi]
    pub fn release(&self, slot: u32) {
        if let Some(sandbox) = self.exchange.get(self.id) {
            sandbox.release(slot);
        }
    }

    /// Whether a run has left jobs for later.
    #[napi]
    pub fn has_left_jobs(&self) -> bool {
        self.exchange.get(self.id).is_some_and(|sandbox| sandbox.has_left_jobs())
    }

    /// Stops the guest, for good.
    #[napi]
    pub fn terminate(&self) {
        if let Some(sandbox) = self.exchange.get(self.id) {
            sandbox.terminate();
        }
    }

    /// Milliseconds that the host may take to read the last large message.
    #[napi]
    pub fn time_to_read(&self) -> f64 {
        let time = self.exchange.get(self.id).and_then(|sandbox| sandbox.time_to_read());
        time.unwrap_or(f64::INFINITY)
    }

    /// The host has given up reading it.
    #[napi]
    pub fn take_back(&self) {
        if let Some(sandbox) = self.exchange.get(self.id) {
            sandbox.take_back();
        }
    }

    /// Why another thread has ended it, if it gave a reason.
    #[napi]
    pub fn reason(&self) -> Option<String> {
        self.exchange.reason(self.id)
    }

    /// Whether the guest could only be stopped for good.
    #[napi]
    pub fn is_condemned(&self) -> bool {
        self.exchange.get(self.id).is_some_and(|sandbox| sandbox.is_condemned())
    }

    /// Gives up the heap. A guest that is running is stopped; its heap goes when it
    /// has left.
    #[napi]
    pub fn dispose(&mut self) {
        if let Some(sandbox) = self.exchange.remove(self.id) {
            sandbox.terminate();
        }
        self.id = GONE;
    }

    /// Figures; none once disposed.
    #[napi]
    pub fn usage(&self) -> Option<NativeUsage> {
        let usage = self.exchange.get(self.id)?.usage();
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
}

impl Drop for NativeSandbox {
    fn drop(&mut self) {
        self.dispose();
    }
}
