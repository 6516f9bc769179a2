//! The Node-API classes: the only place that knows of Node.

mod mailbox;
mod sandbox;
mod script;
mod weak;

use script::NativeScript;
