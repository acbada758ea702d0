import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/jail-host.ts';
import { makePolicyHost, type PolicyHost } from './policy-host.ts';

let host: PolicyHost;

beforeEach(async () => {
  host = await makePolicyHost();
});

afterEach(async () => {
  expect(await host.end()).toEqual([]);
});

describe('kill', () => {
  it('acts in the kernel while there is no agent, and the next one tells of it', async () => {
    await host.setPolicy('syscall-refused', 'kill');
    await host.startAgent();
    await host.violator();
    await host.endAgent('SIGKILL');
    await host.go();
    await until(() => existsSync(join(host.volume(), 'after')));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(host.iterationsAfter()).toBe(0n);
    await host.startAgent();
    await until(async () => (await host.events('policy-violation')).length > 0);
    expect(await host.events('policy-violation')).toEqual([
      expect.objectContaining({ policy: 'test', what: 'swapoff', count: 1, where: `${host.policyFile}:5` }),
    ]);
    expect(await host.state()).toBe('stopped');
  });
});

it('a policy that cannot be put in force keeps its jails from starting, and no others', async () => {
  await host.setPolicy('syscall-refused', 'deny');
  await host.startAgent();
  const deb = await host.jail({ fields: 'Jail-Command: /bin/sleep 5000' });
  const refused = await host.prodng(['install', deb]);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain(`${host.policyFile}:5: Action: "deny on syscall-refused" takes BPF LSM`);
  const listed = await host.prodng(['policy', 'ls']);
  expect(listed.status).toBe(1);
  expect(listed.stdout).toMatch(
    /^test: enforce for box\*.*\n {2}deny on syscall-refused\n {2}REFUSED: .*BPF LSM/,
  );
  await writeFile(host.policyFile, 'Policy: test\n');
  const broken = await host.prodng(['start', host.name]);
  expect(broken.stderr).toContain('it is no policy');
  await writeFile(host.policyFile, 'Policy: test\nJails: other\n\nOn: syscall-refused\nAction: deny\n');
  await host.ok('start', host.name);
  expect(await host.state()).toBe('running');
  expect(await host.events('policy-refused')).toHaveLength(2);
  expect(await host.events('policy-loaded')).toHaveLength(0);
});
