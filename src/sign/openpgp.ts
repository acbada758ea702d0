import type { PartialConfig } from 'openpgp';

/** OpenPGP by openpgp.js, loaded when something is signed or verified: it costs 60 ms. */
export function openpgp(): Promise<typeof import('openpgp')> {
  return import('openpgp');
}

/**
 * For every call that makes keys or signatures. By default openpgp.js puts a random notation into signatures, against
 * fault attacks; Ed25519 and a date that is given would otherwise give the same bytes every time.
 */
export const signatureConfig: PartialConfig = {
  nonDeterministicSignaturesViaNotation: false,
  showComment: false,
  showVersion: false,
};
