import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const scratch = mkdtempSync('/var/tmp/prodng-start-');
const source = join(scratch, 'hello');
const bundle = join(scratch, 'bundle');
beforeAll(() => {
  // the native module is not in the bundle
  symlinkSync(resolve('node_modules'), join(scratch, 'node_modules'));
  makeBundle(bundle);
  run(bundle, ['new', './templates/python-service', source]);
}, 240_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function makeBundle(folder: string, env = {}): void {
  execFileSync(process.execPath, ['scripts/bundle.mjs', folder], { env: { ...process.env, ...env } });
}

function run(folder: string, args: readonly string[], node: readonly string[] = []) {
  return spawnSync(process.execPath, [...node, join(folder, 'prodng.cjs'), ...args], { encoding: 'utf8' });
}

/** A copy of the bundle whose caches are changed. */
function withCaches(name: string, change: (bytes: Buffer, all: Buffer[]) => Buffer): string {
  const folder = join(scratch, name);
  cpSync(bundle, folder, { recursive: true });
  const caches = readdirSync(folder).filter((file) => file.endsWith('.cache'));
  const all = caches.map((file) => readFileSync(join(folder, file)));
  for (const [index, file] of caches.entries()) {
    const bytes = all[index];
    if (bytes !== undefined) writeFileSync(join(folder, file), change(bytes, all));
  }
  expect(caches.length).toBeGreaterThan(50);
  return folder;
}

/** What Node loads of itself for a command, and which caches V8 refuses. */
function observe(args: readonly string[]): { modules: string[]; refused: string[]; chunks: number } {
  const observer = join(scratch, 'observer.cjs');
  const report = join(scratch, 'report.json');
  writeFileSync(
    observer,
    `const vm = require('node:vm');
     const refused = [];
     let chunks = 0;
     vm.Script = class extends vm.Script {
       constructor(source, options) {
         super(source, options);
         chunks += 1;
         if (this.cachedDataRejected !== false) refused.push(options.filename);
       }
     };
     process.on('exit', () => {
       const modules = process.moduleLoadList.map((name) => name.replace(/^\\S+ /, ''));
       require('node:fs').writeFileSync(${JSON.stringify(report)}, JSON.stringify({ modules, refused, chunks }));
     });`,
  );
  expect(run(bundle, args, ['--require', observer])).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(readFileSync(report, 'utf8'));
}

test('V8 takes the cache of every chunk', () => {
  for (const args of [['--help'], ['lint', source], ['run', '--help']]) {
    const { refused, chunks } = observe(args);
    expect(refused).toEqual([]);
    expect(chunks).toBeGreaterThanOrEqual(3);
  }
});

test('help and the lint of a source load nothing of Node that takes long', () => {
  for (const args of [['--help'], ['lint', source]]) {
    const { modules } = observe(args);
    expect(modules).toContain('fs');
    for (const slow of ['child_process', 'net', 'stream', 'fs/promises', 'internal/modules/esm/loader'])
      expect(modules).not.toContain(slow);
  }
});

test('the exit status says what went wrong if standard error is not read', () => {
  // the reader has ended before prodng begins to write
  const script = '{ sleep 0.2; "$0" "$@"; echo $? >&3; } 3>&1 >/dev/null 2> >(exec true)';
  const argv = [process.execPath, join(bundle, 'prodng.cjs'), 'lint', '/nonexistent'];
  const { stdout } = spawnSync('bash', ['-c', script, ...argv], { encoding: 'utf8' });
  expect(stdout).toBe('2\n');
});

test('the same chunks and caches come of another folder and environment', { timeout: 240_000 }, () => {
  const other = join(scratch, 'a folder with another, longer name');
  makeBundle(other, { NO_COLOR: '1', LANG: 'C', TZ: 'Asia/Tokyo', HOME: scratch });
  const files = readdirSync(bundle).sort();
  expect(readdirSync(other).sort()).toEqual(files);
  const differing = files.filter(
    (file) => !readFileSync(join(bundle, file)).equals(readFileSync(join(other, file))),
  );
  expect(differing).toEqual([]);
});

test('the same caches come of much memory and of little, which is collected more often', () => {
  const [small, large] = [50, 4000].map((megabytes) => {
    const folder = join(scratch, `heap-${megabytes}`);
    cpSync(bundle, folder, { recursive: true });
    const options = ['--random-seed=1', `--max-old-space-size=${megabytes}`];
    execFileSync(process.execPath, [...options, 'scripts/code-cache.cjs', folder], {
      env: {},
      stdio: 'ignore',
    });
    return readdirSync(folder)
      .filter((file) => file.endsWith('.cache'))
      .map((file) => ({ file, bytes: readFileSync(join(folder, file)) }));
  });
  expect(small?.length).toBeGreaterThan(50);
  // the flags of V8 are in the head
  const plain = ({ bytes }: { bytes: Buffer }) => bytes.subarray(16);
  const differing = small?.filter((one, index) => {
    const same = large?.[index];
    return same === undefined || !plain(one).equals(plain(same));
  });
  expect(differing?.map(({ file }) => file)).toEqual([]);
});

test('a cache that is foreign, cut off or missing changes nothing', () => {
  const good = run(bundle, ['lint', source]);
  expect(good.status).toBe(0);
  const folders = [
    withCaches('empty', () => Buffer.alloc(0)),
    withCaches('cut', (bytes) => bytes.subarray(0, bytes.length / 2)),
    withCaches('noise', (bytes) => Buffer.alloc(bytes.length, 'x')),
    withCaches('swapped', (bytes, all) => all[(all.indexOf(bytes) + 1) % all.length] ?? bytes),
  ];
  for (const folder of folders) expect(run(folder, ['lint', source])).toMatchObject(outcome(good));
  // other flags make another hash
  expect(run(bundle, ['lint', source], ['--no-lazy'])).toMatchObject(outcome(good));
});

function outcome({ status, stdout, stderr }: { status: number | null; stdout: string; stderr: string }) {
  return { status, stdout, stderr };
}

test('a reader that closes early is no fault, a full disk is one', () => {
  const program = `${process.execPath} ${join(bundle, 'prodng.cjs')}`;
  const shell = (script: string) => spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  const early = shell(`${program} lint --list-tags | true; echo "\${PIPESTATUS[0]}"`);
  expect([early.stdout, early.stderr]).toEqual(['0\n', '']);
  const full = shell(`${program} lint --list-tags >/dev/full`);
  expect(full.status).toBe(2);
  expect(full.stderr).toBe('prodng: standard output: cannot be written: no space left on device\n');
});

test('a slow reader gets all of it, in order', () => {
  // a small pipe that is not blocking and full answers EAGAIN
  const script = `
import fcntl, os, subprocess, sys, time
reader, writer = os.pipe()
fcntl.fcntl(writer, 1031, 4096)  # F_SETPIPE_SZ
os.set_blocking(writer, False)
child = subprocess.Popen(sys.argv[1:], stdout=writer)
os.close(writer)
time.sleep(1)
sys.stdout.write(os.fdopen(reader).read())
sys.exit(child.wait())`;
  const args = [process.execPath, join(bundle, 'prodng.cjs'), 'lint', '--list-tags'];
  const { stdout, status } = spawnSync('python3', ['-c', script, ...args], { encoding: 'utf8' });
  expect(stdout).toBe(run(bundle, ['lint', '--list-tags']).stdout);
  expect(stdout.length).toBeGreaterThan(8192);
  expect(status).toBe(0);
});
