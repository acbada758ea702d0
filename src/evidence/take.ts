import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname, release } from 'node:os';
import { ProdngError } from '../error/prodng-error.ts';
import { signStatement } from '../sign/dsse.ts';
import type { Signer } from '../sign/signer.ts';
import { BundleWriter } from './bundle/bundle-writer.ts';
import type { ManifestEntry } from './bundle/manifest.ts';
import { formatStatement } from './bundle/statement.ts';
import { collectHost, collectRootfs, collectSeen, collectVolumes } from './collect/files.ts';
import { collectNetwork } from './collect/network.ts';
import { collectProcess, pidsOf, programDigest } from './collect/processes.ts';
import { collectCgroup, collectInForce, collectOci, readEventHead } from './collect/run-facts.ts';
import { freezeJail } from './freeze.ts';
import type { EvidenceLimits } from './limits.ts';
import { collectMemory } from './memory/collect-memory.ts';
import { jailTargets, memoryTargets } from './scan/targets.ts';
import { type ScanResult, YaraRules } from './scan/yara.ts';
import type { EvidenceSubject } from './subject.ts';

export interface TakeOptions {
  /** Where the bundle is put; nothing may be there. */
  output: string;
  memory: boolean;
  /** Keep the values of environment variables. */
  secrets: boolean;
  reason?: string;
  /** A file or folder of YARA rules. */
  yara?: string;
  limits: EvidenceLimits;
  signer: Signer;
  /** ProdNG's version. */
  prodng: string;
  /** Told as soon as the jail goes on. */
  onThawed?: () => void;
  signal?: AbortSignal;
}

/** A bundle that was written. */
export interface TakenEvidence {
  id: string;
  output: string;
  size: number;
  sha256: string;
  /** Fingerprint of the key that signed it. */
  key: string;
  files: number;
  missing: number;
  /** How often a YARA rule matched; absent when none was asked for or the scan failed. */
  matches?: number;
  /** ms until the jail was frozen, and for how long it was; absent when it does not run. */
  froze?: number;
  frozen?: number;
}

/**
 * Collects the evidence of a jail: frozen for what changes by itself, then thawed for the rest. Whatever happens, what
 * was frozen here is thawed, and no half of a bundle is left.
 *
 * @throws ProdngError IO when it cannot be written, TARGET_EXISTS, what YaraRules.compile throws
 */
export async function takeEvidence(subject: EvidenceSubject, options: TakeOptions): Promise<TakenEvidence> {
  const began = new Date();
  const { output, limits, signer } = options;
  // rules that are refused must not cost a freeze
  const rules = options.yara === undefined ? undefined : await YaraRules.compile(options.yara);
  const bundle = new BundleWriter(output, limits, began);
  try {
    const begin = beginOf(subject, options, began);
    bundle.record(begin);
    const times = await collectFrozen(bundle, subject, options);
    options.onThawed?.();
    await collectAtRest(bundle, subject, options);
    const matches = rules && (await collectMatches(bundle, subject, rules, options.memory));
    options.signal?.throwIfAborted();
    const counts = {
      files: bundle.digests.length,
      missing: bundle.manifest.lines.filter((line) => line.includes('"kind":"missing"')).length,
    };
    const written = await bundle.finish(
      (digests) => signStatement(formatStatement(begin, bundle.manifest.head, digests), [signer]),
      options.signal,
    );
    return {
      id: begin.id,
      output,
      ...written,
      key: signer.fingerprint,
      ...counts,
      ...times,
      ...(matches === undefined ? {} : { matches }),
    };
  } finally {
    rules?.close();
    await bundle.close();
  }
}

function beginOf(
  subject: EvidenceSubject,
  { memory, secrets, reason, prodng }: TakeOptions,
  began: Date,
): Extract<ManifestEntry, { kind: 'begin' }> {
  const events = readEventHead(subject.events);
  return {
    kind: 'begin',
    format: 1,
    id: randomBytes(8).toString('hex'),
    time: began.toISOString(),
    jail: subject.name,
    version: subject.version,
    deb: subject.deb,
    host: {
      name: hostname(),
      boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      kernel: release(),
    },
    prodng,
    ...(reason === undefined ? {} : { reason }),
    options: { memory, secrets },
    ...(events === undefined ? {} : { events }),
  };
}

/** What the jail's own running would change, the most volatile first. */
async function collectFrozen(
  bundle: BundleWriter,
  subject: EvidenceSubject,
  { memory, secrets, limits, signal }: TakeOptions,
): Promise<{ froze?: number; frozen?: number }> {
  const { run } = subject;
  const time = () => new Date().toISOString();
  if (run === undefined) {
    bundle.record({ kind: 'mark', what: 'not-running', ms: 0, time: time() });
    await collectVolumes(bundle, subject, limits.treeEntries);
    return {};
  }
  const frozen = await freezeJail(run, subject.notes);
  const deadline = performance.now() + limits.frozen;
  // whatever collecting waits for, the jail goes on when its time is up
  const release = setTimeout(() => frozen.thaw(), limits.frozen);
  try {
    bundle.record({ kind: 'mark', what: frozen.what, ms: rounded(frozen.ms), time: time() });
    const pids = pidsOf(run);
    await collectNetwork(bundle, run.pid, pids);
    for (const pid of pids) {
      signal?.throwIfAborted();
      await collectProcess(bundle, pid, { secrets, fileBytes: limits.fileBytes });
    }
    await bundle.addJson(
      { path: 'process/programs.json', source: '/proc', artifact: 'ProdNGJailProcesses' },
      Object.fromEntries(pids.map((pid) => [pid, programDigest(pid) ?? null])),
    );
    await collectCgroup(bundle, run);
    await collectInForce(bundle, run);
    await collectSeen(bundle, run.pid);
    if (memory)
      for (const pid of pids) {
        signal?.throwIfAborted();
        await collectMemory(bundle, pid, deadline);
      }
    await collectVolumes(bundle, subject, limits.treeEntries, deadline);
  } finally {
    clearTimeout(release);
    frozen.thaw();
  }
  const lasted = frozen.thaw();
  bundle.record({ kind: 'mark', what: 'thawed', ms: rounded(lasted), time: time() });
  return { froze: rounded(frozen.ms), frozen: rounded(lasted) };
}

async function collectAtRest(
  bundle: BundleWriter,
  subject: EvidenceSubject,
  { secrets, limits }: TakeOptions,
): Promise<void> {
  const declared = { source: `the .deb ${subject.deb}`, artifact: 'ProdNGJailDeclaration' };
  await bundle.add({ path: 'jail/control', ...declared }, Buffer.from(subject.control));
  await bundle.addJson({ path: 'jail/declaration.json', ...declared }, subject.declaration);
  if (subject.run !== undefined) await collectOci(bundle, subject.run, secrets);
  await collectHost(bundle, subject, limits.fileBytes);
  await collectRootfs(bundle, subject, limits.treeEntries);
}

/** The jail runs again: yara takes longer than it may be frozen. */
async function collectMatches(
  bundle: BundleWriter,
  subject: EvidenceSubject,
  rules: YaraRules,
  memory: boolean,
): Promise<number | undefined> {
  const item = { path: 'scan/yara.json', source: subject.rootfs, artifact: 'ProdNGJailScan' };
  try {
    const results = [await rules.scan(jailTargets(subject))];
    if (memory) results.push(await rules.scan(memoryTargets(subject)));
    const matches = results.flatMap((result) => result.matches);
    const sum = (of: (result: ScanResult) => number) =>
      results.reduce((total, result) => total + of(result), 0);
    const scanned = sum((result) => result.scanned);
    await bundle.addJson(item, { rules: rules.sha256, scanned, bytes: sum(({ bytes }) => bytes), matches });
    return matches.length;
  } catch (error) {
    if (!(error instanceof ProdngError)) throw error;
    bundle.failed(item.source, item.artifact, error);
    return undefined;
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
