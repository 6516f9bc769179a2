//! A QuickJS runtime with one realm, on a given candidate's memory.
#![allow(unsafe_code)]

use std::ffi::CString;

use rquickjs::qjs;

use crate::candidates::Candidate;

/// Drops in the order declared: the engine's pointers, then the memory they lead to.
pub struct Engine {
    runtime: *mut qjs::JSRuntime,
    context: *mut qjs::JSContext,
    pub memory: Box<dyn Candidate>,
}

impl Engine {
    pub fn new(memory: Box<dyn Candidate>) -> Engine {
        // SAFETY: the candidate's functions and its opaque pointer belong together, and
        // the candidate lives as long as the engine.
        unsafe {
            let runtime = match memory.functions() {
                Some((functions, opaque)) => qjs::JS_NewRuntime2(&functions, opaque),
                None => qjs::JS_NewRuntime(),
            };
            assert!(!runtime.is_null());
            let context = qjs::JS_NewContext(runtime);
            assert!(!context.is_null());
            Engine { runtime, context, memory }
        }
    }

    /// Runs a script; panics if it throws, for a benchmark that fails measures nothing.
    pub fn eval(&self, source: &str) {
        let text = CString::new(source).expect("no NUL in a program");
        let flags = qjs::JS_EVAL_TYPE_GLOBAL as i32;
        // SAFETY: the context is alive, the text is NUL-terminated, and the value is freed once.
        unsafe {
            let value = qjs::JS_Eval(
                self.context,
                text.as_ptr(),
                source.len() as _,
                c"bench.js".as_ptr(),
                flags,
            );
            assert!(!qjs::JS_IsException(value), "{} threw", self.memory.name());
            qjs::JS_FreeValue(self.context, value);
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if self.memory.frees_whole() {
            return;
        }
        // SAFETY: both are alive, and no value of theirs is held any more.
        unsafe {
            qjs::JS_FreeContext(self.context);
            qjs::JS_FreeRuntime(self.runtime);
        }
    }
}
