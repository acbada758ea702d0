import { openApiDocument } from '../src/agent/api/server.ts';
import { makeProgram } from '../src/cli/program.ts';
import { fieldReference } from '../src/control/field-reference.ts';
import { jailFieldsJsonSchema } from '../src/control/jail-json-schema.ts';
import { enforcementReference } from '../src/export/enforcement-reference.ts';
import { lintianVendor } from '../src/lint/lintian-data.ts';
import { tagReference } from '../src/lint/tag-reference.ts';
import { faultTable } from '../test/lint/mutations/fault-table.ts';
import { bashCompletion } from './bash-completion.ts';
import { manPage, pageName } from './man-page.ts';

/** Every generated file of the repository by its path. */
export async function documents(): Promise<Record<string, string>> {
  const program = await makeProgram();
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
    'docs/completions/prodng.bash': bashCompletion(program),
    'docs/control-fields.schema.json': `${JSON.stringify(jailFieldsJsonSchema('XB-Jail-'), undefined, 2)}\n`,
  };
}
