//! Messages nested more deeply than the native stack allows. Apart from the other tests of
//! the membrane, for what goes wrong here ends the process.

use quickvm::guest::{Builtins, Surface};
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
    let options = SandboxOptions {
        memory: 64 << 20,
        stack: 512 << 10,
        builtins,
        surface: Surface::FULL,
        contexts: false,
    };
    let sandbox = Sandbox::new(options).unwrap();
    let mut message = Writer::new(usize::MAX);
    message.byte(op::GLOBAL_SET);
    message.f64(f64::INFINITY);
    message.text("name");
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
fn collections_nested_too_deeply_are_refused() {
    nest(100_000, |w| {
        w.byte(tag::MAP);
        w.u32(1);
    });
    nest(100_000, |w| {
        w.byte(tag::SET);
        w.u32(1);
    });
}

#[test]
fn causes_nested_too_deeply_are_refused() {
    nest(100_000, |w| {
        w.byte(tag::ERROR);
        w.byte(0);
        w.u32(100);
        w.text("Error");
        w.text("message");
        w.byte(1);
    });
}

#[test]
fn views_nested_too_deeply_are_refused() {
    nest(100_000, |w| {
        w.byte(tag::TYPED_ARRAY);
        w.byte(0);
    });
    nest(100_000, |w| w.byte(tag::DATA_VIEW));
}

#[test]
fn intrinsics_nested_too_deeply_are_refused() {
    nest(100_000, |w| {
        w.byte(tag::INTRINSIC);
        w.u32(2);
    });
}

#[test]
fn symbols_nested_too_deeply_are_refused() {
    nest(100_000, |w| w.byte(tag::REGISTERED_SYMBOL));
}
