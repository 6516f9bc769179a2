//! Guest functions that the bridge uses in place of what guest code could replace.

use std::sync::OnceLock;

use crate::engine::{Scope, Script, Thrown, Value};

/// What `helpers.js` does, by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Helper {
    MapEntries,
    SetValues,
    NewMap,
    MapSet,
    NewSet,
    SetAdd,
    DateTime,
    NewDate,
    RegExpSource,
    RegExpFlags,
    NewRegExp,
    BigIntHex,
    BigIntNegative,
    NewBigInt,
    ErrorClass,
    ErrorText,
    OwnProperty,
    NewError,
    ViewBuffer,
    ViewOffset,
    ViewLength,
    NewDataView,
    Box,
    Unbox,
    TwinGet,
    TwinSet,
    TwinOf,
    SymbolIndex,
    SymbolKey,
    SymbolDescription,
    NewSymbol,
    WellKnownSymbol,
    RegisteredSymbol,
    OwnText,
    OwnNumber,
    ClassName,
    AdoptRealm,
}

/// How many helpers the realm keeps; what others keep there comes after them.
pub const HELPERS: usize = 1;

/// Captures the helpers in a realm that has run no guest code yet.
pub fn capture(scope: Scope<'_>) -> Result<Vec<Value<'_>>, Thrown<'_>> {
    static COMPILED: OnceLock<Script> = OnceLock::new();
    let source = include_str!("helpers.js");
    Ok(vec![scope.run_builtin(&COMPILED, source, "quickvm:helpers")?])
}

/// Calls a helper.
pub fn help<'a>(
    scope: Scope<'a>,
    helper: Helper,
    args: &[Value<'a>],
) -> Result<Value<'a>, Thrown<'a>> {
    let number = scope.integer(helper as i32);
    let args: Vec<_> = std::iter::once(number).chain(args.iter().cloned()).collect();
    scope.helper(0)?.call(&scope.undefined(), &args)
}
