import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProdngError } from '../error/prodng-error.ts';

const installed = '/usr/share/prodng/templates';

/**
 * The folder of the templates that come with ProdNG: of the checkout that this program was built or started from, else
 * where Debian's package puts them.
 *
 * @throws ProdngError HOST_LACKS when they are not installed
 */
export function ownTemplateFolder(): string {
  const folder = templatesOfCheckout(dirname(fileURLToPath(import.meta.url))) ?? installed;
  if (existsSync(folder)) return folder;
  throw new ProdngError('HOST_LACKS', `the templates are not installed: there is no ${folder}`, {
    hint: 'install ProdNG again, or name a folder of templates with --template-dir',
  });
}

/** The bundle and the sources lie at different depths in a checkout, whose root has a package.json. */
function templatesOfCheckout(folder: string): string | undefined {
  const templates = join(folder, 'templates');
  if (existsSync(join(folder, 'package.json')) && existsSync(templates)) return templates;
  const parent = dirname(folder);
  return parent === folder ? undefined : templatesOfCheckout(parent);
}
