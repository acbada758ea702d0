import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readJailSource } from '../control/jail-source.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { declaredOf } from '../observe/declared.ts';
import type { Profile } from '../observe/profile.ts';
import { writeBeneath } from '../output/write-output.ts';
import { run } from '../system/process.ts';
import { editedControl } from './edit-control.ts';
import { propose } from './proposal.ts';

const controlFile = 'debian/control';

/**
 * What a record proposes for a jail source.
 *
 * @param write also changes debian/control
 * @returns a unified diff; empty when the source declares no more than it needs
 * @throws ProdngError PROFILE when the record is of another package or not whole, and what readJailSource throws
 */
export async function proposeForSource(dir: string, profile: Profile, write: boolean): Promise<string> {
  const source = await readJailSource(dir);
  if (source.packageName !== profile.package)
    throw new ProdngError(
      'PROFILE',
      `${dir} makes ${source.packageName}, the record is of ${profile.package}`,
    );
  // diff(1) is run in the root folder
  const path = resolve(dir, controlFile);
  const before = await readFile(path, 'utf8');
  const after = editedControl(before, path, propose(declaredOf(source.declaration), profile));
  if (after === before) return '';
  const { stdout } = await run(
    ['diff', '-u', '--label', `a/${controlFile}`, '--label', `b/${controlFile}`, '--', path, '-'],
    { input: after, accept: [0, 1] },
  );
  if (write) await writeBeneath(dir, controlFile, after, (await stat(path)).mode & 0o777);
  return stdout.endsWith('\n') ? stdout : `${stdout}\n`;
}
