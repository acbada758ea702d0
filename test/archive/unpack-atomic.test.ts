import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openDeb } from '../../src/archive/deb-reader.ts';
import { writeDeb } from '../../src/archive/deb-writer.ts';
import { extractDeb } from '../../src/archive/extract.ts';
import { runProgram } from './program.ts';
import {
  ar,
  controlTar,
  debOf,
  end,
  file,
  folder,
  octal,
  rawEntry,
  tar,
  writeDebOf,
  xz,
} from './raw-archive.ts';
import { unpack } from './refusal.ts';
import { repeatedXz } from './repeated-xz.ts';
import { contentsOf, entryOf, folderOf, linkOf, sampleSegments } from './sample.ts';
import { scratchFolder } from './scratch.ts';

// Compressing and unpacking for real, on a machine that does other things too.
vi.setConfig({ testTimeout: 300_000 });

const scratch = scratchFolder();

function fresh(name: string): string {
  const path = join(scratch, name);
  mkdirSync(path);
  return path;
}

describe('unpacking', () => {
  it('makes the tree that dpkg-deb -x makes: names, kinds, modes, owners, times, links, contents', async () => {
    const place = fresh('same');
    const owned = entryOf('usr/owned', { uid: 1234, gid: 0x70000000, uname: '', gname: '', mode: 0o640 });
    const last = {
      name: 'owned',
      entries: [{ entry: owned }, linkOf('usr/owned-link', 'symlink', 'owned'), folderOf('usr/sticky')],
    };
    const sticky = last.entries[2]?.entry;
    if (sticky !== undefined) sticky.mode = 0o1777;
    const deb = join(place, 'x.deb');
    await writeDeb(deb, contentsOf([...sampleSegments(place), last], join(scratch, 'cache')));
    const before = process.umask(0o077);
    try {
      await unpack(deb, join(place, 'ours'));
    } finally {
      process.umask(before);
    }
    execFileSync('dpkg-deb', ['-x', deb, join(place, 'theirs')]);
    const ours = listing(join(place, 'ours'));
    expect(ours.split('\n').length).toBeGreaterThan(20);
    expect(ours).toBe(listing(join(place, 'theirs')));
    execFileSync('diff', ['-r', '--no-dereference', join(place, 'ours'), join(place, 'theirs')]);
  });

  it('leaves everything with the caller where that is asked for', async () => {
    const place = fresh('caller');
    const entry = rawEntry({ name: 'x' });
    const deb = await writeDebOf(join(place, 'x.deb'), tar(entry));
    await unpack(deb, join(place, 'out'), { ownership: 'caller' });
    expect(lstatSync(join(place, 'out/x')).uid).toBe(process.geteuid?.());
  });

  it('takes no more than 150 MiB of memory for 300 MiB of files', async () => {
    const place = fresh('memory');
    // Incompressible enough to pass for no bomb.
    const block = Buffer.alloc(15 * 2 ** 20, randomBytes(262_144));
    const size = 20 * block.length;
    const header = rawEntry({ name: 'large', sizeField: octal(size) });
    const data = await repeatedXz(Buffer.concat([folder('./'), header]), block, 20, end);
    const deb = join(place, 'x.deb');
    writeFileSync(
      deb,
      ar(['debian-binary', '2.0\n'], ['control.tar.xz', xz(controlTar)], ['data.tar.xz', data]),
    );
    const result = await runProgram('test/archive/programs/unpack.ts', deb, join(place, 'out'));
    expect(result.code).toBe('fine');
    expect(statSync(join(place, 'out/large')).size).toBe(size);
    expect(result.peakMiB).toBeLessThan(150);
  });
});

describe('a target is whole or not there', () => {
  it('is refused untouched when it exists, be it as a file, a folder or a dangling link', async () => {
    const place = fresh('exists');
    const deb = await writeDebOf(join(place, 'x.deb'), tar(file('x')));
    mkdirSync(join(place, 'folder'));
    writeFileSync(join(place, 'file'), 'old');
    execFileSync('ln', ['-s', 'nowhere', join(place, 'link')]);
    for (const name of ['folder', 'file', 'link']) {
      await expect(unpack(deb, join(place, name))).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    }
    expect(readdirSync(place).toSorted()).toEqual(['file', 'folder', 'link', 'x.deb']);
    expect(readdirSync(join(place, 'folder'))).toEqual([]);
    expect(readFileSync(join(place, 'file'), 'utf8')).toBe('old');
  });

  it('is not there when the file system is full, and the error names the entry', async () => {
    const place = fresh('full');
    const deb = await writeDebOf(
      join(scratch, 'full.deb'),
      tar(folder('a/'), file('a/large', Buffer.alloc(200_000, 'x'))),
    );
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place]);
    try {
      await expect(unpack(deb, join(place, 'out'))).rejects.toMatchObject({
        code: 'IO',
        message: expect.stringContaining('a/large: no space left'),
      });
      expect(readdirSync(place)).toEqual([]);
    } finally {
      execFileSync('umount', [place]);
    }
  });

  it('is not there after an abort', async () => {
    const place = fresh('abort');
    const deb = await writeDebOf(join(scratch, 'abort.deb'), tar(file('a'), file('b')));
    const abort = new AbortController();
    abort.abort(new Error('enough'));
    await expect(unpack(deb, join(place, 'out'), { signal: abort.signal })).rejects.toThrow('enough');
    expect(readdirSync(place)).toEqual([]);
  });

  it('is not there after kill -9, and the next one clears what that left', async () => {
    const place = fresh('killed');
    const argv = ['scripts/run-ts.mjs', 'test/archive/programs/killed.ts', join(place, 'out')];
    expect(spawnSync(process.execPath, argv).signal).toBe('SIGKILL');
    const [left = ''] = readdirSync(place);
    expect(left).toMatch(/^out\.tmp-[0-9a-f]{12}$/);
    expect(statSync(join(place, left, 'a/b/c')).size).toBe(1000);
    await unpack(await writeDebOf(join(scratch, 'small.deb'), tar(file('x'))), join(place, 'out'));
    expect(readdirSync(place)).toEqual(['out']);
    expect(readdirSync(join(place, 'out'))).toEqual(['x']);
  });

  it('is made by one of several at the same time, and the others say so', async () => {
    const place = fresh('race');
    const deb = await writeDebOf(join(scratch, 'race.deb'), tar(file('x'), file('y', Buffer.alloc(100_000))));
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => unpack(deb, join(place, 'out'))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'TARGET_EXISTS' });
    }
    expect(readdirSync(place)).toEqual(['out']);
    expect(readdirSync(join(place, 'out')).toSorted()).toEqual(['x', 'y']);
  });

  it('appears durably too', async () => {
    const place = fresh('durable');
    writeFileSync(join(place, 'x.deb'), debOf(tar(file('x'))));
    const reader = await openDeb(join(place, 'x.deb'));
    await extractDeb(reader, join(place, 'out'));
    await reader.close();
    expect(readdirSync(join(place, 'out'))).toEqual(['x']);
  });
});

/** One line for each entry, without what two trees cannot share. */
function listing(root: string): string {
  const format = '%P %y %m %U %G %s %T@ %n %l\\n';
  const lines = execFileSync(
    'find',
    [root, '(', '-type', 'd', '-printf', format.replace('%s', '-'), ')', '-o', '-printf', format],
    { encoding: 'utf8' },
  );
  return lines.trimEnd().split('\n').toSorted().join('\n');
}
