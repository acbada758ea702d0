import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { writeFileAtomic } from '../../system/atomic-file.ts';
import type { PlannedVolume } from './volumes.ts';

type Place = Pick<PlannedVolume, 'place'>;

/** Whether Jail-Prepare has to run before the service: it is declared, and has not succeeded on each of the volumes. */
export function needsPreparation({ prepare }: JailDeclaration, volumes: readonly Place[]): boolean {
  return prepare !== undefined && !volumes.every(({ place }) => existsSync(markOf(place)));
}

/** Remembers that Jail-Prepare has exited with 0 on these volumes. */
export async function markPrepared(volumes: readonly Place[]): Promise<void> {
  for (const { place } of volumes) {
    await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    await writeFileAtomic(markOf(place), '', 0o600);
  }
}

/** Why a service is not started on volumes that are not prepared. */
export function notPrepared(name: string): ProdngError {
  return new ProdngError('JAIL_START', `${name}: Jail-Prepare has not run on its volumes yet`, {
    hint: 'prodng run prepares them and then starts the service',
  });
}

/** Beside the volume, where the jail cannot reach; removed with it. */
function markOf(place: string): string {
  return `${place}.prepared`;
}
