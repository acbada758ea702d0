import { makeAgentHost } from '../support/agent-host.ts';
import { makeUplink } from '../support/uplink.ts';
import { killAtRandom } from './kills.ts';
import { chooseSeed } from './random.ts';
import { figures, type LoadSection } from './section.ts';

const count = Number(process.env.PRODNG_KILLS ?? 300);

export const killsSection: LoadSection = {
  name: 'kills',
  title: 'kill -9 of the agent at random moments',
  async run() {
    const host = await makeAgentHost();
    const uplink = await makeUplink();
    try {
      const report = await killAtRandom(host, uplink, { count, seed: chooseSeed() });
      const { faults, seed, kills, underWay, old, fresh, durations } = report;
      const text = [
        'Install, start, stop, upgrade, rollback and rm in turn, of a plain jail and of one with a macvlan and a sized ' +
          'volume; each kill at a moment of the time that the verb takes on this machine and a tenth more. After the restart: ' +
          'jail in the old or the new state, event log whole, and the list of mounts, links, control groups, processes, loop ' +
          'devices and files the same as before.',
        '',
        ...figures({
          seed,
          kills,
          'of these while the request was under way': underWay,
          'afterwards in the old state': old,
          'afterwards in the new state': fresh,
          faults: faults.length,
          'ms that the verbs take, unharmed': Object.entries(durations)
            .map(([verb, ms]) => `${verb} ${ms}`)
            .join(', '),
        }),
      ];
      return { text, faults };
    } finally {
      await host.endAgent('SIGKILL');
      await host.remove();
      await uplink.remove();
    }
  },
};
