//! The Node-API classes: the only place that knows of Node.

mod mailbox;
mod registry;
mod sandbox;
mod script;
mod weak;

use script::NativeScript;

use napi_derive::napi;

use crate::engine::sigint;

/// From now on SIGINT stops the guests of this thread, until `unwatchSigint`.
#[napi]
pub fn watch_sigint() {
    sigint::watch();
}

/// Ends what one `watchSigint` has begun.
#[napi]
pub fn unwatch_sigint() {
    sigint::unwatch();
}
