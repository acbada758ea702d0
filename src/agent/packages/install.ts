import { ProdngError } from '../../error/prodng-error.ts';
import type { Agent } from '../agent.ts';
import { assertJailName, packageOf } from '../state/jail-name.ts';
import { type JailState, stateFormat } from '../state/state-schema.ts';
import { SupervisedJail } from '../supervision/supervised-jail.ts';
import type { PackageSource } from './package-source.ts';
import type { UnpackedTree } from './trees.ts';

/**
 * Installs a jail: its tree is unpacked, and then one file makes it known.
 *
 * @param name another name than the package's: that of an instance
 * @throws ProdngError JAIL_STATE when there is one of that name, and what finding and unpacking throw
 */
export async function installJail(
  agent: Agent,
  source: PackageSource,
  name?: string,
): Promise<SupervisedJail> {
  if (name !== undefined) assertJailName(name);
  const found = await agent.options.finder.find(source);
  try {
    const tree = await agent.trees.unpack(found.deb);
    try {
      return await agent.naming.run(() => makeKnown(agent, tree, name ?? found.package, found.deb));
    } finally {
      tree.release();
    }
  } finally {
    await found.done();
  }
}

async function makeKnown(
  agent: Agent,
  { name, installed }: UnpackedTree,
  asked = name,
  deb = name,
): Promise<SupervisedJail> {
  assertJailName(asked);
  if (packageOf(asked) !== name)
    throw new ProdngError('USAGE', `${asked}: ${deb} is the package ${name}`, {
      hint: `name it ${name}, or an instance of it such as ${name}@2`,
    });
  agent.assertReadable(asked);
  if (agent.jails.has(asked))
    throw new ProdngError('JAIL_STATE', `${asked} is installed already`, {
      hint: `to go to another version: prodng upgrade ${asked} FILE`,
    });
  agent.context.volumes.assertFits({ name: asked, versions: [installed] });
  const state: JailState = {
    format: stateFormat,
    name: asked,
    desired: 'stopped',
    current: installed.sha256,
    versions: [installed],
    restarts: 0,
    created: new Date().toISOString(),
  };
  await agent.context.store.save(state);
  const jail = new SupervisedJail(state, agent.context);
  agent.add(jail);
  const { version, sha256 } = installed;
  await agent.context.events.append('installed', asked, { version, sha256 });
  return jail;
}
