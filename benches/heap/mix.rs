//! How long allocation-heavy programs take.

use std::time::Instant;

use crate::candidates::ALL;
use crate::engine::Engine;
use crate::median;
use crate::programs::{Program, LARGE, SMALL};

const ROUNDS: usize = 9;

pub fn run() {
    compare("small blocks", &SMALL);
    compare("large blocks", &LARGE);
}

fn compare(title: &str, programs: &[Program]) {
    let names: Vec<&str> = ALL.iter().map(|make| make().name()).collect();
    println!("\n{title}: run time, median of {ROUNDS} interleaved runs, ratio to {}", names[0]);
    print!("{:<12}{:>10}", "program", "ms");
    names.iter().skip(1).for_each(|name| print!("{name:>10}"));
    println!();
    let mut products = vec![0.0; ALL.len()];
    for (program, source) in programs {
        let mut times = vec![Vec::new(); ALL.len()];
        for round in 0..ROUNDS {
            for turn in 0..ALL.len() {
                let candidate = (round + turn) % ALL.len();
                let engine = Engine::new(ALL[candidate]());
                let start = Instant::now();
                engine.eval(source);
                times[candidate].push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
        let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
        print!("{program:<12}{:>10.1}", medians[0]);
        for (product, time) in products.iter_mut().zip(&medians).skip(1) {
            print!("{:>10.3}", time / medians[0]);
            *product += (time / medians[0]).ln();
        }
        println!();
    }
    print!("{:<12}{:>10}", "geo mean", "");
    for product in products.iter().skip(1) {
        print!("{:>10.3}", (product / programs.len() as f64).exp());
    }
    println!();
}
