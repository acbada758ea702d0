import { Consent } from '../../control/consent.ts';
import { jailFields } from '../../control/jail-fields.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { InstalledVersion, JailState } from '../state/state-schema.ts';
import { unpackedJail, versionOf } from './installed.ts';

interface Subject {
  readonly name: string;
  readonly state: Readonly<JailState>;
}

/** A version that a jail may switch to: its rights over the current version were agreed to. */
export class AgreedVersion {
  readonly sha256: string;
  // private, so that no other object passes for one
  readonly #from: string;

  private constructor(sha256: string, from: string, _consent: Consent | 'agreed-before') {
    this.sha256 = sha256;
    this.#from = from;
  }

  /** The version whose declaration it was compared with. */
  get from(): string {
    return this.#from;
  }

  /**
   * A version to upgrade to.
   *
   * @throws ProdngError CONSENT that names each right that it has over the current version, unless `accept`
   */
  static ask(jail: Subject, next: InstalledVersion, accept: boolean): AgreedVersion {
    const current = versionOf(jail.state);
    const declarationOf = (version: InstalledVersion) => ({
      ...unpackedJail(version, jail.name).declaration,
    });
    const what = `${jail.name}: ${next.version} declares more than ${current.version}`;
    const consent = Consent.ask(what, jailFields, declarationOf(current), declarationOf(next), accept);
    return new AgreedVersion(next.sha256, current.sha256, consent);
  }

  /** The version before the current one: its rights were agreed to when it was installed. */
  static previous(jail: Subject): AgreedVersion | undefined {
    const { previous, current } = jail.state;
    return previous === undefined ? undefined : new AgreedVersion(previous, current, 'agreed-before');
  }

  /**
   * A version that is kept: its rights were agreed to when it was installed.
   *
   * @param wanted its version, or the SHA-256 of its .deb
   * @throws ProdngError JAIL_STATE when it is not kept, or is the current one; USAGE when two of that version are kept
   */
  static kept(jail: Subject, wanted: string): AgreedVersion {
    const { versions, current } = jail.state;
    const found = versions.filter(({ version, sha256 }) => sha256 === wanted || version === wanted);
    const [one, another] = found;
    const hint = `the kept versions: ${versions.map(({ version }) => version).join(', ')}`;
    if (one === undefined)
      throw new ProdngError('JAIL_STATE', `${jail.name}: ${wanted} is not kept`, { hint });
    if (another !== undefined)
      throw new ProdngError('USAGE', `${jail.name}: several packages of ${wanted} are kept`, {
        hint: `give the SHA-256: ${found.map(({ sha256 }) => sha256).join(', ')}`,
      });
    if (one.sha256 === current)
      throw new ProdngError('JAIL_STATE', `${jail.name} is at ${wanted} already`, { hint });
    return new AgreedVersion(one.sha256, current, 'agreed-before');
  }

  /** @throws ProdngError JAIL_STATE when the jail has switched to another version since */
  assertCurrent(jail: Subject): void {
    if (jail.state.current === this.#from) return;
    throw new ProdngError('JAIL_STATE', `${jail.name}: another operation has changed its version`, {
      hint: 'repeat the command: it compares the declarations again',
    });
  }
}
