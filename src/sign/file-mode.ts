import { stat } from 'node:fs/promises';

/** The permission bits of a file, for what takes its place. */
export async function fileMode(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}
