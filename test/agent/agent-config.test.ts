import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { networksOf, readAgentConfig } from '../../src/agent/state/agent-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'agent-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function networks(config: unknown) {
  writeFileSync(join(folder, 'agent.json'), JSON.stringify(config));
  return networksOf(await readAgentConfig({ config: folder }));
}

const lan = { uplink: 'eth0', subnet: '192.0.2.0/24', gateway: '192.0.2.1' };
const leased = { uplink: 'eth0', address: 'dhcp' };

it('takes the only network for the default, and none of several', async () => {
  expect(await networks({})).toEqual({ byName: {} });
  expect(await networks({ networks: { lan } })).toMatchObject({ default: 'lan' });
  expect(await networks({ networks: { lan, leased } })).not.toHaveProperty('default');
  expect(await networks({ networks: { lan, leased }, defaultNetwork: 'leased' })).toMatchObject({
    default: 'leased',
  });
});

it.each([
  [{ networks: { lan: { ...lan, gateway: '198.51.100.1' } } }, '198.51.100.1 is not in 192.0.2.0/24'],
  [{ networks: { lan: { ...lan, subnet: '192.0.2.7/24' } } }, 'not the first of the block'],
  [{ networks: { lan: { ...lan, range: ['192.0.2.9', '192.0.2.8'] } } }, 'its first is behind its last'],
  [{ networks: { lan: { ...lan, range: ['192.0.2.9', '2001:db8::1'] } } }, '2001:db8::1 is not in'],
  [{ networks: { lan: { ...lan, dhcp: true } } }, 'networks.lan'],
  [{ networks: { lan }, defaultNetwork: 'wan' }, 'defaultNetwork: wan is none'],
])('refuses %j, and says where', async (config, reason) => {
  await expect(networks(config)).rejects.toThrow(reason);
});
