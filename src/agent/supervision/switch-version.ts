import type { AgentContext } from '../agent-context.ts';
import type { AgreedVersion } from '../packages/consent.ts';
import { unpackedJail, versionOf } from '../packages/installed.ts';
import type { ActiveRun } from './active-run.ts';
import { provenHealthy } from './health-watch.ts';
import type { SupervisedJail } from './supervised-jail.ts';

/**
 * Has a jail go to another of its versions. The new one must prove healthy; until then `current` is the old one, and
 * it is the old one that runs when this fails, or when the agent is killed meanwhile. Only within the jail's queue.
 *
 * @param patience how long the new version may take to prove healthy, ms
 * @throws ProdngError JAIL_UNHEALTHY, JAIL_STATE when it was agreed for another version, and what a start throws
 */
export async function switchVersion(
  jail: SupervisedJail,
  agreed: AgreedVersion,
  kind: 'upgrade' | 'rollback',
  patience: number,
  { events }: AgentContext,
): Promise<void> {
  agreed.assertCurrent(jail);
  const { from, sha256: to } = agreed;
  const names = { from: versionOf(jail.state, from).version, to: versionOf(jail.state, to).version };
  await jail.change({ switching: { to, kind } });
  try {
    const old = jail.run;
    if (old === undefined) await jail.change({ current: to, previous: from }, 'switching');
    else if (canRunBeside(jail, from, to)) await switchBeside(jail, old, from, to, patience);
    else await switchInTurn(jail, old, from, to, patience);
  } catch (error) {
    await jail.change({}, 'switching');
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, 500);
    await events.append(`${kind}-failed`, jail.name, { ...names, reason });
    throw error;
  }
  await events.append(kind === 'upgrade' ? 'upgraded' : 'rolled-back', jail.name, names);
}

/** Two runs of a jail would have the same volumes and the same address. */
function canRunBeside(jail: SupervisedJail, from: string, to: string): boolean {
  return [from, to].every((sha256) => {
    const { declaration } = unpackedJail(versionOf(jail.state, sha256), jail.name);
    return declaration.network !== 'macvlan' && !declaration.filesystem.some(({ kind }) => kind === 'rw');
  });
}

/** The old one serves until the new one has proven healthy. */
async function switchBeside(
  jail: SupervisedJail,
  old: ActiveRun,
  from: string,
  to: string,
  patience: number,
): Promise<void> {
  const fresh = await jail.launch(to, true);
  try {
    await provenHealthy(jail.name, fresh, patience);
    await jail.change({ current: to, previous: from }, 'switching');
  } catch (error) {
    await fresh.kill();
    await fresh.clear();
    throw error;
  }
  jail.replace(fresh);
  await old.stop();
  await old.clear();
}

/** The old one stops first, and is started again when the new one does not prove healthy. */
async function switchInTurn(
  jail: SupervisedJail,
  old: ActiveRun,
  from: string,
  to: string,
  patience: number,
): Promise<void> {
  await jail.setDown(old);
  let fresh: ActiveRun | undefined;
  try {
    fresh = await jail.launch(to);
    await provenHealthy(jail.name, fresh, patience);
    await jail.change({ current: to, previous: from }, 'switching');
    jail.replace(fresh);
  } catch (error) {
    if (fresh !== undefined) {
      await fresh.kill();
      await fresh.clear();
    }
    jail.replace(await jail.launch(from));
    throw error;
  }
}
