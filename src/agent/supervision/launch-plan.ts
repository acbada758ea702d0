import type { JailDeclaration } from '../../control/jail-declaration.ts';
import type { Uplink } from '../../jail/network/network.ts';
import { type PreparedJail, prepareUnpacked } from '../../jail/runtime/prepare-jail.ts';
import type { AgentContext } from '../agent-context.ts';
import type { Addressed } from '../network/addresses.ts';
import type { ObservationPlan } from '../observation/observation.ts';
import { operatorValues } from '../operator/operator-values.ts';
import { rootfsOf, unpackedJail, versionOf } from '../packages/installed.ts';
import { applyOverrides } from '../state/apply-overrides.ts';
import { readOverrides } from '../state/overrides-file.ts';

/** All that a start needs and that can be known before it: nothing of a run exists yet. */
export interface LaunchPlan {
  sha256: string;
  declaration: JailDeclaration;
  uplink?: Uplink;
  prepared: PreparedJail;
  observe: ObservationPlan;
}

/**
 * Decides all about a start: the operator's overrides, the policies, settings, credentials and files, the uplink and address, names of
 * Jail-Connect, the rootfs. What is wrong with any of them is found here, before a run that serves is stopped for the
 * new one.
 *
 * @param program what runs: the service, or Jail-Prepare
 * @throws ProdngError CONFIG, POLICY, NETWORK and what prepareUnpacked throws
 */
export async function planLaunch(
  jail: Addressed,
  sha256: string,
  {
    paths,
    raise,
    volumes,
    addresses,
    observation,
    operator,
  }: Pick<AgentContext, 'paths' | 'raise' | 'volumes' | 'addresses' | 'observation' | 'operator'>,
  program: 'service' | 'preparation' = 'service',
): Promise<LaunchPlan> {
  const installed = versionOf(jail.state, sha256);
  const unpacked = unpackedJail(installed, jail.name);
  const overrides = await readOverrides(jail.name, paths);
  volumes.assertFits(jail.state, unpacked.declaration);
  const declaration = applyOverrides(jail.name, unpacked.declaration, overrides, raise);
  const observe = await observation.plan(jail.name, overrides.observe);
  const uplink = declaration.network === 'macvlan' ? await addresses.uplinkOf(jail, overrides) : undefined;
  const given = await operatorValues(jail.name, declaration, installed, overrides, operator);
  const { prepare } = declaration;
  const options = {
    paths: paths.jail,
    name: jail.name,
    ...given,
    reserveVolumes: volumes.reserve,
    ...(program === 'service' || prepare === undefined ? {} : { argv: prepare }),
    ...(uplink === undefined ? {} : { uplink }),
  };
  const prepared = await prepareUnpacked({ ...unpacked, declaration }, rootfsOf(unpacked, paths), options);
  return {
    sha256,
    declaration: prepared.declaration,
    prepared,
    ...(uplink === undefined ? {} : { uplink }),
    observe,
  };
}
