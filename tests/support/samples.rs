//! A value of each kind, and a request of each kind, as the host writes them.

use quickvm::engine::{Shape, TRAPS};
use quickvm::membrane::wire::{names, op, property, tag};

use super::rig::{
    call, host_error, host_function, host_object, nothing, reflect, request, run, text, Rig, Write,
};

/// Values as the host writes them, and as the guest writes them back in a copy of an object
/// that has them.
pub const SAMPLES: &[(&str, Write<'static>)] = &[
    ("undefined", &|w| w.byte(tag::UNDEFINED)),
    ("null", &|w| w.byte(tag::NULL)),
    ("true", &|w| w.byte(tag::TRUE)),
    ("false", &|w| w.byte(tag::FALSE)),
    ("-7", &|w| {
        w.byte(tag::INTEGER);
        w.i32(-7);
    }),
    ("-0.0", &|w| {
        w.byte(tag::NUMBER);
        w.f64(-0.0);
    }),
    ("NaN", &|w| {
        w.byte(tag::NUMBER);
        w.f64(f64::NAN);
    }),
    ("1e300", &|w| {
        w.byte(tag::NUMBER);
        w.f64(1e300);
    }),
    ("", &|w| w.text("")),
    ("plain", &|w| w.text("plain")),
    ("čaj 🎉", &|w| w.text("čaj 🎉")),
    ("é\u{ff}", &|w| {
        w.byte(tag::LATIN1);
        w.block(&[0xe9, 0xff]);
    }),
    ("\u{fffd}a\0", &|w| w.utf16(&[0xd800, 0x61, 0])),
    ("-0xdeadbeefcafe123456789n", &|w| {
        w.byte(tag::BIGINT);
        w.byte(1);
        w.text("deadbeefcafe123456789");
    }),
    ("@@0", &|w| {
        w.byte(tag::WELL_KNOWN_SYMBOL);
        w.i32(0);
    }),
    ("@key", &|w| {
        w.byte(tag::REGISTERED_SYMBOL);
        w.text("key");
    }),
    ("{a: 1, __proto__: null}", &|w| {
        w.byte(tag::OBJECT);
        w.u32(2);
        w.text("a");
        w.byte(tag::INTEGER);
        w.i32(1);
        w.text("__proto__");
        w.byte(tag::NULL);
    }),
    ("{self: ref 1}", &|w| {
        w.byte(tag::OBJECT);
        w.u32(1);
        w.text("self");
        w.byte(tag::REFERENCE);
        w.u32(0);
    }),
    ("[true, ref 1, x|extra: null]", &|w| {
        w.byte(tag::ARRAY);
        w.u32(3);
        w.byte(tag::TRUE);
        w.byte(tag::REFERENCE);
        w.u32(0);
        w.text("x");
        w.u32(1);
        w.text("extra");
        w.byte(tag::NULL);
    }),
    ("[sparse 3|1: true]", &|w| {
        w.byte(tag::ARRAY);
        w.u32(3);
        w.byte(tag::HOLE);
        w.byte(tag::TRUE);
        w.byte(tag::HOLE);
        w.u32(0);
    }),
    ("[sparse 100000|7: null]", &|w| {
        w.byte(tag::SPARSE_ARRAY);
        w.u32(100_000);
        w.u32(1);
        w.text("7");
        w.byte(tag::NULL);
    }),
    ("Map(k, [|], ref 1, ref 2)", &|w| {
        w.byte(tag::MAP);
        w.u32(2);
        w.text("k");
        w.byte(tag::ARRAY);
        w.u32(0);
        w.u32(0);
        w.byte(tag::REFERENCE);
        w.u32(0);
        w.byte(tag::REFERENCE);
        w.u32(1);
    }),
    ("Set(null, ref 1)", &|w| {
        w.byte(tag::SET);
        w.u32(2);
        w.byte(tag::NULL);
        w.byte(tag::REFERENCE);
        w.u32(0);
    }),
    ("Date(1234.0)", &|w| {
        w.byte(tag::DATE);
        w.f64(1234.0);
    }),
    ("/a+(?<n>b)/giu", &|w| {
        w.byte(tag::REGEXP);
        w.text("a+(?<n>b)");
        w.text("giu");
    }),
    ("buffer [1, 2, 255]", &|w| {
        w.byte(tag::ARRAY_BUFFER);
        w.block(&[1, 2, 255]);
    }),
    ("view 4 buffer [1, 0, 2, 0] 2.0 1.0", &|w| {
        w.byte(tag::TYPED_ARRAY);
        w.byte(4);
        w.byte(tag::ARRAY_BUFFER);
        w.block(&[1, 0, 2, 0]);
        w.f64(2.0);
        w.f64(1.0);
        w.byte(tag::UNDEFINED);
    }),
    ("view buffer [1, 2, 3] 1.0 2.0", &|w| {
        w.byte(tag::DATA_VIEW);
        w.byte(tag::ARRAY_BUFFER);
        w.block(&[1, 2, 3]);
        w.f64(1.0);
        w.f64(2.0);
    }),
    ("boxed text", &|w| {
        w.byte(tag::BOXED);
        w.text("text");
    }),
    ("home 40", &|w| host_function(w, 40)),
    ("home 41: no such thing {code: ERR_X}", &|w| host_error(w, 5, 41)),
    ("home 42", &|w| {
        w.byte(tag::PROMISE);
        w.u32(42);
    }),
    ("home 43", &|w| host_object(w, 43, Shape::Object)),
    ("home 44", &|w| host_object(w, 44, Shape::Array)),
    ("home 45", &|w| host_object(w, 45, Shape::Function)),
    ("home 46", &|w| host_object(w, 46, Shape::Constructor)),
];

/// What a host may ask.
pub const OPS: [u8; 15] = [
    op::RUN,
    op::COMPILE,
    op::RUN_SCRIPT,
    op::CALL,
    op::SETTLE,
    op::FIRE_TIMER,
    op::REQUIRE,
    op::GLOBAL,
    op::GLOBAL_SET,
    op::REFLECT,
    op::COPY,
    op::CREATE_CONTEXT,
    op::RUN_IN_CONTEXT,
    op::DRAIN,
    op::DROP_CONTEXT,
];
/// One more than the highest tag.
pub const TAGS: u8 = tag::CONTEXT + 1;

/// Requests of every kind, without symbols of the host's: those stay.
pub fn requests(function: u32) -> Vec<Vec<u8>> {
    let all: Vec<Write<'_>> = SAMPLES.iter().map(|(_, write)| *write).collect();
    let mut requests = vec![
        run("({ a: [1, 'x'], f: () => 1, p: Promise.resolve(1), e: new Error('e') })"),
        call(function, &all),
        request(op::REQUIRE, &|w| w.text("some-module")),
        request(op::FIRE_TIMER, &|w| w.u32(1)),
        request(op::GLOBAL, &|_| ()),
        request(op::GLOBAL_SET, &|w| {
            w.text("answer");
            w.byte(tag::NULL);
        }),
        request(op::COPY, &|w| w.u32(function)),
        request(op::RUN_SCRIPT, &|w| w.u32(0)),
        request(op::CREATE_CONTEXT, &|w| {
            w.u32(1);
            w.byte(1);
        }),
        request(op::RUN_IN_CONTEXT, &|w| {
            w.u32(1);
            w.byte(0);
            w.byte(names::THESE);
            w.u32(1);
            w.text("x");
            w.u32(1);
            w.text("x");
            w.byte(property::DATA);
            w.byte(7);
            w.byte(tag::NULL);
            w.byte(0);
            w.text("test.js");
            w.i32(0);
            w.u32(0);
            w.text("var made = 1; delete globalThis.x; Object.keys(globalThis)");
        }),
        request(op::DRAIN, &|_| ()),
        request(op::DROP_CONTEXT, &|w| {
            w.u32(1);
            w.u32(1);
            w.text("x");
            w.byte(property::KEPT);
            w.byte(7);
        }),
    ];
    let mut compile = run("1 + 1");
    compile[0] = op::COMPILE;
    requests.push(compile);
    requests.extend(all.iter().map(|write| call(function, &[*write])));
    requests
        .extend(TRAPS.iter().map(|&(trap, _)| reflect(function, trap, &[&text("x"), &nothing])));
    requests.extend(all.iter().map(|write| {
        request(op::SETTLE, &|w| {
            w.u32(42);
            w.byte(1);
            write(w);
        })
    }));
    requests
}

/// Settles the promise that the samples speak of, which lets go of what waits for it.
pub fn settle_sample(rig: &Rig) {
    rig.request(op::SETTLE, &|w| {
        w.u32(42);
        w.byte(1);
        w.byte(tag::NULL);
    });
}
