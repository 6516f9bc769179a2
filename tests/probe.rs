mod support;
use quickvm::engine::*;
use quickvm::guest::Builtins;
use quickvm::membrane::wire::*;
use quickvm::{Channel, Sandbox, SandboxOptions};
use std::time::Duration;
use support::*;
struct Nobody;
impl Channel for Nobody {
    fn send(&self, _m: &[u8]) -> Option<Vec<u8>> {
        None
    }
}
fn sandbox() -> Sandbox {
    Sandbox::new(SandboxOptions {
        memory: 32 * MB,
        stack: 512 * KB,
        builtins: Builtins {
            console: true,
            timers: true,
            modules: true,
        },
    })
    .unwrap()
}
#[test]
fn deep_lower() {
    let s = sandbox();
    let depth: usize = std::env::var("DEPTH").unwrap().parse().unwrap();
    let mut m = Writer::new(1 << 30);
    m.byte(op::GLOBAL_HAS);
    m.f64(f64::INFINITY);
    for _ in 0..depth {
        m.byte(tag::ARRAY);
        m.u32(1);
    }
    println!("{:?}", s.handle(m.bytes(), &Nobody).len());
}
#[test]
fn deep_lower2() {
    let s = sandbox();
    let depth: usize = std::env::var("DEPTH").unwrap().parse().unwrap();
    let mut m = Writer::new(1 << 30);
    m.byte(op::GLOBAL_HAS);
    m.f64(f64::INFINITY);
    for _ in 0..depth {
        m.byte(tag::REGISTERED_SYMBOL);
    }
    println!("{:?}", s.handle(m.bytes(), &Nobody).len());
}
#[test]
fn small_limits() {
    let mut first = (0, 0);
    for kb in 0..600 {
        for off in [0, 100, 500] {
            let limits = Limits {
                memory: kb * KB + off,
                stack: 512 * KB,
            };
            let Ok(rt) = Runtime::new(limits) else {
                continue;
            };
            if first.0 == 0 {
                first.0 = kb
            }
            let Ok(realm) = Realm::new(&rt) else { continue };
            if first.1 == 0 {
                first.1 = kb
            }
            let r = attempt(&realm, Some(Duration::from_secs(1)), &NoHost, "1+1");
            if kb % 20 == 0 {
                println!("{kb} {r:?} used {}", rt.heap().used());
            }
        }
    }
    println!("{first:?}");
}
#[test]
fn small_sandboxes() {
    for kb in 0..600 {
        for off in [0, 333] {
            let s = Sandbox::new(SandboxOptions {
                memory: kb * KB + off,
                stack: 512 * KB,
                builtins: Builtins {
                    console: true,
                    timers: true,
                    modules: true,
                },
            });
            if kb % 50 == 0 {
                println!("{kb} {:?}", s.is_ok());
            }
        }
    }
}
#[test]
fn after_stop() {
    let g = Guest::new();
    let r = g.attempt_within(Some(Duration::from_millis(50)), "ran=[]; Promise.resolve().then(()=>{ran.push(1)}); Promise.resolve().then(()=>{ran.push(2)}); (async()=>{await 0; ran.push('async'); try { await 0; throw 1 } catch { ran.push('caught') } finally { ran.push('fin') } })(); for(;;);");
    println!("{r:?} {:?}", g.attempt("JSON.stringify(ran)"));
}
#[test]
fn chains() {
    let n: usize = std::env::var("N").unwrap().parse().unwrap();
    let g = Guest::new();
    let t = std::time::Instant::now();
    let r = g.attempt_within(Some(Duration::from_millis(50)), &format!("n=0; async function f(){{ for(;;) {{ await 0; n++ }} }}; for (let i=0;i<{n};i++) f(); for(;;);"));
    println!("{r:?} {:?} {:?}", t.elapsed(), g.attempt("n"));
}
