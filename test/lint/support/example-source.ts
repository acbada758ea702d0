import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Example } from '../../../src/lint/example.ts';
import { jailName, mergeFields, soundFields, soundSource } from './sound-jail.ts';

/** Writes an example as a jail source into a folder. */
export function writeExampleSource(dir: string, example: Example): void {
  const stanza = mergeFields(
    {
      Package: jailName,
      Architecture: 'any',
      Depends: '${misc:Depends}',
      ...soundFields,
    },
    example.control,
  ).replace(/^Jail-/gm, 'XB-Jail-');
  const control =
    `Source: ${jailName}\nMaintainer: Test <test@example.org>\nBuild-Depends: debhelper-compat (= 13)\n\n` +
    `${stanza}Description: says hello\n`;
  const files = { ...soundSource, 'debian/control': control, ...example.source };
  for (const [path, text] of Object.entries(files)) {
    if (text === null) continue;
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}
