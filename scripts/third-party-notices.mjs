// Prints the licences of all that the bundle is made of, as those licences want it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const own = JSON.parse(readFileSync('package.json', 'utf8'));
const found = new Map();
for (const name of Object.keys(own.dependencies)) collect(name, '.');
for (const folder of [...found.keys()].sort((a, b) => (a < b ? -1 : 1)))
  console.log(noticeOf(folder, found.get(folder)));

/** Node's own search: the nearest node_modules that has it. */
function collect(name, from) {
  const folder = join(from, 'node_modules', name);
  const path = join(folder, 'package.json');
  if (!existsSync(path)) {
    // the optional binaries of other platforms are not installed
    if (from !== '.') collect(name, dirname(from));
    return;
  }
  if (found.has(folder)) return;
  const about = JSON.parse(readFileSync(path, 'utf8'));
  found.set(folder, about);
  for (const next of Object.keys({ ...about.dependencies, ...about.optionalDependencies }))
    collect(next, folder);
}

function noticeOf(folder, { name, version, license }) {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return [`== ${name} ${version} (${license})`, ...texts, ''].join('\n\n');
}
