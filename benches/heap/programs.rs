//! The programs: what guests do that allocates, each some 50 to 200 ms long.

/// Name and source.
pub const PROGRAMS: [(&str, &str); 9] = [
    ("objects", OBJECTS),
    ("trees", TREES),
    ("closures", CLOSURES),
    ("maps", MAPS),
    ("arrays", ARRAYS),
    ("sort", SORT),
    ("strings", STRINGS),
    ("json", JSON),
    ("buffers", BUFFERS),
];

const OBJECTS: &str = r#"
var kept = [];
for (let i = 0; i < 300000; i++) {
    const o = { id: i, name: "n" + i, tags: [i, i + 1, i + 2], at: { x: i * 0.5, y: -i } };
    if (i % 8 === 0) kept[(i / 8) % 20000] = o;
}
"#;

const TREES: &str = r#"
class Node { constructor(l, r) { this.left = l; this.right = r; } }
const make = (d) => d === 0 ? new Node(null, null) : new Node(make(d - 1), make(d - 1));
const check = (n) => n.left === null ? 1 : 1 + check(n.left) + check(n.right);
const long = make(16);
let sum = 0;
for (let d = 4; d <= 14; d += 2) for (let i = 0; i < 1 << (16 - d); i++) sum += check(make(d));
"#;

const CLOSURES: &str = r#"
const pipe = (...fs) => (x) => fs.reduce((a, f) => f(a), x);
let held = [], total = 0;
for (let i = 0; i < 60000; i++) {
    const k = i;
    const f = pipe((x) => x + k, (x) => x * 2, (x) => [x, k], ([a, b]) => a - b);
    total += f(i);
    if (i % 3 === 0) held.push(f);
    if (held.length > 5000) held = held.slice(2500);
}
"#;

const MAPS: &str = r#"
for (let round = 0; round < 6; round++) {
    const m = new Map(), s = new Set();
    for (let i = 0; i < 30000; i++) { m.set("key" + i, { i }); s.add("v" + (i % 9000)); }
    for (let i = 0; i < 30000; i += 2) m.delete("key" + i);
    const o = {};
    for (const [k, v] of m) o[k] = v.i;
    Object.keys(o).length;
}
"#;

const ARRAYS: &str = r#"
let lists = [];
for (let i = 0; i < 40; i++) lists.push([]);
for (let i = 0; i < 300000; i++) lists[(i * 7) % 40].push(i);
for (let r = 0; r < 4; r++) {
    const a = lists.flat();
    const b = a.map((x) => x + 1).filter((x) => x % 3);
    a.concat(b).slice(1000).reverse();
}
"#;

const SORT: &str = r#"
let seed = 7;
const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff);
for (let r = 0; r < 4; r++) {
    const a = Array.from({ length: 20000 }, () => ({ k: random(), s: "s" + random() }));
    a.sort((x, y) => x.k - y.k);
    a.map((x) => x.s).sort();
    a.toSorted((x, y) => (x.s < y.s ? -1 : 1));
}
"#;

const STRINGS: &str = r#"
let out = [];
for (let r = 0; r < 20; r++) {
    let s = "";
    for (let i = 0; i < 8000; i++) s += "line " + i + ", ";
    const words = s.split(", ").map((w) => w.toUpperCase().padStart(12, "."));
    out[r % 8] = words.join("\n").replace(/LINE (\d+)/g, "<$1>") + `${s.slice(100, 5000)}`;
}
"#;

const JSON: &str = r#"
const rows = [];
for (let i = 0; i < 4000; i++)
    rows.push({ id: i, name: "user " + i, mail: `u${i}@example.com`, roles: ["a", "b"], geo: { lat: i / 7, lng: -i / 3 }, ok: i % 2 === 0 });
let text = JSON.stringify(rows);
for (let r = 0; r < 8; r++) { const back = JSON.parse(text); back[r].name += "!"; text = JSON.stringify(back, null, r % 3); }
"#;

const BUFFERS: &str = r#"
let ring = [];
for (let i = 0; i < 24000; i++) {
    const n = 64 << (i % 9);
    const a = new Uint8Array(n);
    a.fill(i & 255);
    ring[i % 64] = a.subarray(n >> 2).slice();
    if (i % 200 === 0) ring[i % 64] = new Float64Array(65536).fill(i);
}
"#;
