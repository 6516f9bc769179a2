//! What it costs to arm a deadline: an entry that does nothing, with one and without.
//!
//! `cargo bench --no-default-features --bench deadline`. Rounds are interleaved; the figures
//! are those of the fastest, which other work on the machine has slowed down least.

use std::time::{Duration, Instant};

use quickvm::engine::{Args, Host, Limits, Realm, Runtime, Scope, Thrown, Value};

const ROUNDS: usize = 400;
const ENTRIES: u32 = 5_000;

struct NoHost;

impl Host for NoHost {
    fn call<'a>(&self, scope: Scope<'a>, _: u32, _: Args<'a>) -> Result<Value<'a>, Thrown<'a>> {
        Err(scope.type_error("this host has no functions"))
    }
}

/// Nanoseconds for an entry.
fn sample(runtime: &Runtime, realm: &Realm, timeout: Option<Duration>) -> f64 {
    let started = Instant::now();
    for _ in 0..ENTRIES {
        let (_, stop) = runtime.enter(realm, timeout, &NoHost, |_| ());
        assert!(stop.is_none());
    }
    started.elapsed().as_nanos() as f64 / f64::from(ENTRIES)
}

fn main() {
    let runtime = Runtime::new(Limits { memory: 8 << 20, stack: 256 << 10 }).unwrap();
    let realm = Realm::new(&runtime).unwrap();
    let timeouts = [None, Some(Duration::from_secs(1)), Some(Duration::from_secs(3600))];
    let mut best = [f64::INFINITY; 3];
    for _ in 0..ROUNDS {
        for (best, &timeout) in best.iter_mut().zip(&timeouts) {
            *best = best.min(sample(&runtime, &realm, timeout));
        }
    }
    let [none, second, hour] = best;
    println!("an entry without a deadline  {none:6.1} ns");
    println!("arming one of a second       {:6.1} ns more", second - none);
    println!("arming one of an hour        {:6.1} ns more", hour - none);
}
