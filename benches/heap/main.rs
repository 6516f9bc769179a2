//! The heap against other allocators, under real QuickJS.
//!
//! `cargo bench --bench heap [-- mix | lifecycle | churn]`. Runs are interleaved, the
//! figures are medians, and ratios are to the engine on glibc's (or whatever the
//! platform's) malloc: below 1 is faster.

mod candidates;
mod churn;
mod engine;
mod lifecycle;
mod mix;
mod programs;

fn main() {
    // Cargo adds flags of its own, such as --bench.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let want = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    if want("mix") {
        mix::run();
    }
    if want("lifecycle") {
        lifecycle::run();
    }
    if want("churn") {
        churn::run();
    }
}

/// The middle one of the samples, in place.
fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
