// Makes V8's code caches for a bundle: loads all of it, does what should start fast, and keeps what V8 has compiled
// by then. With these options the same chunks give the same bytes: a garbage collection, which comes at a time of its
// own, would leave traces in them.
// Usage: node --random-seed=1 --initial-heap-size=1024 code-cache.cjs FOLDER >/dev/null
const { mkdtempSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const { setFlagsFromString } = require('node:v8');

const folder = resolve(process.argv[2]);
const scratch = mkdtempSync(join(tmpdir(), 'prodng-code-cache-'));
// V8 takes a cache only with the flags that it was made with: this one has done its work
setFlagsFromString('--initial-heap-size=0');
// which code V8 throws away to save memory depends on time
setFlagsFromString('--no-flush-bytecode');
// and so does what it optimizes in another thread
setFlagsFromString('--no-opt');
setFlagsFromString('--no-use-osr');

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
  // V8 takes a cache only with the flags that it was made with
  setFlagsFromString('--opt');
  setFlagsFromString('--use-osr');
  setFlagsFromString('--flush-bytecode');
  for (const [name, { script }] of chunks)
    writeFileSync(join(folder, name.replace(/cjs$/, 'cache')), script.createCachedData());
}

void warmUp().finally(() => rmSync(scratch, { recursive: true }));
