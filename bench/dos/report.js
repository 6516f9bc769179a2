'use strict';

// What the results of a run come to, as text.

const MB = 1024 * 1024;

const quantile = (sorted, part) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

/** How late the slowest of some results were, in ms beyond the deadline. */
function lateness(results) {
  const sorted = results
    .map(({ late }) => late)
    .filter((late) => late !== undefined)
    .sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), most: sorted.at(-1) };
}

const ms = (value) => (value === undefined ? '–' : value.toFixed(1));
const mb = (value) => (value === undefined ? '–' : (value / MB).toFixed(1));

const short = (verdict) => verdict.replace('ERR_SANDBOX_', '').toLowerCase().replaceAll('_', ' ');

/** One line for each entry. */
function summary(results, { timeout, graceMs }) {
  const by = (entry) => results.filter((result) => result.entry === entry);
  const rows = [...new Set(results.map(({ entry }) => entry))].map((entry) => {
    const list = by(entry);
    const { median, p99, most } = lateness(list);
    const count = (test) => String(list.filter(test).length);
    return [
      entry,
      String(list.length),
      count(({ expected }) => !expected),
      count(({ took }) => took === undefined),
      count(({ state }) => state === 'terminated'),
      ms(median),
      ms(p99),
      ms(most),
    ];
  });
  const head = ['entry', 'programs', 'unexpected', 'lost', 'hard stops', 'median', '99 %', 'most'];
  return `timeout ${timeout} ms, grace ${graceMs} ms; times in ms beyond the deadline\n\n${grid([head, ...rows])}\n`;
}

/**
 * One line for each program, over all the entries that it went through: the latest return and
 * the most memory.
 */
function table(results) {
  const lines = new Map();
  for (const result of results) {
    const name = `${result.group}: ${result.name}`;
    if (!lines.has(name)) lines.set(name, []);
    lines.get(name).push(result);
  }
  const most = (list, key) => {
    const values = list.map((result) => result[key]).filter((value) => value !== undefined);
    return values.length > 0 ? Math.max(...values) : undefined;
  };
  const rows = [...lines].map(([name, list]) => [
    name,
    [...new Set(list.map(({ verdict }) => short(verdict)))].join(', '),
    ms(most(list, 'late')),
    mb(most(list, 'heap')),
    mb(most(list, 'rss')),
  ]);
  return grid([['program', 'ended by', 'late, ms', 'heap, MB', 'RSS, MB'], ...rows]);
}

/** A table in Markdown, whose columns also line up as they are. */
function grid(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n');
}

module.exports = { lateness, summary, table };
