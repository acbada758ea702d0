import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { openDeb } from '../archive/deb-reader.ts';
import { parseDeb822 } from '../control/deb822.ts';
import type { Paragraph } from '../control/deb822-types.ts';
import { ProdngError } from '../error/prodng-error.ts';
import type { OutputFolder } from '../output/output-folder.ts';

/**
 * Copies what a plain build made to the output folder. Every package is opened first: what has the name of a .deb and
 * is none is not handed out. Each file is whole when it can be seen; the .changes, which names the others, comes last.
 *
 * @param from the folder that holds the files
 * @param names plain file names
 * @returns the paths of the copies
 * @throws ProdngError BUILD_FAILED naming the file that is not a package; IO
 */
export async function handOver(
  from: string,
  names: readonly string[],
  output: OutputFolder,
): Promise<string[]> {
  for (const name of names) if (/\.[ud]?deb$/.test(name)) await builtControl(join(from, name), name);
  const isChanges = (name: string) => name.endsWith('.changes');
  const ordered = [...names.filter((name) => !isChanges(name)).sort(), ...names.filter(isChanges)];
  for (const name of ordered)
    await output.write(name, createReadStream(join(from, name)) as AsyncIterable<Buffer>);
  return ordered.map((name) => join(output.path, name));
}

/**
 * The control stanza of a package that a build made.
 *
 * @param name the file's name, for messages
 * @throws ProdngError BUILD_FAILED when the file is not a .deb, or its control file is malformed or empty
 */
export async function builtControl(path: string, name: string): Promise<Paragraph> {
  try {
    const reader = await openDeb(path);
    try {
      const [control] = parseDeb822(await reader.control(), `${name}: control`);
      if (control !== undefined) return control;
    } finally {
      await reader.close();
    }
  } catch (cause) {
    if (!(cause instanceof ProdngError) || cause.code === 'IO') throw cause;
    throw new ProdngError('BUILD_FAILED', `the build made a ${name} that is not a .deb: ${cause.message}`, {
      cause,
    });
  }
  throw new ProdngError('BUILD_FAILED', `${name}: an empty control file`);
}
