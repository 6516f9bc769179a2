//! What the integration tests share: a guest to run source text in, hosts made of
//! closures, a generator of numbers, and a way to see what is left in a heap.
#![allow(dead_code)] // Each test file uses a part of this.

pub mod grammar;
pub mod rig;
pub mod samples;

use std::rc::Rc;
use std::time::Duration;

use quickvm::engine::{Args, Host, Limits, Origin, Realm, Runtime, Scope, Stop, Thrown, Value};

pub const KB: usize = 1 << 10;
pub const MB: usize = 1 << 20;

/// Limits that a well-behaved program does not notice.
pub const ROOMY: Limits = Limits { memory: 32 * MB, stack: 512 * KB };

/// What a piece of source came to: its completion value as text, or what it threw.
pub type Outcome = Result<String, String>;

/// A host with no functions.
pub struct NoHost;

impl Host for NoHost {
    fn call<'a>(&self, scope: Scope<'a>, _: u32, _: Args<'a>) -> Result<Value<'a>, Thrown<'a>> {
        Err(scope.type_error("this host has no functions"))
    }
}

/// A host whose functions are one closure; see [`answer`].
pub struct Answer<F>(F);

/// Makes a host of a closure, which gets the slot and the arguments of each call.
pub fn answer<F>(answer: F) -> Answer<F>
where
    F: for<'a> Fn(Scope<'a>, u32, Args<'a>) -> Result<Value<'a>, Thrown<'a>>,
{
    Answer(answer)
}

impl<F> Host for Answer<F>
where
    F: for<'a> Fn(Scope<'a>, u32, Args<'a>) -> Result<Value<'a>, Thrown<'a>>,
{
    fn call<'a>(
        &self,
        scope: Scope<'a>,
        slot: u32,
        args: Args<'a>,
    ) -> Result<Value<'a>, Thrown<'a>> {
        (self.0)(scope, slot, args)
    }
}

/// A runtime with one realm.
pub struct Guest {
    pub runtime: Rc<Runtime>,
    pub realm: Realm,
}

impl Guest {
    pub fn new() -> Self {
        Self::with(ROOMY)
    }

    pub fn with(limits: Limits) -> Self {
        let runtime = Runtime::new(limits).expect("a runtime");
        let realm = Realm::new(&runtime).expect("a realm");
        if cfg!(feature = "asan") {
            // It takes long to unwind.
            runtime.set_grace(Some(Duration::from_millis(400)));
        }
        Self { runtime, realm }
    }

    /// The same, where what can be stopped in the ordinary way is, also when the machine is
    /// busy: after a jump nothing could be asked of it.
    pub fn patient(limits: Limits) -> Self {
        let guest = Self::with(limits);
        guest.runtime.set_grace(Some(Duration::from_secs(5)));
        guest
    }

    /// Runs `source` under a deadline that no test is meant to reach.
    pub fn attempt(&self, source: &str) -> (Outcome, Option<Stop>) {
        self.attempt_within(Some(Duration::from_secs(60)), source)
    }

    pub fn attempt_within(
        &self,
        timeout: Option<Duration>,
        source: &str,
    ) -> (Outcome, Option<Stop>) {
        attempt(&self.realm, timeout, &NoHost, source)
    }

    /// The completion value of `source`, which must neither throw nor be stopped.
    #[track_caller]
    pub fn run(&self, source: &str) -> String {
        run(&self.realm, source)
    }

    /// What `source` throws, as `name: message`.
    #[track_caller]
    pub fn run_to_error(&self, source: &str) -> String {
        match self.attempt(source) {
            (Err(thrown), None) => thrown,
            other => panic!("{source}\nshould have thrown, but came to {other:?}"),
        }
    }

    /// Puts a host function on the global object.
    pub fn expose(&self, name: &str, slot: u32) {
        let ((), stop) = self.runtime.enter(&self.realm, None, &NoHost, |scope| {
            let text = scope.string_utf8(name.as_bytes()).unwrap();
            let function = scope.host_function(slot, &text, 0, false).unwrap();
            scope.global().set(&text.to_key().unwrap(), function).unwrap();
        });
        assert_eq!(stop, None);
    }

    /// Bytes in use once the collector has been at work.
    #[track_caller]
    pub fn used(&self) -> usize {
        collect(&self.realm);
        self.runtime.heap().used()
    }

    /// Asserts that the heap is about as full as it was, and that the engine still works.
    #[track_caller]
    pub fn assert_back_to(&self, start: usize) {
        self.assert_back_within(start, 48 * KB);
    }

    /// The same where tables of the engine have grown by up to `slack` bytes for good.
    #[track_caller]
    pub fn assert_back_within(&self, start: usize, slack: usize) {
        assert_eq!(self.run("[1, 2, 3].map((n) => n * 2).join()"), "2,4,6");
        let used = self.used();
        // Grown tables (atoms, shapes) stay, and a few lazily made properties.
        assert!(used <= start + slack, "{used} bytes in use, {start} at the start");
        assert_eq!(self.runtime.slot_count(), 0, "slots");
    }
}

/// Runs `source` in `realm`.
pub fn attempt(
    realm: &Realm,
    timeout: Option<Duration>,
    host: &dyn Host,
    source: &str,
) -> (Outcome, Option<Stop>) {
    realm.runtime().enter(realm, timeout, host, |scope| eval(scope, source))
}

/// The completion value of `source` in `realm`; it must neither throw nor be stopped.
#[track_caller]
pub fn run(realm: &Realm, source: &str) -> String {
    match attempt(realm, Some(Duration::from_secs(60)), &NoHost, source) {
        (Ok(value), None) => value,
        other => panic!("{source}\ncame to {other:?}"),
    }
}

/// Evaluates `source` and shows the outcome.
pub fn eval(scope: Scope<'_>, source: &str) -> Outcome {
    show(scope.eval(source.as_bytes(), &named("test.js")))
}

/// An origin without offsets.
pub fn named(filename: &str) -> Origin {
    Origin { filename: filename.into(), ..Origin::default() }
}

/// A result as text.
pub fn show(result: Result<Value<'_>, Thrown<'_>>) -> Outcome {
    let text = |value: &Value<'_>| value.to_text().unwrap_or_else(|_| "(no text)".into());
    result.map(|value| text(&value)).map_err(|Thrown(value)| text(&value))
}

/// Makes the collector run. An allocation that reaches into the reserve of the heap has
/// it collected before the entry's verdict is given.
#[track_caller]
pub fn collect(realm: &Realm) {
    let heap = realm.runtime().heap();
    let reserve = (heap.limit() / 16).clamp(64 * KB, 2 * MB).min(heap.limit() / 4);
    let free = heap.limit() - heap.used();
    if free > reserve {
        run(realm, &format!("void new ArrayBuffer({})", free - reserve / 2));
    }
}

/// Numbers that look random and are the same each time (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}
