import { messageOf, ProdngError } from '../../error/prodng-error.ts';
import type { AgentContext } from '../agent-context.ts';
import type { AgreedVersion } from '../packages/consent.ts';
import { unpackedJail, versionOf } from '../packages/installed.ts';
import type { ActiveRun } from './active-run.ts';
import { provenHealthy } from './health-watch.ts';
import type { HeldJail } from './held-jail.ts';
import type { LaunchPlan } from './launch-plan.ts';

/** Where a jail goes. */
interface Switch {
  from: string;
  to: string;
  /** How long the new version may take to prove healthy, ms. */
  patience: number;
}

/**
 * Has a jail go to another of its versions. One that should run must prove healthy in it; until then `current` is the
 * old one, and it is the old one that runs, or is tried, when this fails, or when the agent is killed meanwhile.
 *
 * @param patience how long the new version may take to prove healthy, ms
 * @throws ProdngError JAIL_UNHEALTHY, JAIL_STATE when it was agreed for another version, and what a start throws
 */
export async function switchVersion(
  held: HeldJail,
  agreed: AgreedVersion,
  kind: 'upgrade' | 'rollback',
  patience: number,
  { events }: AgentContext,
): Promise<void> {
  agreed.assertCurrent(held);
  const { from, sha256: to } = agreed;
  const names = { from: versionOf(held.state, from).version, to: versionOf(held.state, to).version };
  await held.change({ switching: { to, kind } });
  try {
    if (held.wanted) await switchRun(held, { from, to, patience });
    else await held.change({ current: to, previous: from }, 'switching');
  } catch (error) {
    // on a full disk the next agent does so
    await held.change({}, 'switching').catch(() => {});
    await events.append(`${kind}-failed`, held.name, { ...names, reason: messageOf(error).slice(0, 500) });
    throw error;
  }
  await events.append(kind === 'upgrade' ? 'upgraded' : 'rolled-back', held.name, names);
}

async function switchRun(held: HeldJail, way: Switch): Promise<void> {
  // what can be known to keep the new one from starting is known before the old one stops
  const plan = await held.plan(way.to);
  const old = held.run;
  if (old !== undefined && canRunBeside(held, way)) await switchBeside(held, old, plan, way);
  else await switchInTurn(held, plan, way);
}

/** Two runs of a jail would have the same volumes and the same address. */
function canRunBeside(held: HeldJail, { from, to }: Switch): boolean {
  return [from, to].every((sha256) => {
    const { declaration } = unpackedJail(versionOf(held.state, sha256), held.name);
    return declaration.network !== 'macvlan' && !declaration.filesystem.some(({ kind }) => kind === 'rw');
  });
}

/** The old one serves until the new one has proven healthy. */
async function switchBeside(held: HeldJail, old: ActiveRun, plan: LaunchPlan, way: Switch): Promise<void> {
  const fresh = await held.make(plan, true);
  await prove(held, fresh, way);
  held.replace(fresh);
  // it runs no longer as far as anybody is concerned: where it cannot be stopped as it declares, it is killed
  await old.stop().catch(() => old.kill());
  await old.clear();
}

/**
 * The old one, if it runs, stops first, and is started again when the new one does not prove healthy. One that was
 * waiting for its next start has it as soon as the new one has failed.
 */
async function switchInTurn(held: HeldJail, plan: LaunchPlan, way: Switch): Promise<void> {
  await held.end();
  held.resetBackoff();
  held.begin();
  try {
    const fresh = await held.make(plan);
    await prove(held, fresh, way);
    held.adopt(fresh);
  } catch (error) {
    held.giveUp();
    held.resetBackoff();
    throw await fallBack(held, error);
  }
}

/** Waits until a new run proves healthy, and makes its version the current one; or ends it. */
async function prove(held: HeldJail, fresh: ActiveRun, { from, to, patience }: Switch): Promise<void> {
  try {
    await provenHealthy(held.name, fresh, patience);
    await held.change({ current: to, previous: from }, 'switching');
  } catch (error) {
    await fresh.kill();
    await fresh.clear();
    throw error;
  }
}

/** Starts the old version again; when that fails too, both reasons are told, and it goes on being tried. */
async function fallBack(held: HeldJail, why: unknown): Promise<unknown> {
  try {
    await held.launch();
    return why;
  } catch (error) {
    const code = why instanceof ProdngError ? why.code : 'INTERNAL';
    const message = `${messageOf(why)}; and the version before does not start again: ${messageOf(error)}`;
    return new ProdngError(code, message, {
      hint: `it goes on being tried; see: prodng ls, prodng events`,
      cause: why,
    });
  }
}
