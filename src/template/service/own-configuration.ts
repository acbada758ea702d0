import type { RenderedFile } from '../rendered-files.ts';
import type { Closure } from './closure.ts';
import type { Proposal } from './proposal.ts';

/**
 * Brings configuration that the jail's user could not read into the source: packages keep secrets from others by modes
 * and groups that their maintainer scripts set, which a jail of unpacked files does not have.
 *
 * @returns the command line with the new places, and the files that install them under /etc/NAME
 */
export function ownConfiguration(
  argv: readonly string[],
  closure: Closure,
  name: string,
  user: string,
  proposal: Proposal,
): { argv: string[]; files: RenderedFile[] } {
  const files: RenderedFile[] = [];
  const installed: string[] = [];
  const words = argv.map((word, index) => {
    const path = /^(?:-[\w-]+=)?(\/etc\/.+)$/.exec(word)?.[1];
    const file = index === 0 || path === undefined ? undefined : closure.file(path);
    if (path === undefined || file === undefined) return word;
    const base = path.slice(path.lastIndexOf('/') + 1);
    const readable = user === 'root' || (file.mode & 0o004) !== 0;
    if (readable || installed.includes(base) || !/^[\w.+-]+$/.test(base)) {
      proposal.note(
        'Command',
        `${path} is that of ${file.owner.name}, read-only. To change it, put a file of your own into this source.`,
      );
      return word;
    }
    installed.push(base);
    files.push({ path: `etc/${base}`, content: file.read(), executable: false });
    proposal.note(
      'Command',
      `etc/${base} of this source replaces ${path} of ${file.owner.name} ${file.owner.version}, which only root and a group that its maintainer script names may read.`,
    );
    return word.replace(path, `/etc/${name}/${base}`);
  });
  if (installed.length > 0) {
    const lines = installed.map((base) => `etc/${base} etc/${name}/`);
    files.push({ path: 'debian/install', content: `${lines.join('\n')}\n`, executable: false });
  }
  return { argv: words, files };
}
