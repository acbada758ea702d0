import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** A static program that hides in a memfd; in its heap it has the word MARKER-heap, which no file holds. */
export function makeImplant(folder: string): string {
  const program = join(folder, 'implant');
  execFileSync('gcc', ['-static', '-O1', '-o', program, 'test/evidence/programs/implant.c']);
  return program;
}
