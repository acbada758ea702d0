import { basename, resolve } from 'node:path';
import { nearestPackageName, packageNameRule, packagePattern } from '../control/package-name.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { hostArchitecture } from '../system/architecture.ts';
import type { Progress } from '../system/progress.ts';
import { defaultMaintainer, findMaintainer } from './maintainer.ts';
import { checkTarget, writeNewFolder } from './new-folder.ts';
import { type RenderedFile, renderFiles } from './rendered-files.ts';
import type { ServiceProposal } from './service/propose-service.ts';
import { findTemplate, type Template } from './template.ts';
import { loadTextTemplates } from './text-template.ts';
import { resolveVariables, type Values } from './variables.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface RenderOptions {
  /** A template's name, or a path that begins with `/`, `./` or `../`. */
  template: string;
  /** The folder to make. */
  target: string;
  /** The package's name; the target's base name when not given. */
  name?: string;
  /** Values of the template's variables. */
  values?: Readonly<Values>;
  /** A folder of templates that go before ProdNG's own. */
  templateDir?: string;
  /** DEBFULLNAME, DEBEMAIL and SOURCE_DATE_EPOCH are read from it, and where a proposal finds archives and cache. */
  env?: Environment;
  /** A deb822 file of the archives that a proposal reads from, instead of the configured ones. */
  sources?: string;
  progress?: Progress;
}

export interface RenderedSource {
  dir: string;
  name: string;
  template: string;
  /** Relative to `dir`, sorted. */
  files: string[];
  /** What to do next, a line each. */
  next: string[];
  /** Whether no maintainer was found, so that a placeholder is in the files. */
  maintainerUnknown: boolean;
}

/**
 * Renders a template into a new folder: whole or not at all.
 *
 * @throws ProdngError TARGET_EXISTS when the folder is there and not empty, USAGE when the name is no package's,
 *   TEMPLATE when there is no such template or its variables are wrong, CONFIG when the environment is, IO; what
 *   proposeService throws for a template that reads a package
 */
export async function renderTemplate(options: RenderOptions): Promise<RenderedSource> {
  const { values: given = {}, env = process.env } = options;
  const dir = await checkTarget(options.target);
  const template = await findTemplate(options.template, options.templateDir);
  const fill = await loadTextTemplates();
  const maintainer = await findMaintainer(env);
  const builtIn = {
    name: packageNameOf(options),
    maintainer,
    ...dateVariables(env),
    architecture: hostArchitecture(),
  };
  const asked = resolveVariables(template, builtIn, given, fill);
  const proposed = await proposalFor(template, asked, options);
  const values = { ...asked, ...proposed.values };
  const files = [...(await renderFiles(template, values, fill)), ...proposed.files];
  refuseReservedName(builtIn.name, files);
  const next = template.next.map((line) => fill(line, values, `${template.dir}/template.json: next`));
  await writeNewFolder(dir, files);
  return {
    dir,
    name: builtIn.name,
    template: template.name,
    files: files.map(({ path }) => path).sort(),
    next,
    maintainerUnknown: maintainer === defaultMaintainer,
  };
}

/** What a template of `proposes` is filled with besides its variables. */
async function proposalFor(
  { proposes }: Template,
  values: Values,
  { values: given = {}, env = process.env, sources, progress }: RenderOptions,
): Promise<ServiceProposal> {
  if (proposes === undefined) return { values: {}, files: [] };
  const { proposeService } = await import('./service/propose-service.ts');
  return await proposeService(values, given, {
    env,
    ...(sources === undefined ? {} : { sources }),
    ...(progress === undefined ? {} : { progress }),
  });
}

function packageNameOf({ name, target }: RenderOptions): string {
  const wanted = name ?? basename(resolve(target));
  if (packagePattern.test(wanted)) return wanted;
  const near = nearestPackageName(wanted);
  throw new ProdngError('USAGE', `"${wanted}" cannot be the name of a package; allowed: ${packageNameRule}`, {
    hint: `give the package a name of its own: --name ${near ?? 'NAME'}`,
  });
}

/** debhelper assembles a package in the folder debian/NAME, and removes what stood there. */
function refuseReservedName(name: string, files: readonly RenderedFile[]): void {
  const reserved =
    ['files', 'tmp'].includes(name) ||
    files.some(({ path }) => path.split('/', 2).join('/') === `debian/${name}`);
  if (!reserved) return;
  throw new ProdngError(
    'USAGE',
    `"${name}" cannot be the name of this package: debhelper needs debian/${name} for itself`,
    {
      hint: 'give the package a name of its own: --name NAME',
    },
  );
}

/** The present time, or SOURCE_DATE_EPOCH, as debian/changelog (RFC 5322, UTC) and copyright lines write it. */
function dateVariables(env: Environment): { date: string; year: string } {
  const epoch = env.SOURCE_DATE_EPOCH;
  if (epoch !== undefined && !/^\d{1,11}$/.test(epoch))
    throw new ProdngError('CONFIG', `SOURCE_DATE_EPOCH: not a number of seconds: ${epoch}`);
  const date = epoch === undefined ? new Date() : new Date(Number(epoch) * 1000);
  return { date: date.toUTCString().replace('GMT', '+0000'), year: String(date.getUTCFullYear()) };
}
