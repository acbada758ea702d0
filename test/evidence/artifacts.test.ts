import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const file = 'data/artifacts/prodng.yaml';
const names = [...readFileSync(file, 'utf8').matchAll(/^name: (\w+)$/gm)].map(([, name]) => name);

it("is read by Debian's python3-artifacts", () => {
  const said = execFileSync('/usr/bin/python3', ['test/evidence/validate_artifacts.py', file], {
    encoding: 'utf8',
  });
  expect(said).toBe(`ARTIFACT_GROUP=1 FILE=${names.length - 2} PATH=1\n`);
  expect(names.length).toBeGreaterThan(24);
});

it('never runs a command, and never names a secret key', () => {
  const text = readFileSync(file, 'utf8');
  expect(text).not.toContain('COMMAND');
  expect(text).not.toMatch(/keys\/\*/);
  expect(new Set(names).size).toBe(names.length);
});
