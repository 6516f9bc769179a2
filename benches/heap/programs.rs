//! The programs: what guests do that allocates, each some 20 to 300 ms long.

/// Name and source.
pub type Program = (&'static str, &'static str);

/// What guests do most: blocks of up to half a kilobyte, which the engine cuts from its own
/// arenas. On glibc, malloc and page faults together are 8 % of their time (3 to 19 %), so no
/// allocator below the arenas can save more than that.
pub const SMALL: [Program; 9] = [
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

/// Blocks mostly beyond the arenas, so that each reaches the allocator. On glibc, malloc and
/// page faults are 3 to 70 % of their time; the rest is copying, mostly.
pub const LARGE: [Program; 6] = [
    ("growing", GROWING),
    ("text", TEXT),
    ("binary", BINARY),
    ("tables", TABLES),
    ("matrix", MATRIX),
    ("copies", COPIES),
];

/// Lists that grow by one, of very different lengths, some kept for a while.
const GROWING: &str = r#"
let seed = 1, kept = [];
const random = (n) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
for (let i = 0; i < 1500; i++) {
    const list = [], n = 1 << (6 + random(9));
    for (let j = 0; j < n; j++) list.push(j);
    kept[random(60)] = list;
}
"#;

/// Texts of 1 to 64 KB: put together, cut, replaced in, thrown away.
const TEXT: &str = r#"
let seed = 1, kept = [];
const random = (n) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
const base = "the quick brown fox jumps over the lazy dog. ".repeat(1500);
for (let i = 0; i < 12000; i++) {
    const from = random(1000), page = base.slice(from, from + (1 << (10 + random(7))));
    kept[random(40)] = i % 8 ? page + i : page.replaceAll("lazy", "idle" + i);
}
"#;

/// Buffers of 1 KB to 1 MB, read into, sliced and joined as a server does.
const BINARY: &str = r#"
let seed = 1, kept = [];
const random = (n) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
for (let i = 0; i < 6000; i++) {
    const n = 1 << (10 + random(i % 16 ? 7 : 11));
    const chunk = new Uint8Array(n);
    chunk[n >> 1] = i;
    const half = chunk.slice(n >> 1);
    const both = new Uint8Array(n + half.length);
    both.set(chunk);
    both.set(half, n);
    kept[random(24)] = both;
}
"#;

/// Maps and Sets that are filled and dropped, as indexes of one request's data.
const TABLES: &str = r#"
let seed = 1, kept = [];
const random = (n) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
const keys = Array.from({ length: 4096 }, (_, i) => "key" + i);
for (let i = 0; i < 4000; i++) {
    const map = new Map(), set = new Set(), n = 1 << (5 + random(8));
    for (let j = 0; j < n; j++) { map.set(keys[j], j); set.add(keys[j]); }
    kept[random(12)] = [map, set];
}
"#;

/// Rows of numbers: arrays made at full length, mapped, filtered and sorted.
const MATRIX: &str = r#"
let kept = [];
for (let i = 0; i < 120; i++) {
    const rows = Array.from({ length: 40 }, (_, r) => new Array(500).fill(r));
    const sums = rows.map((row) => row.slice(0, 400).concat(row).reverse());
    kept[i % 10] = sums.flat();
}
"#;

/// State copied on every change, as reducers do.
const COPIES: &str = r#"
let state = { list: Array.from({ length: 400 }, (_, i) => i), byId: {} };
for (let i = 0; i < 120; i++) state.byId["id" + i] = { n: i };
for (let i = 0; i < 6000; i++) {
    state = { ...state, list: [...state.list.slice(1), i], byId: { ...state.byId, ["id" + (i % 120)]: { n: i } } };
}
"#;
