import { expect, it } from 'vitest';
import { killAtRandom } from '../load/kills.ts';
import { chooseSeed } from '../load/random.ts';
import { makeAgentHost } from '../support/agent-host.ts';
import { makeUplink } from '../support/uplink.ts';

/** A few are for every day; `npm run load` has 300. */
const count = 12;

it('leaves every jail old or new, and nothing over, when it is killed at any moment', async () => {
  const host = await makeAgentHost();
  const uplink = await makeUplink();
  try {
    const report = await killAtRandom(host, uplink, { count, seed: chooseSeed() });
    expect(report.faults, `PRODNG_SEED=${report.seed}`).toEqual([]);
    expect(report.kills).toBe(count);
  } finally {
    await host.endAgent('SIGKILL');
    await host.remove();
    await uplink.remove();
  }
}, 3_600_000);
