import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { families } from '../../src/lint/severity.ts';
import { tags } from '../../src/lint/tags.ts';
import { exampleKinds, lintExample, tagsOf } from './support/lint-example.ts';

for (const tag of tags) {
  for (const kind of exampleKinds(tag)) {
    test(`${tag.id}: its example triggers it in a ${kind}`, async () => {
      expect(tagsOf(await lintExample(tag.triggers, kind))).toContain(tag.id);
    });
    test(`${tag.id}: its clean example does not trigger it in a ${kind}`, async () => {
      expect(tagsOf(await lintExample(tag.clean, kind))).not.toContain(tag.id);
    });
  }
}

test('item 16: SYS_ADMIN with SYS_RESOURCE and @mount is said to undo the limit of user namespaces', async () => {
  const messages = async (control: string) =>
    (await lintExample({ control }, 'source')).findings.map(({ message }) => message).join('\n');
  const said =
    'CAP_SYS_ADMIN with CAP_SYS_RESOURCE and @mount: it can also undo the limit of user namespaces';
  const syscalls = 'Jail-Syscalls: @system-service, @mount';
  expect(await messages(`Jail-Capabilities: SYS_ADMIN, SYS_RESOURCE\n${syscalls}`)).toContain(said);
  expect(await messages(`Jail-Capabilities: SYS_ADMIN\n${syscalls}`)).not.toContain(said);
  expect(await messages('Jail-Capabilities: SYS_ADMIN, SYS_RESOURCE')).not.toContain(said);
});

test('the small jail that the examples change has nothing wrong', async () => {
  for (const kind of ['source', 'deb'] as const) {
    const { outcome, findings } = await lintExample({}, kind);
    expect({ kind, outcome, findings }).toEqual({ kind, outcome: 'pass', findings: [] });
  }
});

test('every file under tags/ is a tag of that name in that family', () => {
  const files = families.flatMap((family) =>
    readdirSync(`src/lint/tags/${family}`).map((name) => `${family}/${name.replace(/\.ts$/, '')}`),
  );
  expect(files.sort()).toEqual(tags.map(({ family, id }) => `${family}/${id}`).sort());
});

test('tags say what they are in whole sentences', () => {
  for (const { id, summary, explanation, fix, references } of tags) {
    expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)+$/);
    expect(summary, id).not.toMatch(/\.$/);
    expect(explanation, id).toMatch(/[.]$/);
    expect(fix, id).toMatch(/^[A-Z].*[.]$/s);
    expect(references.length, id).toBeGreaterThan(0);
  }
});
