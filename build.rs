//! Compiles the guard around the engine, and links the addon against Node.

/// The C files in `src/engine/guard/`.
const GUARD: [&str; 4] = ["builtins.c", "guard.c", "parser.c", "signal.c"];

fn main() {
    let mut guard = cc::Build::new();
    for file in GUARD {
        guard.file(format!("src/engine/guard/{file}"));
    }
    // Optimized in every profile: it is part of each step across the border.
    guard.std("c11").define("_GNU_SOURCE", None).opt_level(2).compile("quickvm_guard");
    println!("cargo:rerun-if-changed=src/engine/guard");

    #[cfg(feature = "addon")]
    napi_build::setup();
}
