//! What a heap costs to have: create and dispose, and memory while alive.

use std::time::Instant;

use crate::candidates::{ours, Make, Malloc};
use crate::engine::Engine;
use crate::median;

const CYCLES: usize = 2_000;
const ALIVE: usize = 1_000;

pub fn run() {
    let candidates: [Make; 2] = [|| Box::new(Malloc), || ours(32 << 20)];
    println!("\nlifecycle: runtime and realm, created and disposed, median of {CYCLES}");
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..CYCLES {
        for (make, times) in candidates.iter().zip(&mut times) {
            let start = Instant::now();
            drop(Engine::new(make()));
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    for (make, times) in candidates.iter().zip(&mut times) {
        println!("{:<12}{:>8.1} us", make().name(), median(times));
    }

    let before = resident();
    for _ in 0..CYCLES * 10 {
        drop(Engine::new(ours(32 << 20)));
    }
    println!("resident after {} more: {:+} KB", CYCLES * 10, resident() - before);

    let before = resident();
    let alive: Vec<Engine> = (0..ALIVE).map(|_| Engine::new(ours(32 << 20))).collect();
    let each = (resident() - before) / ALIVE as i64;
    let heap = alive[0].memory.heap().expect("ours");
    println!(
        "{ALIVE} alive: {each} KB resident each; used {} KB, high water {} KB",
        heap.used() >> 10,
        heap.high_water() >> 10
    );
    let start = Instant::now();
    drop(alive);
    println!("all disposed in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
}

/// KB of this process in memory; 0 where that is not known.
pub fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
