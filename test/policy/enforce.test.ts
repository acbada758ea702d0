import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { truthProgram } from '../observe/recorded.ts';
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

/** What the program counted after its violation: it writes to a volume, which stays. */
function iterationsAfter(): bigint {
  const volumes = join(host.folder, 'state/volumes', host.name);
  const file = readdirSync(volumes, { recursive: true, encoding: 'utf8' }).find((path) =>
    /(?:^|\/)after$/.test(path),
  );
  if (file === undefined) throw new Error(`the program has not begun: ${volumes}`);
  return readFileSync(join(volumes, file)).readBigInt64LE();
}

async function underPolicy(policy: string, what: string, who: string) {
  const fields =
    'Jail-Network: loopback\nJail-Filesystem: rw /var/lib/box\n tmp /tmp size=1M\nJail-Environment: TRUTH_FOLDER=/var/lib/box';
  const deb = await host.jail({ fields, programs: { '/bin/truth': truthProgram() } });
  const file = join(host.folder, 'test.policy');
  await writeFile(file, policy);
  return host.prodng(['run', deb, '--policy', file, '--', '/bin/truth', 'violate', what, who]);
}

const policy = (on: string, action: string, mode = 'enforce') =>
  `Policy: test\nJails: *\nMode: ${mode}\n\nOn: ${on}\nAction: ${action}\n`;

describe('kill', () => {
  it.each([
    ['syscall-refused', 'call', 'first'],
    ['syscall-refused', 'call', 'thread'],
    ['capability-denied', 'capability', 'first'],
    ['host-capability-denied', 'host', 'first'],
  ])('on %s, by the %s %s: not one iteration comes after', async (on, what, who) => {
    const { status, stderr } = await underPolicy(policy(on, 'kill'), what, who);
    expect(status).toBe(137);
    expect(iterationsAfter()).toBe(0n);
    expect(stderr).toMatch(
      new RegExp(`policy test: .*, first by process \\d+: kill on ${on} \\(.*test.policy:5\\)`),
    );
  });

  it('of a child leaves its parent, and not one iteration comes after', async () => {
    const { status, stdout } = await underPolicy(policy('syscall-refused', 'kill'), 'call', 'child');
    expect([status, stdout]).toEqual([0, 'child Killed\n']);
    expect(iterationsAfter()).toBe(0n);
  });
});

describe('what does not stop it', () => {
  it('is counted exactly by log', async () => {
    const { status, stderr } = await underPolicy(policy('syscall-refused', 'log'), 'call', 'first');
    expect([status, iterationsAfter()]).toEqual([0, 1_000_000n]);
    expect(stderr).toMatch(/swapoff was refused, 1000000 times, .*: log on syscall-refused/);
  });

  it('is reported, not done, in mode observe', async () => {
    const { status, stderr } = await underPolicy(
      policy('syscall-refused', 'kill', 'observe'),
      'call',
      'first',
    );
    expect([status, iterationsAfter()]).toEqual([0, 1_000_000n]);
    expect(stderr).toMatch(/would: kill on syscall-refused/);
  });
});

it.each(['alert', 'evidence', 'freeze', 'deny'])(
  'refuses at the start a policy with %s, naming the rule',
  async (action) => {
    const { status, stderr } = await underPolicy(policy('syscall-refused', action), 'call', 'first');
    expect(status).toBe(2);
    expect(stderr).toMatch(new RegExp(`test.policy:5: Action: "${action} on syscall-refused" takes `));
  },
);

it('a policy that is not for this jail is refused, and the service does not start', async () => {
  const other = policy('syscall-refused', 'kill').replace('Jails: *', 'Jails: other-*');
  const { status, stdout, stderr } = await underPolicy(other, 'call', 'first');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/policy test does not apply to the jail .*\n {2}hint: its Jails field is: other-\*/);
});
