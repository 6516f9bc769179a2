//! The Node-API classes: the only place that knows of Node.

mod mailbox;
mod registry;
mod sandbox;
mod script;
mod weak;

use script::NativeScript;
