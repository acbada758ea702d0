import { ProdngError } from '../../error/prodng-error.ts';
import type { Agent } from '../agent.ts';
import { packageOf } from '../state/jail-name.ts';
import { readOverrides } from '../state/overrides-file.ts';
import type { JailState } from '../state/state-schema.ts';
import type { HeldJail } from '../supervision/held-jail.ts';
import type { SupervisedJail } from '../supervision/supervised-jail.ts';
import { switchVersion } from '../supervision/switch-version.ts';
import { AgreedVersion } from './consent.ts';
import { versionOf } from './installed.ts';
import type { PackageSource } from './package-source.ts';
import type { UnpackedTree } from './trees.ts';

export interface UpgradeOptions {
  /** That the new version may declare more than the old one. */
  accept: boolean;
  /** How long the new version may take to prove healthy, ms. */
  patience: number;
}

/**
 * Takes a jail to another version of its package. The new tree is unpacked and compared beside the old.
 *
 * @throws ProdngError CONSENT when it declares more and nobody has agreed, JAIL_UNHEALTHY when the old one goes on
 */
export async function upgradeJail(
  agent: Agent,
  name: string,
  source: PackageSource,
  options: UpgradeOptions,
): Promise<SupervisedJail> {
  const jail = agent.jail(name);
  await assertNotHeld(agent, name);
  const found = await agent.options.finder.find(source, versionOf(jail.state).version);
  try {
    const tree = await agent.trees.unpack(found.deb);
    try {
      await jail.locked((held) => upgrade(agent, held, tree, found.deb, options));
    } finally {
      tree.release();
      await agent.collect();
    }
  } finally {
    await found.done();
  }
  return jail;
}

async function upgrade(
  agent: Agent,
  held: HeldJail,
  { name, installed }: UnpackedTree,
  deb: string,
  { accept, patience }: UpgradeOptions,
): Promise<void> {
  if (name !== packageOf(held.name))
    throw new ProdngError('USAGE', `${deb} is the package ${name}, and ${held.name} is none of it`);
  await assertNotHeld(agent, held.name);
  const agreed = AgreedVersion.ask(held, installed, accept);
  const { versions } = held.state;
  agent.context.volumes.assertFits({ name: held.name, versions: [installed] });
  const others = versions.filter(({ sha256 }) => sha256 !== installed.sha256);
  const { configuration } = versionOf(held.state);
  const next = { ...installed, ...(configuration === undefined ? {} : { configuration }) };
  await held.change({ versions: [...others, next] });
  try {
    await goTo(agent, held, agreed, 'upgrade', patience);
  } catch (error) {
    // what was there before is kept; on a full disk all is
    const isNew = others.length === versions.length && held.state.current !== installed.sha256;
    if (isNew) await held.change({ versions }).catch(() => {});
    throw error;
  }
}

/** @throws ProdngError JAIL_STATE when the operator holds it at its version */
async function assertNotHeld({ context: { paths } }: Agent, name: string): Promise<void> {
  if ((await readOverrides(name, paths)).hold !== true) return;
  throw new ProdngError('JAIL_STATE', `${name} is held at its version`, { hint: `prodng unhold ${name}` });
}

export interface RollbackOptions {
  /** The version to go to, or the SHA-256 of its .deb (default: the one before). */
  to?: string | undefined;
  /** How long it may take to prove healthy, ms. */
  patience: number;
}

/**
 * Takes a jail back to the version that it had before, or to another that is kept.
 *
 * @throws ProdngError JAIL_STATE when there is none, JAIL_UNHEALTHY when the present one goes on
 */
export async function rollbackJail(
  agent: Agent,
  name: string,
  { to, patience }: RollbackOptions,
): Promise<SupervisedJail> {
  const jail = agent.jail(name);
  try {
    await jail.locked(async (held) => {
      const previous = to === undefined ? AgreedVersion.previous(held) : AgreedVersion.kept(held, to);
      if (previous === undefined)
        throw new ProdngError('JAIL_STATE', `${name}: there is no earlier version of it`, {
          hint: `see what is kept: prodng inspect ${name}`,
        });
      await goTo(agent, held, previous, 'rollback', patience);
    });
  } finally {
    await agent.collect();
  }
  return jail;
}

async function goTo(
  agent: Agent,
  held: HeldJail,
  to: AgreedVersion,
  kind: 'upgrade' | 'rollback',
  patience: number,
): Promise<void> {
  if (held.state.current === to.sha256) return;
  await switchVersion(held, to, kind, patience, agent.context);
  await held.change({ versions: keptVersions(held.state, agent.options.keepVersions) });
  await agent.context.operator.configuration.collect(held.state);
}

/** The current version, the one before it, and the newest of the others: so many in all. */
function keptVersions(
  { versions, current, previous }: Readonly<JailState>,
  count: number,
): JailState['versions'] {
  const needed = new Set([current, ...(previous === undefined ? [] : [previous])]);
  const others = versions.map(({ sha256 }) => sha256).filter((sha256) => !needed.has(sha256));
  const kept = new Set([...needed, ...others.slice(Math.max(0, others.length - (count - needed.size)))]);
  return versions.filter(({ sha256 }) => kept.has(sha256));
}
