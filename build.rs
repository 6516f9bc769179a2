//! Links the addon against Node.

fn main() {
    #[cfg(feature = "addon")]
    napi_build::setup();
}
