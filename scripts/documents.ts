import { openApiDocument } from '../src/agent/api/server.ts';
import { makeProgram } from '../src/cli/program.ts';
import { fieldReference } from '../src/control/field-reference.ts';
import { jailFieldsJsonSchema } from '../src/control/jail-json-schema.ts';
import { enforcementReference } from '../src/export/enforcement-reference.ts';
import { lintianVendor } from '../src/lint/lintian-data.ts';
import { tagReference } from '../src/lint/tag-reference.ts';
import { faultTable } from '../test/lint/mutations/fault-table.ts';
import { bashCompletion } from './bash-completion.ts';
import { completionModel } from './completion-model.ts';
import { fishCompletion } from './fish-completion.ts';
import { helpTexts } from './help-texts.ts';
import { manPage, pageName } from './man-page.ts';
import { zshCompletion } from './zsh-completion.ts';

/** Every generated file of the repository by its path. */
export async function documents(): Promise<Record<string, string>> {
  const program = await makeProgram();
  const completed = completionModel(program);
  const pages = [program, ...program.commands].map((command) => [
    `docs/man/${pageName(command)}.1`,
    manPage(command, program.commands),
  ]);
  return {
    'docs/control-fields.md': fieldReference(),
    'docs/export-losses.md': enforcementReference(),
    'docs/lint-tags.md': tagReference(),
    'docs/lint-faults.md': faultTable(),
    ...lintianVendor(),
    ...Object.fromEntries(pages),
    'docs/openapi.json': `${JSON.stringify(await openApiDocument(), undefined, 2)}\n`,
    'docs/completions/prodng.bash': bashCompletion(completed),
    'docs/completions/prodng.fish': fishCompletion(completed),
    'docs/completions/_prodng': zshCompletion(completed),
    'test/cli/help.txt': helpTexts(program),
    'docs/control-fields.schema.json': `${JSON.stringify(jailFieldsJsonSchema('XB-Jail-'), undefined, 2)}\n`,
  };
}
