import { openApiDocument } from '../src/agent/api/server.ts';
import { makeProgram } from '../src/cli/program.ts';
import { fieldReference } from '../src/control/field-reference.ts';
import { jailFieldsJsonSchema } from '../src/control/jail-json-schema.ts';
import { enforcementReference } from '../src/export/enforcement-reference.ts';
import { lintianVendor } from '../src/lint/lintian-data.ts';
import { tagReference } from '../src/lint/tag-reference.ts';
import { faultTable } from '../test/lint/mutations/fault-table.ts';
import { bashCompletion } from './completion/bash.ts';
import { fishCompletion } from './completion/fish.ts';
import { completionModel } from './completion/model.ts';
import { zshCompletion } from './completion/zsh.ts';
import { helpTexts } from './help-texts.ts';
import { commandPage, pageName } from './manual/command-page.ts';
import { filePages } from './manual/file-pages.ts';
import { overviewPage } from './manual/overview-page.ts';
import { manualPage } from './manual/page.ts';
import { environmentPage, errorPage, eventPage } from './reference/pages.ts';

/** Every generated file of the repository by its path. */
export async function documents(): Promise<Record<string, string>> {
  const program = await makeProgram();
  const completed = completionModel(program);
  const commands = [program, ...program.commands].map((command) => [
    `docs/man/${pageName(command)}.1`,
    commandPage(command, program.commands),
  ]);
  const others = [...(await filePages()), overviewPage].map((page) => [
    `docs/man/${page.name}.${page.section}`,
    manualPage(page),
  ]);
  return {
    'docs/control-fields.md': fieldReference(),
    'docs/export-losses.md': enforcementReference(),
    'docs/lint-tags.md': tagReference(),
    'docs/lint-faults.md': faultTable(),
    ...lintianVendor(),
    ...Object.fromEntries([...commands, ...others]),
    'docs/error-codes.md': errorPage(),
    'docs/events.md': eventPage(),
    'docs/environment.md': environmentPage(),
    'docs/openapi.json': `${JSON.stringify(await openApiDocument(), undefined, 2)}\n`,
    'docs/completions/prodng.bash': bashCompletion(completed),
    'docs/completions/prodng.fish': fishCompletion(completed),
    'docs/completions/_prodng': zshCompletion(completed),
    'test/cli/help.txt': helpTexts(program),
    'docs/control-fields.schema.json': `${JSON.stringify(jailFieldsJsonSchema('XB-Jail-'), undefined, 2)}\n`,
  };
}
