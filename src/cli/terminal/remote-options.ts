import { ProdngError } from '../../error/prodng-error.ts';

/** Options of the program itself, before the command. */
export interface RemoteOptions {
  host?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  ca?: string | undefined;
}

/**
 * Takes the options off the front of a command line.
 *
 * @throws ProdngError USAGE when one has no value
 */
export function takeRemoteOptions(argv: readonly string[]): { remote: RemoteOptions; rest: string[] } {
  const remote: RemoteOptions = {};
  const rest = [...argv];
  for (;;) {
    const [, name, joined] = /^--(host|cert|key|ca)(?:=(.*))?$/s.exec(rest[0] ?? '') ?? [];
    if (name !== 'host' && name !== 'cert' && name !== 'key' && name !== 'ca') return { remote, rest };
    rest.shift();
    const value = joined ?? rest.shift();
    if (value === undefined || value === '') throw new ProdngError('USAGE', `--${name} needs a value`);
    remote[name] = value;
  }
}
