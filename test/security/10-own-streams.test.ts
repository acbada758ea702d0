import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JailHost, makeJailHost } from '../support/jail-host.ts';

let host: JailHost;

beforeEach(async () => {
  host = await makeJailHost();
});

afterEach(async () => {
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

const streams = 'for fd in 0 1 2; do readlink /proc/self/fd/$fd; done';

describe('item 10: the standard streams of a jail', () => {
  it('are /dev/null and pipes of its own on a terminal: it reads no key and holds no terminal', async () => {
    const deb = await host.jail({ links: { 'bin/readlink': 'busybox' } });
    const session = host.terminal(['run', deb, '--', '/bin/sh', '-c', `${streams}; cat; echo at the end`]);
    session.type('password\n');
    await session.said('at the end');
    expect(await session.status()).toBe(0);
    const said = session.output().replaceAll('\r', '');
    expect(said).toMatch(/\/dev\/null\npipe:\[\d+\]\npipe:\[\d+\]\nat the end\n/);
  });

  it('are no file of ours either, that it could open again and read or empty', async () => {
    const deb = await host.jail({ links: { 'bin/readlink': 'busybox' } });
    const file = join(host.folder, 'output');
    const fd = openSync(file, 'w+');
    const child = host.start(['run', deb, '--', '/bin/sh', '-c', streams], {
      // a shell is the way to hand it a file
      prefix: ['busybox', 'sh', '-c', `exec "$@" >${file} 2>&1 <${file}`, 'sh'],
    });
    const status = await new Promise((resolve) => {
      child.once('exit', resolve);
    });
    closeSync(fd);
    expect(status).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/\/dev\/null\npipe:\[\d+\]\npipe:\[\d+\]\n$/);
  });

  it('pass input on where it is asked for, and join a terminal of its own with ours', async () => {
    const deb = await host.jail();
    const argv = ['run', '--interactive', deb, '--', '/bin/sh', '-c'];
    expect(await host.prodng([...argv, 'cat'], { input: 'banana' })).toMatchObject({ stdout: 'banana' });
    const session = host.terminal([...argv, 'test -t 0 && read line && echo "got $line"']);
    session.type('word\n');
    await session.said('got word');
    expect(await session.status()).toBe(0);
  });

  it('end its output when ours has no reader, and lose none of it otherwise', async () => {
    const deb = await host.jail();
    const child = host.start(['run', deb, '--', '/bin/sh', '-c', 'while echo line; do :; done; exit 7']);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.stdout?.destroy();
    expect(await new Promise((resolve) => child.once('exit', resolve))).not.toBe(0);
    const { stdout } = await host.prodng(['run', deb, '--', '/bin/seq', '1', '200000']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(200_000);
  });
});
