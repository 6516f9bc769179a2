'use strict';

// Runs all attacks in one place, and prints what came of each: `node run.js <place>`, or of
// some: `node run.js <place> <id>…`.

const crypto = require('node:crypto');
const path = require('node:path');
const { cases } = require('./cases');
const { capture, restore } = require('./host-state.js');
const { places } = require('./places.js');

const root = path.dirname(path.dirname(__dirname));
const [place, ...ids] = process.argv.slice(2);
const { open, marks } = places[place];

let rejections = 0;
process.on('unhandledRejection', () => {
  rejections++;
});
/** A host that waits for the guest may wait for ever. */
const patience = () => new Promise((resolve) => setTimeout(resolve, 200));
const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

/** What of the guest's loot is worth something: proof of a way out, the secret, a path. */
const isWorth = (secret) => (text) =>
  text.startsWith('HOST ') || text.includes(secret) || text.includes(root);

async function carryOut({ given = () => ({}), guest, host, options }) {
  const secret = `secret-${crypto.randomBytes(8).toString('hex')}`;
  rejections = 0;
  const before = capture();
  const values = given({ secret, ...marks });
  const session = open({ ...values }, options);
  let won = [];
  try {
    const result = tryTo(() => session.run(guest));
    const changed = restore(before);
    await turn();
    const unhandled = async () => {
      await turn();
      return rejections;
    };
    const tools = {
      ...session,
      unhandled,
      given: values,
      result,
      secret,
      open: (more) => open(more, {}),
    };
    const seen = host && (await Promise.race([tryTo(() => host(tools)), patience()]));
    if (seen === true) won.push('as the host saw');
    await turn();
    const loot = tryTo(() => `${session.run('loot.join("\\n")')}`);
    won = [
      ...changed.map((name) => `changed ${name}`),
      ...won,
      ...String(loot).split('\n').filter(isWorth(secret)),
    ];
  } finally {
    session.dispose();
    won.push(...restore(before).map((name) => `changed ${name}`));
  }
  return won;
}

/** What comes of it, if anything: most attacks end with an error. */
function tryTo(act) {
  try {
    const outcome = act();
    return outcome instanceof Promise ? outcome.catch(() => undefined) : outcome;
  } catch {
    return undefined;
  }
}

async function main() {
  const outcomes = {};
  for (const each of cases) {
    if (each.except?.[place] !== undefined) continue;
    if (ids.length > 0 && !ids.includes(each.id)) continue;
    outcomes[each.id] = await carryOut(each);
  }
  process.stdout.write(JSON.stringify(outcomes), () => process.exit());
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
