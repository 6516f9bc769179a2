'use strict';

// BigInts, Math and dates.

module.exports = {
  group: 'numbers and dates',
  endless: {
    'a long bigint as a string': `const n = 1n << 1000000n; for (;;) n.toString()`,
    'a long bigint by a radix': `const n = 1n << 1000000n; for (;;) n.toString(7)`,
    'a bigint from a long string': `const s = '9'.repeat(3e5); for (;;) BigInt(s)`,
    'a bigint literal by eval': `const s = '9'.repeat(1e5) + 'n'; for (;;) (0, eval)(s)`,
    'powers of bigints': `for (;;) 7n ** 300000n`,
    'products of bigints': `const n = 7n ** 100000n; for (;;) n * n`,
    'quotients of bigints': `const n = 7n ** 200000n, m = 5n ** 60000n; for (;;) n / m`,
    'remainders of bigints': `const n = 7n ** 200000n, m = 5n ** 60000n; for (;;) n % m`,
    'shifts of bigints': `const n = 1n << 1000000n; for (;;) n >> 1n`,
    'sums of bigints': `const n = 1n << 1000000n; for (;;) n + n`,
    'bits of bigints': `const n = 1n << 1000000n; for (;;) n & (n - 1n)`,
    'BigInt.asUintN': `const n = -(1n << 900000n); for (;;) BigInt.asUintN(1000000, n)`,
    'comparison of bigints': `const n = 1n << 1000000n, m = n + 1n; for (;;) n < m`,
    'a bigint and a float': `const n = 1n << 1000000n; for (;;) n == 1.5`,
    'toLocaleString of a bigint': `const n = 1n << 1000000n; for (;;) n.toLocaleString()`,
    'Math.max of many': `const a = new Array(5e4).fill(1); for (;;) Math.max.apply(null, a)`,
    'Math.hypot of many': `const a = new Array(5e4).fill(1); for (;;) Math.hypot(...a)`,
    'Math.sumPrecise of many': `const a = new Array(1e5).fill(0.1); for (;;) Math.sumPrecise ? Math.sumPrecise(a) : Math.max(...[1])`,
    'Math.random': `for (;;) Math.random()`,
    'Math.pow': `let x = 0; for (;;) x += Math.pow(1.0000001, x % 1e6)`,
    'Date.parse of a long string': `const s = ' '.repeat(1e6) + '1'; for (;;) Date.parse(s)`,
    'dates in all forms': `const d = new Date(8.64e15); for (;;) d.toString(), d.toISOString(), d.toLocaleString(), d.getTimezoneOffset()`,
    'dates far away': `for (;;) new Date(275760, 0, 1).getDay()`,
    'waiting for a moment': `while (Date.now() > 0);`,
    'dates by a component': `const d = new Date(0); for (;;) d.setUTCDate(1e8)`,
  },
  growing: {
    'a bigint that grows': `let n = 1n; for (;;) n = (n << 1n) + 1n`,
    'a bigint that is squared': `const kept = []; let n = 7n; for (;;) { try { n *= n } catch { kept.push(n); n = 7n } }`,
    'many bigints': `const kept = []; for (;;) kept.push(1n << 100000n)`,
  },
  ending: {
    'a bigint beyond the limit': `2n ** (2n ** 40n)`,
    'a shift beyond the limit': `1n << (2n ** 40n)`,
  },
};
