import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
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

it('lets no fork bomb have more than the declared processes', async () => {
  const script = 'i=0; while [ $i -lt 40 ]; do sleep 100 & i=$((i + 1)); done 2>/dev/null; echo never';
  const { stdout, stderr } = await host.script('Jail-Pids: 16', `(${script}); ls /proc | grep -c "^[0-9]"`);
  expect(stdout).not.toContain('never');
  expect(stderr).toContain("can't fork");
});

it('kills what takes more than the declared memory, and swaps nothing', async () => {
  const { stdout } = await host.script(
    'Jail-Memory: 16M\nJail-Filesystem: tmp /tmp size=12M',
    // tail keeps all of its input in memory
    'head -c 64m /dev/zero | tail > /dev/null; echo $?; head -c 1m /dev/zero | tail >/dev/null; echo $?',
  );
  expect(stdout).toBe('137\n0\n');
});

it('gives it no more of the processors than declared', async () => {
  const script =
    'cat /proc/uptime; end=$(($(cut -d. -f1 /proc/uptime) + 2)); ' +
    'while [ $(cut -d. -f1 /proc/uptime) -lt $end ]; do :; done; times; cat /proc/uptime';
  const { stdout } = await host.script('Jail-Cpu: 20%', script);
  // user and system seconds of the shell and its children; without a limit nearly all of the time
  const used = [...stdout.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, m, s]) => sum + Number(m) * 60 + Number(s),
    0,
  );
  // by the clock: on a busy or emulated machine the last look at it alone may take seconds
  const [begin = 0, end = 0] = [...stdout.matchAll(/^([\d.]+) [\d.]+$/gm)].map(([, at]) => Number(at));
  expect(end - begin).toBeGreaterThan(1);
  expect(used / (end - begin)).toBeGreaterThan(0);
  expect(used / (end - begin)).toBeLessThan(0.5);
});

it('limits the speed of a block device', async () => {
  // any whole disk will do: its number is what is looked for
  const disk = readFileSync('/proc/partitions', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([major]) => /^\d+$/.test(major ?? ''));
  const device = `${disk?.[0]}:${disk?.[1]}`;
  const deb = await host.jail({ fields: `Jail-Io: ${device} rbps=1M wiops=50` });
  const { stdout } = await host.prodng(['run', deb, '--print-spec']);
  expect(JSON.parse(stdout).linux.resources.blockIO).toEqual({
    throttleReadBpsDevice: [{ major: Number(disk?.[0]), minor: Number(disk?.[1]), rate: 2 ** 20 }],
    throttleWriteBpsDevice: [],
    throttleReadIOPSDevice: [],
    throttleWriteIOPSDevice: [{ major: Number(disk?.[0]), minor: Number(disk?.[1]), rate: 50 }],
  });
  expect((await host.prodng(['run', deb])).status).toBe(0);
  const absent = await host.jail({ fields: 'Jail-Io: /dev/absent rbps=1M' });
  expect(await host.prodng(['run', absent])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('/dev/absent is no block device of this host'),
  });
});

it('leaves no core dump, and few open files', async () => {
  const { stdout } = await host.script('', 'ulimit -c; ulimit -Hc; ulimit -n; ulimit -Hn');
  expect(stdout).toBe('0\n0\n1024\n4096\n');
});
