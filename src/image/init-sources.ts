import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const installed = '/usr/share/prodng/init';

/** The C sources of PID 1, by name: those of this checkout, or those of the Debian package. */
export function initSources(): Map<string, Buffer> {
  const here = dirname(fileURLToPath(import.meta.url));
  const folder = [join(here, 'init'), join(here, '../src/image/init')].find(existsSync) ?? installed;
  const names = readdirSync(folder).filter((name) => /\.[ch]$/.test(name));
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name))]));
}
