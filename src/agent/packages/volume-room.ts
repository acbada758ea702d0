import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { JailState } from '../state/state-schema.ts';
import { assertVolumesAllowed, type VolumeOwner, type VolumePolicy } from '../state/volume-policy.ts';
import { unpackedJail } from './installed.ts';

type Known = Pick<JailState, 'name' | 'versions'>;

/** The room that a host has for the volumes of its jails. */
export class VolumeRoom {
  readonly #policy: VolumePolicy;
  readonly #jails: () => Iterable<Known>;

  /** @param jails all that are installed */
  constructor(policy: VolumePolicy, jails: () => Iterable<Known>) {
    this.#policy = policy;
    this.#jails = jails;
  }

  /** Whether the blocks of volumes are allocated before a start. */
  get reserve(): boolean {
    return this.#policy.reserve;
  }

  /**
   * @param jail that is to be installed or started, with the versions that it will have
   * @throws ProdngError POLICY
   */
  assertFits(jail: Known, declaration?: JailDeclaration): void {
    const { name } = jail;
    const declarations = declaration === undefined ? declarationsOf(jail) : [declaration];
    const others = [...this.#jails()]
      .filter((other) => other.name !== name)
      .map((other): VolumeOwner => ({ name: other.name, declarations: declarationsOf(other) }));
    assertVolumesAllowed({ name, declarations }, others, this.#policy);
  }
}

/** What cannot be read keeps its own jail from starting, and says so there. */
function declarationsOf({ name, versions }: Known): JailDeclaration[] {
  return versions.flatMap((version) => {
    try {
      return [unpackedJail(version, name).declaration];
    } catch (error) {
      if (error instanceof ProdngError) return [];
      throw error;
    }
  });
}
