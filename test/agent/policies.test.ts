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

it('a host that wants signed policies refuses what no key of its keyring has signed', async () => {
  const keyring = join(host.folder, 'policy-keys.asc');
  await host.ok('key', 'new', 'Security <security@example.org>', '--no-passphrase');
  await host.ok('key', 'export', 'security@example.org', '-o', keyring);
  await writeFile(join(host.folder, 'etc/agent.json'), JSON.stringify({ policyKeyring: keyring }));
  await host.setPolicy('capability-denied', 'log');
  await host.startAgent();
  const deb = await host.jail({ fields: 'Jail-Command: /bin/sleep 5000' });
  const unsigned = await host.prodng(['install', deb]);
  expect(unsigned).toMatchObject({ status: 2, stderr: expect.stringContaining('the policy is not signed') });
  await host.ok('sign', host.policyFile, '--key', 'security@example.org');
  await host.ok('start', host.name);
  expect(await host.ok('policy', 'ls')).not.toContain('REFUSED');
  // the signature is over the bytes before
  await host.setPolicy('capability-denied', 'log', 'observe');
  const changed = await host.prodng(['restart', host.name]);
  expect(changed).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('it is a signature over other bytes'),
  });
  const kinds = JSON.parse((await host.api('GET', '/v1/events?tail=200')).body) as { kind: string }[];
  expect(
    kinds.map(({ kind }) => kind).filter((kind) => /^policy-(loaded|refused|changed)$/.test(kind)),
  ).toEqual(['policy-refused', 'policy-loaded', 'policy-refused']);
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
  // that of another jail is refused as well, and keeps none from starting
  expect(await host.events('policy-refused')).toHaveLength(3);
  expect(await host.events('policy-changed')).toEqual([
    expect.objectContaining({ policy: 'test', weaker: 1, changes: 'Jails: - box*; Jails: + other' }),
  ]);
  expect(await host.events('policy-loaded')).toHaveLength(0);
});
