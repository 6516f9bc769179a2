//! A sandbox in the host's hands.

use std::rc::Rc;

use napi::bindgen_prelude::Object;
use napi::Env;
use napi_derive::napi;

use super::mailbox::{Exchange, Mailbox, GONE};
use super::weak::Weak;
use super::NativeScript;
use crate::guest::{Builtins, Surface, REMOVABLE};
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

/// What a sandbox is made of.
#[napi(object, object_to_js = false)]
pub struct NativeOptions {
    pub memory_bytes: f64,
    pub stack_bytes: f64,
    /// How long a guest is left after it was told to stop.
    pub grace_ms: f64,
    pub console: bool,
    pub timers: bool,
    pub modules: bool,
    /// Whether the first context is to find its realm made.
    pub contexts: bool,
    /// Whether code is made from strings.
    pub code_generation: bool,
    /// Intrinsics that are not there.
    pub without: Vec<String>,
    /// Where the clock stands, in milliseconds since 1970.
    pub now: Option<f64>,
    /// Where `Math.random` begins.
    pub seed: Option<f64>,
    /// Of the source text that the guest makes.
    pub source_limit_bytes: f64,
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
    /// A sandbox whose guest asks its host by `mailbox`.
    #[napi(constructor)]
    pub fn new(mailbox: &Mailbox, options: NativeOptions) -> napi::Result<Self> {
        let NativeOptions { console, timers, modules, .. } = options;
        let sandbox = Sandbox::new(SandboxOptions {
            memory: options.memory_bytes as usize,
            stack: options.stack_bytes as usize,
            builtins: Builtins { console, timers, modules },
            contexts: options.contexts,
            surface: Surface {
                code_generation: options.code_generation,
                intrinsics: REMOVABLE
                    .map(|name| !options.without.iter().any(|without| without == name)),
                now: options.now.map(|now| now as i64),
            },
        })
        .map_err(|error| napi::Error::from_reason(error.to_string()))?;
        sandbox.set_grace(options.grace_ms);
        if let Some(seed) = options.seed {
            sandbox.set_random_seed(seed as i64 as u64);
        }
        sandbox.set_source_limit(options.source_limit_bytes as usize);
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

    /// Tells V8 of memory that its collector could give back, or that it has.
    #[napi]
    pub fn weigh(&self, env: &Env, bytes: f64) -> napi::Result<()> {
        self.exchange.weigh(env, self.id, bytes as i64)
    }

    /// Counts bytes of the host's against the cap of the guest that they are there for.
    #[napi]
    pub fn charge(&self, bytes: f64) {
        if let Some(sandbox) = self.exchange.get(self.id) {
            sandbox.charge(bytes);
        }
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

    /// What a run in that context has left behind: 1 for jobs, 2 for a realm.
    #[napi]
    pub fn left_behind(&self, context: u32) -> u8 {
        self.exchange.get(self.id).map_or(0, |sandbox| {
            u8::from(sandbox.has_left_jobs()) | u8::from(sandbox.has_context(context)) << 1
        })
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
