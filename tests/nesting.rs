//! Messages nested more deeply than the native stack allows. Apart from the other tests of
//! the membrane, for what goes wrong here ends the process.

use quickvm::guest::Builtins;
use quickvm::membrane::wire::{op, status, tag, Writer};
use quickvm::{Channel, Sandbox, SandboxOptions};

struct Deaf;

impl Channel for Deaf {
    fn send(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

/// Sends `level` over and over, each inside the one before.
fn nest(depth: usize, level: impl Fn(&mut Writer)) {
    let builtins = Builtins { console: false, timers: false, modules: false };
    let options = SandboxOptions { memory: 64 << 20, stack: 512 << 10, builtins };
    let sandbox = Sandbox::new(options).unwrap();
    let mut message = Writer::new(usize::MAX);
    message.byte(op::GLOBAL_HAS);
    message.f64(f64::INFINITY);
    (0..depth).for_each(|_| level(&mut message));
    message.byte(tag::NULL);
    let reply = sandbox.handle(message.bytes(), &Deaf);
    assert_ne!(reply[0], status::RETURN);
    // The error that was thrown, and nothing of the message.
    assert!(sandbox.usage().guest_handles <= 1);
}

#[test]
fn arrays_nested_too_deeply_are_refused() {
    nest(100_000, |w| {
        w.byte(tag::ARRAY);
        w.u32(1);
    });
}

#[test]
fn objects_nested_too_deeply_are_refused() {
    nest(100_000, |w| {
        w.byte(tag::OBJECT);
        w.u32(1);
        w.text("a");
    });
}

#[test]
fn symbols_nested_too_deeply_are_refused() {
    nest(100_000, |w| w.byte(tag::REGISTERED_SYMBOL));
}
