import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lintPath } from '../../../src/lint/lint.ts';
import { formatLock } from '../../../src/lock/lock-text.ts';
import { renderTemplate } from '../../../src/template/render-template.ts';
import { listTemplates } from '../../../src/template/template.ts';
import { runProdng } from '../../support/prodng.ts';
import { tagsOf } from '../support/lint-example.ts';
import { soundLock } from '../support/sound-jail.ts';
import { type SourceFault, sourceFaults, withFields } from './source-faults.ts';

const scratch = mkdtempSync(join(tmpdir(), 'prodng-mutations-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const env = { DEBFULLNAME: 'Test', DEBEMAIL: 'test@example.org', SOURCE_DATE_EPOCH: '1700000000' };
const templates = (await listTemplates()).map(({ name }) => name);

describe.each(templates)('a source from the template %s', (template) => {
  const clean = join(scratch, template);

  beforeAll(async () => {
    await renderTemplate({ template, target: clean, name: 'hello', env });
    const stanzas = readFileSync(join(clean, 'debian/control'), 'utf8').split('\n\n');
    const buildDepends = /^Build-Depends: (.*)$/m.exec(stanzas[0] ?? '')?.[1] ?? '';
    const depends = /^Depends: (.*)$/m.exec(stanzas[1] ?? '')?.[1] ?? '';
    const lock = formatLock({ ...soundLock, buildDepends, depends });
    writeFileSync(join(clean, 'debian/jail.lock'), lock);
  });

  test('passes the strictest profile: not even a pedantic finding', async () => {
    const { status, stdout } = await runProdng(['lint', '--verbose', '--fail-on', 'pedantic', clean]);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringContaining(': pass: no findings ('),
    });
  });

  test(`each of ${sourceFaults.length} faults is caught by its own tag`, { timeout: 120_000 }, async () => {
    const missed: string[] = [];
    for (const fault of sourceFaults) {
      const dir = join(scratch, `${template}-mutant`);
      writeMutant(clean, dir, fault);
      const [result] = await lintPath(dir, { now: Date.parse('2026-01-01') });
      const tags = result === undefined ? [] : tagsOf(result);
      if (!tags.includes(fault.tag)) missed.push(`${fault.tag}: ${describeFault(fault)}: ${tags.join(', ')}`);
    }
    expect(missed).toEqual([]);
  });
});

function writeMutant(clean: string, dir: string, { fields, files }: SourceFault): void {
  rmSync(dir, { recursive: true, force: true });
  cpSync(clean, dir, { recursive: true });
  const control = join(dir, 'debian/control');
  if (fields !== undefined) writeFileSync(control, withFields(readFileSync(control, 'utf8'), fields));
  for (const [path, text] of Object.entries(files ?? {})) {
    if (text === null) rmSync(join(dir, path));
    else {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    }
  }
}

function describeFault({ fields, files }: SourceFault): string {
  return fields ?? JSON.stringify(files);
}
