//! Compiles the guard around the engine, and links the addon against Node.

/// The C files in `src/engine/guard/`.
const GUARD: [&str; 5] = ["builtins.c", "fault.c", "guard.c", "parser.c", "signal.c"];

fn main() {
    let mut guard = cc::Build::new();
    for file in GUARD {
        guard.file(format!("src/engine/guard/{file}"));
    }
    #[cfg(feature = "asan")]
    {
        guard.flag("-fsanitize=address").flag("-fno-omit-frame-pointer");
        println!("cargo:rustc-link-lib=dylib=asan");
    }
    // What compilers merely warn of for old programs' sake.
    for mistake in ["int-conversion", "implicit-function-declaration", "incompatible-pointer-types"]
    {
        guard.flag_if_supported(format!("-Werror={mistake}"));
    }
    // Optimized in every profile: it is part of each step across the border.
    guard.std("c11").define("_GNU_SOURCE", None).opt_level(2).compile("quickvm_guard");
    println!("cargo:rerun-if-changed=src/engine/guard");

    #[cfg(feature = "addon")]
    napi_build::setup();
}
