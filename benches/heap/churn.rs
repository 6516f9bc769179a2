//! How much of the heap is lost between blocks when lifetimes mix.

use crate::candidates::ours;
use crate::engine::Engine;
use crate::lifecycle::resident;

/// Keeps a fifth of what it makes, of all sizes, for very different times.
const PROGRAM: &str = r#"
var seed = 1, kept = [];
const random = (n) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
const make = () => {
    switch (random(6)) {
        case 0: return { a: random(9), b: [random(9)], c: "x" + random(1e6) };
        case 1: return "s".repeat(random(20000));
        case 2: return Array.from({ length: random(3000) }, (_, i) => i);
        case 3: return new Uint8Array(random(60000));
        case 4: return new Map([["k" + random(1e6), {}], ["l", []]]);
        default: return () => random(3);
    }
};
function churn(steps) {
    for (let i = 0; i < steps; i++) {
        const o = make();
        if (i % 5 === 0) kept[random(1500)] = o;
        if (i % 4000 === 0) for (let j = 0; j < kept.length; j += 2) kept[j] = undefined;
    }
}
"#;

pub fn run() {
    println!("\nchurn: mixed sizes and lifetimes under a cap of 128 MB, KB");
    println!(
        "{:<8}{:>9}{:>9}{:>12}{:>10}{:>16}",
        "steps", "used", "peak", "high water", "resident", "used/high water"
    );
    let before = resident();
    let engine = Engine::new(ours(128 << 20));
    engine.eval(PROGRAM);
    for round in 1..=6 {
        engine.eval("churn(10000)");
        row(&engine, &format!("{}k", round * 10), before);
    }
    engine.eval("kept = []");
    row(&engine, "dropped", before);
    engine.memory.heap().expect("ours").trim();
    row(&engine, "trimmed", before);
}

fn row(engine: &Engine, label: &str, before: i64) {
    let heap = engine.memory.heap().expect("ours");
    println!(
        "{label:<8}{:>9}{:>9}{:>12}{:>10}{:>16.2}",
        heap.used() >> 10,
        heap.peak() >> 10,
        heap.high_water() >> 10,
        resident() - before,
        heap.used() as f64 / heap.high_water() as f64
    );
}
