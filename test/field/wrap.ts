import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Ended, runProdng, startProdng } from '../support/prodng.ts';
import { ask, freePort } from './ask.ts';
import type { FieldPackage } from './packages.ts';

const finding = z.object({
  tag: z.string(),
  severity: z.enum(['error', 'warning', 'info', 'pedantic']),
  message: z.string(),
  context: z.string().optional(),
});
const report = z.object({
  results: z.array(z.object({ findings: z.array(finding), checked: z.object({ checks: z.number() }) })),
});

export interface FieldFinding extends z.infer<typeof finding> {
  /** Whether it is told of the source or of the .deb. */
  of: 'source' | '.deb';
}

/** What became of one package. */
export interface FieldResult {
  name: string;
  /** `Jail-Command` as proposed. */
  command: string;
  /** What could not be carried over. */
  comments: number;
  findings: FieldFinding[];
  /** Whether it did in its jail what it is for; undefined when nothing is known to ask. */
  works?: { answer: string; matches: boolean; log: string };
  /** The command that failed, and what it said. */
  failed?: string;
}

/** Wraps a package with the template debian-service, builds and lints it, and asks it something in its jail. */
export async function wrap(item: FieldPackage, folder: string): Promise<FieldResult> {
  const name = `field-${item.name}`;
  const source = join(folder, name);
  const result: FieldResult = { name: item.name, command: '', comments: 0, findings: [] };
  const sets = [`package=${item.name}`, ...(item.set ?? [])].flatMap((value) => ['--set', value]);
  await mkdir(folder, { recursive: true });
  const made = await runProdng(['new', 'debian-service', source, ...sets]);
  if (made.status !== 0) return { ...result, failed: `new: ${made.stderr}` };
  const control = await readFile(join(source, 'debian/control'), 'utf8');
  result.command = /^XB-Jail-Command: (.*)$/m.exec(control)?.[1] ?? '';
  result.comments = control.match(/^# /gm)?.length ?? 0;
  const built = await runProdng(['build', source]);
  if (built.status !== 0) return { ...result, failed: `build: ${built.stderr}` };
  const deb = join(folder, `${name}_0.1.0_${architecture()}.deb`);
  for (const [of, path] of [
    ['source', source],
    ['.deb', deb],
  ] as const) {
    const linted = await runProdng(['lint', '--format', 'json', path]);
    const parsed = report.safeParse(parseJson(linted.stdout));
    if (!parsed.success) return { ...result, failed: `lint: status ${linted.status}: ${linted.stderr}` };
    for (const { findings, checked } of parsed.data.results) {
      if (checked.checks === 0) return { ...result, failed: 'lint: nothing was checked' };
      result.findings.push(...findings.map((one) => ({ ...one, of })));
    }
  }
  const works = await tryOut(item, deb, folder);
  if (works !== undefined) result.works = works;
  await rm(deb);
  return result;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function architecture(): string {
  return execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
}

async function tryOut(
  { name, talk, prints }: FieldPackage,
  deb: string,
  folder: string,
): Promise<FieldResult['works']> {
  const env = { PRODNG_STATE_DIR: join(folder, 'state'), PRODNG_RUN_DIR: join(folder, 'run') };
  if (prints !== undefined) {
    const { stdout, stderr } = await runProdng(['run', deb], { env });
    return { answer: excerpt(stdout), matches: prints.test(stdout), log: stderr };
  }
  if (talk === undefined) return undefined;
  const port = await freePort();
  const { child, ended } = await startProdng(['run', '--publish', `${port}:${talk.port}`, deb], { env });
  let over: Ended | undefined;
  void ended.then((end) => (over = end));
  let answer = '';
  // a machine that does other things as well takes its time
  for (let turn = 0; turn < 60 && over === undefined && !talk.answer.test(answer); turn += 1) {
    await sleep(500);
    answer = (await ask(port, talk.send)) || answer;
  }
  child.kill('SIGTERM');
  const { stdout, stderr } = await ended;
  return { answer: excerpt(answer), matches: talk.answer.test(answer), log: `${name}: ${stdout}${stderr}` };
}

function excerpt(text: string): string {
  return text
    .slice(0, 60)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim();
}
