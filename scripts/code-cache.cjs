// Makes V8's code caches for a bundle: loads all of it, does what should start fast, and keeps what V8 has compiled
// by then. With --random-seed=1 the same chunks give the same bytes.
// Usage: node --random-seed=1 code-cache.cjs FOLDER >/dev/null
const { mkdtempSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const { setFlagsFromString } = require('node:v8');

const folder = resolve(process.argv[2]);
const scratch = mkdtempSync(join(tmpdir(), 'prodng-code-cache-'));
// which code V8 throws away to save memory depends on time
setFlagsFromString('--no-flush-bytecode');
// and so does which functions have been compiled by Sparkplug, whose bit is part of a cache
setFlagsFromString('--no-sparkplug');

const archive = `Archive: bookworm
Origin: Debian
Suite: stable
Codename: bookworm
Date: Sat, 11 Jul 2026 10:16:37 UTC
Components: main
`;
const stanza = (name, use) => `Package: ${name}
Version: 3.11.2-1+b1
Architecture: amd64
Archive: bookworm
Filename: pool/main/p/${name}/${name}_3.11.2-1_amd64.deb
Size: 26280
SHA256: ${'0'.repeat(64)}
Use: ${use}
`;
const lock = `Format: 1
Architecture: amd64
Build-Depends: debhelper-compat (= 13), python3
Depends: \${misc:Depends}, python3
Built-Depends: python3

${[archive, stanza('debhelper', 'build'), stanza('python3', 'build rootfs')].join('\n')}`;

async function warmUp() {
  process.argv = [process.execPath, join(folder, 'prodng.cjs'), '--help'];
  const { chunks, load, program } = require(join(folder, 'prodng.cjs'));
  // before anything that waits: V8 numbers the scripts in the order in which they come
  setFlagsFromString('--no-lazy');
  for (const name of readdirSync(folder).sort())
    if (name.endsWith('.cjs') && name !== 'prodng.cjs') load(name);
  setFlagsFromString('--lazy');
  const source = join(scratch, 'hello');
  await program.main(['new', './templates/python-service', source]);
  await program.main(['lint', source]);
  writeFileSync(join(source, 'debian/jail.lock'), lock);
  await program.main(['lint', source]);
  for (const { name } of program.commands) await program.main([name, '--help']);
  for (const [name, { script }] of chunks) {
    // V8 takes a cache only with the flags that it was made with; they are the usual ones for no longer than that takes
    setFlagsFromString('--sparkplug');
    setFlagsFromString('--flush-bytecode');
    const cache = script.createCachedData();
    setFlagsFromString('--no-flush-bytecode');
    setFlagsFromString('--no-sparkplug');
    writeFileSync(join(folder, name.replace(/cjs$/, 'cache')), cache);
  }
}

void warmUp().finally(() => rmSync(scratch, { recursive: true }));
