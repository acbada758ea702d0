import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { allowedSyscalls } from '../../src/jail/confine/seccomp.ts';
import { mergeProfiles } from '../../src/observe/merge.ts';
import type { Profile } from '../../src/observe/profile.ts';
import { readProfileFile } from '../../src/observe/profile-file.ts';
import { ask, freePort } from '../field/ask.ts';
import { architecture } from '../field/wrap.ts';
import { runProdng, startProdng } from '../support/prodng.ts';
import { factsOf, lacking } from './compare.ts';
import type { Exchange, LoopService } from './services.ts';

const lintReport = z.object({ results: z.array(z.object({ score: z.object({ value: z.number() }) })) });

/** One side of the loop: the .deb and what was recorded of it. */
interface Side {
  exposure: number;
  profile: Profile;
}

/** What became of a service in the closed loop. */
export interface LoopResult {
  name: string;
  /** System calls allowed and made, and the exposure score, before and after the proposal was applied. */
  before: { allowed: number; used: number; exposure: number };
  after: { allowed: number; used: number; exposure: number };
  /** What the kernel refused to the narrowed service, and had not refused before. */
  newlyRefused: string[];
  /** What it had refused to the service before as well. */
  stillRefused: string[];
  /** Seen in one of the two records only. */
  onlyBefore: string[];
  onlyAfter: string[];
  /** What a second proposal would still change, as a diff. */
  furtherDiff: string;
}

/** Each side is recorded with an empty and with a used volume. */
const runs = 2;

/**
 * Records a service under its client, applies what `prodng audit propose` says, builds it again and records it again.
 *
 * @throws Error when a command fails, or the client does not get its answers
 */
export async function auditLoop(service: LoopService, folder: string): Promise<LoopResult> {
  const name = `loop-${service.name}`;
  const source = join(folder, name);
  await mkdir(folder, { recursive: true });
  await prodng('new', service.template, source, ...(service.set ?? []).flatMap((value) => ['--set', value]));
  const before = await recordSide(service, folder, source, 'before');
  const files = profileFiles(folder, name, 'before');
  await prodng('audit', 'propose', ...files, '--source', source, '--write');
  const after = await recordSide(service, folder, source, 'after');
  const furtherDiff = await prodng(
    'audit',
    'propose',
    ...profileFiles(folder, name, 'after'),
    '--source',
    source,
  );
  const [was, is] = [factsOf(before.profile), factsOf(after.profile)];
  return {
    name: service.name,
    before: figures(before),
    after: figures(after),
    newlyRefused: [...is.refused].filter((each) => !was.refused.has(each)),
    stillRefused: [...is.refused].filter((each) => was.refused.has(each)),
    onlyBefore: lacking(was, is),
    onlyAfter: lacking(is, was),
    furtherDiff,
  };
}

function figures({ exposure, profile }: Side): LoopResult['before'] {
  const allowed = allowedSyscalls(profile.declared.syscalls).size;
  return { allowed, used: factsOf(profile).calls.size, exposure };
}

function profileFiles(folder: string, name: string, side: string): string[] {
  return Array.from({ length: runs }, (_, run) => join(folder, `${name}-${side}-${run}.profile`));
}

async function recordSide(service: LoopService, folder: string, source: string, side: string): Promise<Side> {
  const name = `loop-${service.name}`;
  await prodng('build', source);
  const deb = join(folder, `${name}_0.1.0_${architecture()}.deb`);
  const report = lintReport.parse(JSON.parse(await prodng('lint', '--json', '--fail-on', 'never', deb)));
  const files = profileFiles(folder, name, side);
  const env = {
    PRODNG_STATE_DIR: join(folder, `${name}-${side}-state`),
    PRODNG_RUN_DIR: join(folder, `${name}-${side}-run`),
  };
  for (const file of files) await recordRun(service, deb, file, env);
  const exposure = report.results[0]?.score.value ?? Number.NaN;
  return { exposure, profile: mergeProfiles(files.map(readProfileFile)) };
}

async function recordRun(
  { name, port, client }: LoopService,
  deb: string,
  file: string,
  env: Record<string, string>,
): Promise<void> {
  const own = port === undefined ? 0 : await freePort();
  const publish = port === undefined ? [] : ['--publish', `${own}:${port}`];
  const { child, ended } = await startProdng(['run', deb, '--record', file, ...publish], { env });
  let over = false;
  void ended.then(() => (over = true));
  try {
    if (port !== undefined) for (const exchange of client) await answered(name, own, exchange, () => over);
  } catch (error) {
    child.kill('SIGTERM');
    const { stdout, stderr } = await ended;
    throw new Error(`${name}: ${String(error)}\n${stdout}${stderr}`);
  }
  if (port !== undefined) child.kill('SIGTERM');
  const { status, stdout, stderr } = await ended;
  // a service ends by SIGTERM, or as it likes; the log below says how
  if (port === undefined && status !== 0) throw new Error(`${name}: status ${status}: ${stdout}${stderr}`);
  await readFile(file).catch((error: unknown) => {
    throw new Error(`${name}: nothing was recorded: ${String(error)}: ${stdout}${stderr}`);
  });
}

/** Repeats an exchange until the service has come up and answers as it should. */
async function answered(
  name: string,
  port: number,
  { send, answer }: Exchange,
  over: () => boolean,
): Promise<void> {
  let said = '';
  for (let turn = 0; turn < 120; turn += 1) {
    said = await ask(port, send);
    if (answer.test(said)) return;
    if (over()) throw new Error(`${name} ended before it answered`);
    await sleep(250);
  }
  throw new Error(`${name} does not answer ${JSON.stringify(send)}: ${JSON.stringify(said.slice(0, 200))}`);
}

/** @returns what it prints. @throws Error unless it succeeds */
async function prodng(...argv: string[]): Promise<string> {
  const { status, stdout, stderr } = await runProdng(argv);
  if (status !== 0) throw new Error(`prodng ${argv.join(' ')}: status ${status}: ${stderr}${stdout}`);
  return stdout;
}
