import { closeSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { outputFault } from '../output/output-fault.ts';
import type { OutputFolder } from '../output/output-folder.ts';

/** The log of a build, which can be read while it grows. */
export interface BuildLog {
  path: string;
  write: (chunk: Buffer) => void;
}

/**
 * Gives `work` a log in the output folder. It replaces whatever has its name: a symbolic link of a source is not
 * written through.
 *
 * @throws ProdngError IO when the log cannot be made, or could not be written to its end
 */
export async function withBuildLog<T>(
  output: OutputFolder,
  name: string,
  work: (log: BuildLog) => Promise<T>,
): Promise<T> {
  const fd = output.create(name);
  const path = join(output.path, name);
  let fault: unknown;
  const write = (chunk: Buffer): void => {
    try {
      for (let done = 0; fault === undefined && done < chunk.length; ) done += writeSync(fd, chunk, done);
    } catch (error) {
      fault = error;
    }
  };
  try {
    const result = await work({ path, write });
    if (fault !== undefined) throw outputFault(path, fault, 'written');
    return result;
  } finally {
    closeSync(fd);
  }
}
