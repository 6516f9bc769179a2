//! What a guest finds besides the intrinsics: console, timers, modules.
//!
//! Each builtin is a script of its own. What it needs of the outside it gets as
//! host functions in fixed slots ([`service`]); what the host needs of it, it returns.

use std::sync::OnceLock;

use crate::engine::{Args, Origin, Scope, Script, Thrown, Value};

/// The host slots of the services behind the builtins. The host's own functions have
/// higher slots.
pub mod service {
    /// `(method, ...values)`: forwards to the host's console.
    pub const CONSOLE: u32 = 0;
    /// `(id, milliseconds, repeat)`: starts a timer on the host's event loop.
    pub const START_TIMER: u32 = 1;
    /// `(id)`: stops it.
    pub const STOP_TIMER: u32 = 2;
    /// `(id, referenced)`: whether it keeps the host's process alive.
    pub const REFERENCE_TIMER: u32 = 3;
    /// `(specifier, referrer)`: answers a module's id.
    pub const RESOLVE_MODULE: u32 = 4;
    /// `(id)`: answers a module's source text.
    pub const LOAD_MODULE: u32 = 5;
    /// `(source, filename)`: answers the module's function. Answered by this crate.
    pub const COMPILE_MODULE: u32 = 6;
    /// `(error)`: an error that nobody catches.
    pub const REPORT_ERROR: u32 = 7;
    /// The first slot that is the host's own.
    pub const END: u32 = 16;
}

/// What the builtins hand back, in the order of [`install`]'s result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `(id)`: runs a timer's function.
    FireTimer,
    /// `(id)`: `require` as seen from no file in particular.
    Require,
    /// `()`: forgets the modules that a stopped guest was loading.
    ForgetUnfinished,
}

/// Which builtins a realm gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtins {
    /// `console`.
    pub console: bool,
    /// `setTimeout` and its kin, `queueMicrotask`.
    pub timers: bool,
    /// `require`, as a global.
    pub modules: bool,
}

/// Installs the builtins on the realm's global object, before guest code runs.
pub fn install(scope: Scope<'_>, builtins: Builtins) -> Result<Vec<Value<'_>>, Thrown<'_>> {
    static CONSOLE: OnceLock<Script> = OnceLock::new();
    static TIMERS: OnceLock<Script> = OnceLock::new();
    static MODULES: OnceLock<Script> = OnceLock::new();
    if builtins.console {
        let source = include_str!("console.js");
        start(scope, &CONSOLE, source, "quickvm:console", &[service::CONSOLE])?;
    }
    let mut fire = scope.undefined();
    if builtins.timers {
        let source = include_str!("timers.js");
        let services = [
            service::START_TIMER,
            service::STOP_TIMER,
            service::REFERENCE_TIMER,
            service::REPORT_ERROR,
        ];
        fire = start(scope, &TIMERS, source, "quickvm:timers", &services)?;
    }
    let source = include_str!("modules.js");
    let services = [service::RESOLVE_MODULE, service::LOAD_MODULE, service::COMPILE_MODULE];
    let modules = start(scope, &MODULES, source, "quickvm:modules", &services)?;
    let (require, forget) = (modules.get_index(0)?, modules.get_index(1)?);
    if builtins.modules {
        scope.global().define_hidden("require", require.clone())?;
    }
    Ok(vec![fire, require, forget])
}

/// Has a realm refuse to make code from strings. `original` is the global object that has
/// its intrinsics.
pub fn forbid_code_generation<'a>(scope: Scope<'a>, original: Value<'a>) -> Result<(), Thrown<'a>> {
    static COMPILED: OnceLock<Script> = OnceLock::new();
    let source = include_str!("codegen.js");
    let forbid = scope.run_builtin(&COMPILED, source, "quickvm:codegen")?;
    forbid.call(&scope.undefined(), &[original]).map(drop)
}

/// Runs a builtin's script and calls the function it evaluates to with its services.
fn start<'a>(
    scope: Scope<'a>,
    compiled: &OnceLock<Script>,
    source: &str,
    filename: &str,
    services: &[u32],
) -> Result<Value<'a>, Thrown<'a>> {
    let function = scope.run_builtin(compiled, source, filename)?;
    let name = scope.string_utf8(b"")?;
    let services: Result<Vec<_>, _> =
        services.iter().map(|&slot| scope.host_function(slot, &name, 0, false)).collect();
    function.call(&scope.undefined(), &services?)
}

/// [`service::COMPILE_MODULE`]: a module's source text as the body of a function.
///
/// The wrapper has a line of its own, which counts as line zero, so that lines and
/// columns in traces are those of the file.
pub fn compile_module<'a>(scope: Scope<'a>, args: Args<'a>) -> Result<Value<'a>, Thrown<'a>> {
    let mut args = args.iter();
    let (Some(source), Some(filename)) = (args.next(), args.next()) else {
        return Err(scope.type_error("a module needs a source and a file name"));
    };
    let mut text = b"(function (exports, require, module, __filename, __dirname) {\n".to_vec();
    source.with_utf8(|source| {
        if source.starts_with(b"#!") {
            text.extend_from_slice(b"//");
        }
        text.extend_from_slice(source);
    })?;
    text.extend_from_slice(b"\n})");
    let origin = Origin { filename: filename.to_text()?, line_offset: -1, ..Origin::default() };
    scope.eval(&text, &origin)
}
