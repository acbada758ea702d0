import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { prettifyError, z } from 'zod';
import { type AgentTarget, remoteAgent } from '../../agent/agent-target.ts';
import { errnoOf, ProdngError, reasonOf } from '../../error/prodng-error.ts';
import type { RemoteOptions } from './remote-options.ts';

const file = z.string().startsWith('/');

/** `~/.config/prodng/remotes.json` and `/etc/prodng/remotes.json`: agents by names. */
const remotesSchema = z.record(
  z.string(),
  z.strictObject({ host: z.string(), cert: file, key: file, ca: file.optional() }),
);

/**
 * The agent that the options name.
 *
 * @param host `https://NAME:PORT`, or the name of a remote
 * @throws ProdngError USAGE, CONFIG, IO when a file cannot be read
 */
export function remoteTarget(host: string, given: RemoteOptions, folders = remoteFolders()): AgentTarget {
  const named = host.includes('://') ? undefined : namedRemote(host, folders);
  const { cert = named?.cert, key = named?.key, ca = named?.ca } = given;
  const url = parseUrl(named?.host ?? host);
  if (cert === undefined || key === undefined)
    throw new ProdngError('USAGE', `--host ${host}: needs a certificate and its key`, {
      hint: 'add: --cert FILE --key FILE, and --ca FILE for the authority of the agent',
    });
  return remoteAgent(url, {
    certificate: readPem(cert),
    key: readPem(key),
    authority: ca === undefined ? undefined : readPem(ca),
  });
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' && url.pathname === '/' && url.username === '') return url;
  throw new ProdngError('USAGE', `${text}: expected https://NAME:PORT`);
}

/** The user's remotes come before the host's. */
function remoteFolders(): string[] {
  return [join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'prodng'), '/etc/prodng'];
}

function namedRemote(name: string, folders: readonly string[]) {
  for (const folder of folders) {
    const remotes = readRemotes(join(folder, 'remotes.json'));
    if (Object.hasOwn(remotes, name)) return remotes[name];
  }
  throw new ProdngError('USAGE', `--host ${name}: no remote of that name`, {
    hint: `name it in ${join(folders[0] ?? '', 'remotes.json')}, or give https://NAME:PORT`,
  });
}

function readRemotes(path: string): z.infer<typeof remotesSchema> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return {};
    throw new ProdngError('IO', `${path}: ${reasonOf(error)}`, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProdngError('CONFIG', `${path}: not JSON`, { cause });
  }
  const parsed = remotesSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ProdngError('CONFIG', `${path}: ${prettifyError(parsed.error)}`);
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ProdngError('IO', `${path}: ${reasonOf(error)}`, { cause: error });
  }
}
