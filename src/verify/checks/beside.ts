import { basename, dirname } from 'node:path';
import { readFileBeneath } from '../../kernel/beneath-file.ts';

const mostText = 64 * 2 ** 20;

/**
 * The text of a file next to the .deb, which may come from anybody: a link is refused, as it could lead to any file of
 * the host, whose text would then be quoted or exported.
 *
 * @returns undefined if there is none
 * @throws ProdngError IO
 */
export function readBeside(path: string): string | undefined {
  return readFileBeneath(dirname(path), basename(path), mostText)?.toString('utf8');
}

/** `hello_1.0_amd64.cdx.json` for `hello_1.0_amd64.deb`. */
export function besideDeb(deb: string, suffix: string): string {
  return deb.replace(/(?:\.deb)?$/, suffix);
}
