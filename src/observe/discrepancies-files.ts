import type { Declared } from './declared.ts';
import type { Discrepancy } from './discrepancy.ts';
import { isWhole, type Profile } from './profile.ts';

/** What was done to files, compared with the places that may be written. */
export function* fileDiscrepancies(declared: Declared, profile: Profile): Iterable<Discrepancy> {
  if (profile.mode !== 'record') return;
  const field = 'Filesystem';
  const written = profile.files.filter(({ kind }) => kind !== 'read' && kind !== 'refused');
  for (const { kind, path } of declared.writable) {
    if (!isWhole(profile) || written.some((file) => isBelow(file.path, path))) continue;
    const place = kind === 'rw' ? 'volume' : 'tmpfs';
    yield {
      kind: 'volume-never-written',
      context: path,
      field,
      message: `the ${place} ${path} was never written`,
    };
  }
  const refused = new Map<string, number>();
  for (const { kind, path, count } of profile.files)
    if (kind === 'refused') refused.set(path, (refused.get(path) ?? 0) + count);
  for (const [path, count] of [...refused].sort(([a], [b]) => (a < b ? -1 : 1)))
    yield {
      kind: 'write-refused',
      context: path,
      field,
      message: `${path}: opened or changed ${count === 1 ? 'once' : `${count} times`}, and refused`,
    };
}

/** Whether a path is another or lies in it. A path that was cut may lie anywhere: its end counts. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`) || !path.startsWith('/');
}
