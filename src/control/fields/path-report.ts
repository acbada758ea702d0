import type { Place, Report } from '../field-value.ts';
import { pathFault } from '../jail-path.ts';

/** Reports a path that is not absolute and normalised. */
export function reportPath(path: string, place: Place, report: Report): boolean {
  const fault = pathFault(path);
  if (fault === undefined) return true;
  const code = !path.startsWith('/')
    ? 'path-relative'
    : path.split('/').includes('..')
      ? 'path-escapes'
      : 'path-not-normalised';
  report(code, `${fault}; allowed: absolute paths without "." and ".."`, place);
  return false;
}
