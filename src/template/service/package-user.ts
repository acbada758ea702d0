import type { Closure, ClosurePackage } from './closure.ts';

const userName = /^[a-z_][a-z0-9_-]{0,31}$/;

/** The options of adduser(8) and useradd(8) that take a value as the next word. */
const optionsWithValue = new Set(
  '--home --shell --uid --gid --ingroup --gecos --comment --firstuid --lastuid --conf --home-dir --base-dir -d -s -u -g -G -c -b'.split(
    ' ',
  ),
);

/**
 * The system user that the packages of a source make for themselves: from sysusers.d(5), else from adduser and useradd
 * in the maintainer scripts. Scripts are only read, and what they say is a guess: undefined when nothing is found.
 */
export async function packageUser(closure: Closure, owner: ClosurePackage): Promise<string | undefined> {
  const family = [
    owner,
    ...closure.packages.filter((item) => item !== owner && item.source === owner.source),
  ];
  for (const item of family) {
    for (const path of item.entries.keys()) {
      if (!/^usr\/lib\/sysusers\.d\/[^/]+\.conf$/.test(path)) continue;
      const name = /^u!?\s+"?([^\s":]+)/m.exec(closure.file(`/${path}`)?.read().toString('utf8') ?? '')?.[1];
      if (name !== undefined && isServiceUser(name)) return name;
    }
  }
  for (const item of family) {
    const name = userOfScript(await closure.scripts(item));
    if (name !== undefined) return name;
  }
  return undefined;
}

/** The user that a maintainer script adds: the last plain word of `adduser --system` or `useradd`. */
export function userOfScript(script: string): string | undefined {
  const lines = script.replace(/\\\n/g, ' ').split('\n');
  const variables = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] =
      /^\s*(?:export\s+)?([A-Za-z_]\w*)=["']?([\w/.-]+)["']?\s*(?:;|$)/.exec(line) ?? [];
    if (name !== undefined && value !== undefined && !variables.has(name)) variables.set(name, value);
  }
  for (const line of lines) {
    const call = /(?:^|[\s;&|(!])(?:\/usr\/sbin\/)?(adduser|useradd)\s+([^;&|>]*)/.exec(line);
    if (call === null || /^\s*#/.test(line)) continue;
    if (call[1] === 'adduser' && !/--system\b/.test(call[2] ?? '')) continue;
    const name = lastPlainWord(call[2] ?? '').replace(
      /^\$\{?([A-Za-z_]\w*)\}?$/,
      (all, variable: string) => variables.get(variable) ?? all,
    );
    if (isServiceUser(name)) return name;
  }
  return undefined;
}

function lastPlainWord(text: string): string {
  const words = text.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  const plain: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (optionsWithValue.has(word)) index += 1;
    else if (!word.startsWith('-') && !/^\d?[<>]/.test(word)) plain.push(word.replace(/^["']|["']$/g, ''));
  }
  // `adduser --system USER GROUP` adds a user to a group as well; the user comes first
  return plain[0] ?? '';
}

function isServiceUser(name: string): boolean {
  return userName.test(name) && !['root', 'nobody'].includes(name);
}
