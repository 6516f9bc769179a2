//! Interrupt checks at once, where the engine would make them in a while.
//!
//! The engine counts down to its next check in a field of the realm's record that it
//! offers no way to set. A guest that has hit a limit could do much harm until the
//! count is over. So the field is found by watching which number counts the iterations
//! of a loop. Should an engine keep its count elsewhere, none is found, checks come in
//! their own time, and the tests say so.
#![allow(unsafe_code)]

use std::sync::OnceLock;

use rquickjs::qjs;

use super::guard;

/// Part of a realm's record that is searched, in bytes.
pub(super) const SEARCHED: usize = 1024;

/// Where in a realm's record the count is, in this process's engine.
static OFFSET: OnceLock<usize> = OnceLock::new();

/// Finds the count, by means of a realm that has run no code yet.
pub(super) fn find(context: *mut qjs::JSContext) {
    if OFFSET.get().is_some() {
        return;
    }
    let found = || {
        // How far each number of the record is counted down by a loop.
        let counted = |iterations: i32| -> Vec<i32> {
            let before = read(context);
            run(context, iterations);
            before.iter().zip(read(context)).map(|(b, a)| b.wrapping_sub(a)).collect()
        };
        // A new realm's count is over at once and only then begins.
        run(context, 1);
        let (few, many) = (counted(SOME), counted(SOME + MORE));
        let mut found = (0..few.len()).filter(|&at| {
            // So much for each iteration, and a little for the script around them.
            let each = many[at].wrapping_sub(few[at]) / MORE;
            let around = few[at].wrapping_sub(each.wrapping_mul(SOME));
            (1..10).contains(&each)
                && (0..10).contains(&around)
                && many[at] == each * (SOME + MORE) + around
        });
        match (found.next(), found.next()) {
            (Some(at), None) => Some(at * size_of::<i32>()),
            _ => None,
        }
    };
    // A realm without memory to run in tells nothing; the next one may.
    if let Some(found) = found() {
        OFFSET.get_or_init(|| found);
    }
}

/// Iterations of the loops that are watched.
const SOME: i32 = 40;
const MORE: i32 = 37;

/// Where the count is, if it was found.
pub(super) fn offset() -> Option<usize> {
    OFFSET.get().copied()
}

/// Makes the next check of a realm come at once.
pub(super) fn hurry(context: *mut qjs::JSContext) {
    if let Some(offset) = offset() {
        // SAFETY: a live realm's record, in which the engine keeps its count at this
        // offset, as was found out above.
        unsafe { context.cast::<u8>().add(offset).cast::<i32>().write_volatile(1) };
    }
}

fn read(context: *mut qjs::JSContext) -> Vec<i32> {
    let numbers = context.cast::<i32>();
    // SAFETY: the record is the first thing that a realm allocates, so there is more of
    // the heap behind it than is read here, also where the record itself is shorter.
    (0..SEARCHED / size_of::<i32>()).map(|at| unsafe { numbers.add(at).read_volatile() }).collect()
}

fn run(context: *mut qjs::JSContext, iterations: i32) {
    let source = format!("for (let i = 0; i < {iterations}; i++);\0");
    // SAFETY: a live realm; the source ends in NUL and outlives the call; the value is
    // given up once.
    unsafe {
        let (text, length) = (source.as_ptr().cast(), (source.len() - 1) as _);
        let flags = qjs::JS_EVAL_TYPE_GLOBAL as i32;
        let value = guard::JS_Eval(context, text, length, c"quickvm:poll".as_ptr(), flags);
        guard::JS_FreeValue(context, value);
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::{Limits, Realm, Runtime};

    #[test]
    fn this_engine_keeps_its_count_where_it_can_be_found() {
        let runtime = Runtime::new(Limits { memory: 8 << 20, stack: 256 << 10 }).unwrap();
        let realm = Realm::new(&runtime).unwrap();
        assert!(super::OFFSET.get().is_some());
        drop(realm);
    }
}
