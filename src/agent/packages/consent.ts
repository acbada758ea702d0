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

  /** @throws ProdngError JAIL_STATE when the jail has switched to another version since */
  assertCurrent(jail: Subject): void {
    if (jail.state.current === this.#from) return;
    throw new ProdngError('JAIL_STATE', `${jail.name}: another operation has changed its version`, {
      hint: 'repeat the command: it compares the declarations again',
    });
  }
}
