import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { truthProgram } from '../observe/recorded.ts';
import { until } from '../support/jail-host.ts';
import { withoutTypes } from './observed-host.ts';
import { makePolicyHost, type PolicyHost } from './policy-host.ts';

let host: PolicyHost;

beforeEach(async () => {
  host = await makePolicyHost();
});

afterEach(async () => {
  expect(await host.end()).toEqual([]);
});

describe('freeze', () => {
  it('stops the process before its next instruction, and freezes the jail until it is thawed', async () => {
    await host.setPolicy('syscall-refused', 'freeze');
    await host.startAgent();
    await host.violator();
    await host.go();
    await until(async () => (await host.state()) === 'frozen');
    expect(host.iterationsAfter()).toBe(0n);
    await rm(host.policyFile);
    await host.ok('thaw', host.name);
    await until(() => host.iterationsAfter() > 0n);
  });
});

describe('what does not stop it', () => {
  it('alert is an event and a metric, each violation counted, no more often than Every says', async () => {
    await host.setPolicy('syscall-refused', 'alert', 'enforce', 'Every: 24h\n');
    await host.startAgent();
    await host.violator();
    await host.go();
    await until(async () => (await host.state()) === 'stopped');
    await until(async () => (await sum()) === 1_000_000);
    const alerts = await host.events('policy-alert');
    // the first, and the rest when the run had ended
    expect(alerts.length).toBeLessThanOrEqual(2);
    const { body } = await host.api('GET', '/metrics');
    expect(body).toContain(
      `prodng_policy_violations_total{jail="${host.name}",policy="test",action="alert",mode="enforce"} 1000000`,
    );
  });

  it('observe says what would have been done', async () => {
    await host.setPolicy('syscall-refused', 'kill', 'observe');
    await host.startAgent();
    await host.violator();
    await host.go();
    await until(async () => (await host.state()) === 'stopped');
    await until(async () => (await host.events('policy-observed')).length > 0);
    expect(host.iterationsAfter()).toBe(1_000_000n);
    expect(await host.events('policy-violation')).toEqual([]);
  });

  async function sum(): Promise<number> {
    return (await host.events('policy-alert')).reduce((total, { count }) => total + Number(count), 0);
  }
});

it('evidence takes a bundle of the jail, and names the policy', async () => {
  await host.setPolicy('capability-denied', 'evidence', 'enforce', 'Match: CHOWN\n');
  await host.startAgent();
  const fields = 'Jail-Command: /bin/sh -c "/bin/truth capabilities CHOWN; exec /bin/sleep 5000"';
  await host.ok(
    'install',
    await host.jail({
      fields: `${fields}\nJail-Filesystem: tmp /tmp size=1M`,
      programs: { '/bin/truth': truthProgram() },
    }),
  );
  await until(async () => (await host.events('evidence-taken')).length > 0);
  expect(await host.events('evidence-taken')).toEqual([
    expect.objectContaining({ reason: 'policy test: CAP_CHOWN' }),
  ]);
  const { body } = await host.api('GET', '/v1/evidence');
  expect(JSON.parse(body)).toHaveLength(1);
});

it('where the kernel cannot count, a policy keeps its jails from starting, naming the rule and BPF', async () => {
  await host.setPolicy('capability-denied', 'log');
  await host.startAgent({}, undefined, withoutTypes);
  const refused = await host.prodng([
    'install',
    await host.jail({ fields: 'Jail-Command: /bin/sleep 5000' }),
  ]);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain(`${host.policyFile}:5: Action: "log on capability-denied" takes BPF`);
});
