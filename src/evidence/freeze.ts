import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ProdngError } from '../error/prodng-error.ts';
import { type RunRecord, startTimeOf } from '../jail/lifecycle/jail-slot.ts';
import { plainEnvironment } from '../system/process.ts';

type Group = Pick<RunRecord, 'cgroup' | 'cgroups' | 'id'>;

/** ms that tasks may take to stop; one in an uninterruptible sleep may never do. */
const patience = 2000;

/** A jail that is frozen. */
export interface Frozen {
  /** `was-frozen`: by somebody else, who thaws it. `partly-frozen`: a task sleeps uninterruptibly. */
  what: 'frozen' | 'partly-frozen' | 'was-frozen';
  /** ms until it was. */
  ms: number;
  /** Thaws what was frozen here and nothing else, once. @returns for how many ms it was frozen by then */
  thaw(): number;
}

/**
 * Stops all processes of a jail by writing the freezer's file: cgroup v1 freezer-subsystem.rst, v2 cgroup-v2.rst.
 * When this process dies, by SIGKILL too, a guardian thaws the jail at once; when the guardian dies with it, the next
 * collection or the next start of the agent does, by the note in `notes`.
 *
 * @param notes a folder that does not outlive a reboot
 * @throws ProdngError IO when the freezer cannot be written
 */
export async function freezeJail(group: Group, notes: string): Promise<Frozen> {
  const { file, freeze, thaw } = freezerOf(group);
  const began = performance.now();
  if (stateOf(group) !== 'thawed')
    return { what: 'was-frozen', ms: 0, thaw: () => performance.now() - began };
  const note = writeNote(group, notes);
  const letGo = guard(file, thaw);
  let lasted: number | undefined;
  const undo = () => {
    if (lasted !== undefined) return lasted;
    writeFileSync(file, thaw);
    lasted = performance.now() - began;
    letGo();
    rmSync(note, { force: true });
    return lasted;
  };
  try {
    for (let wait = 1; ; wait = Math.min(wait * 2, 20)) {
      // a v1 freezer that met a task it could not stop tries again when it is told again
      writeFileSync(file, freeze);
      const ms = performance.now() - began;
      if (stateOf(group) === 'frozen') return { what: 'frozen', ms, thaw: undo };
      if (ms > patience) return { what: 'partly-frozen', ms, thaw: undo };
      await sleep(wait);
    }
  } catch (cause) {
    letGo();
    rmSync(note, { force: true });
    throw new ProdngError('IO', `${file}: the jail cannot be frozen: ${String(cause)}`, { cause });
  }
}

/**
 * Thaws jails that a collection has frozen whose process is gone.
 *
 * @returns the ids of their runs
 */
export function thawAbandoned(notes: string): string[] {
  return readNotes(notes).flatMap(({ note, group, pid, startTime }) => {
    if (startTimeOf(pid) === startTime) return [];
    const { file, thaw } = freezerOf(group);
    try {
      writeFileSync(file, thaw);
    } catch {
      // the run has ended meanwhile
    }
    rmSync(note, { force: true });
    return [group.id];
  });
}

function freezerOf({ cgroup, cgroups }: Group): { file: string; freeze: string; thaw: string } {
  return cgroups === 'v2'
    ? { file: join('/sys/fs/cgroup', cgroup, 'cgroup.freeze'), freeze: '1', thaw: '0' }
    : {
        file: join('/sys/fs/cgroup/freezer', cgroup, 'freezer.state'),
        freeze: 'FROZEN',
        thaw: 'THAWED',
      };
}

function stateOf({ cgroup, cgroups }: Group): 'thawed' | 'freezing' | 'frozen' {
  if (cgroups === 'v2') {
    const folder = join('/sys/fs/cgroup', cgroup);
    if (readFileSync(join(folder, 'cgroup.events'), 'utf8').includes('frozen 1')) return 'frozen';
    return readFileSync(join(folder, 'cgroup.freeze'), 'utf8').trim() === '1' ? 'freezing' : 'thawed';
  }
  const state = readFileSync(join('/sys/fs/cgroup/freezer', cgroup, 'freezer.state'), 'utf8').trim();
  return state === 'FROZEN' ? 'frozen' : state === 'FREEZING' ? 'freezing' : 'thawed';
}

/**
 * dd(1) waits for a whole block or the end of its input. It has the word that thaws already, and meets the end when we
 * are gone. It is in a session of its own, so that Ctrl-C does not end it with us.
 */
function guard(file: string, word: string): () => void {
  const child = spawn(
    'dd',
    ['bs=64', 'count=1', 'iflag=fullblock', 'conv=notrunc', 'status=none', `of=${file}`],
    {
      env: { ...plainEnvironment },
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    },
  );
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.stdin.write(word);
  child.unref();
  return () => {
    child.kill('SIGKILL');
    child.stdin.destroy();
  };
}

const noteSchema = z.object({
  id: z.string().regex(/^[a-z0-9][\w+.-]*$/),
  cgroup: z.string().regex(/^\/prodng-[\w+.-]+$/),
  cgroups: z.enum(['v1', 'v2']),
  pid: z.number().int().positive(),
  startTime: z.string(),
});

function writeNote({ id, cgroup, cgroups }: Group, notes: string): string {
  mkdirSync(notes, { recursive: true, mode: 0o700 });
  const note = join(notes, `${id}.json`);
  const content = { id, cgroup, cgroups, pid: process.pid, startTime: startTimeOf(process.pid) ?? '' };
  writeFileSync(`${note}.new`, JSON.stringify(content), { mode: 0o600 });
  renameSync(`${note}.new`, note);
  return note;
}

function readNotes(notes: string) {
  let names: string[];
  try {
    names = readdirSync(notes);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    if (!name.endsWith('.json')) return [];
    const note = join(notes, name);
    try {
      const { pid, startTime, ...group } = noteSchema.parse(JSON.parse(readFileSync(note, 'utf8')));
      return [{ note, group, pid, startTime }];
    } catch {
      // cut short by a full disk: what it would have said was never frozen
      rmSync(note, { force: true });
      return [];
    }
  });
}
