import { closeSync, openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { endingOf } from '../../src/kernel/child-watch.ts';
import { makeMemoryFile, takeMemoryFile } from '../../src/kernel/memory-file.ts';
import { spawnProgram } from '../../src/kernel/spawn.ts';

async function said(script: string, input = ''): Promise<{ ending: unknown; output: string }> {
  const [stdin, stdout] = [makeMemoryFile(input), makeMemoryFile()];
  const pid = spawnProgram({
    path: '/bin/sh',
    argv: ['sh', '-c', script, 'sh', 'a b', ''],
    env: { PATH: '/usr/bin:/bin', ONLY: 'this one' },
    descriptors: [stdin, stdout],
    cwd: '/usr',
  });
  closeSync(stdin);
  return { ending: await endingOf(pid), output: takeMemoryFile(stdout) };
}

it('gives a program its arguments, environment, folder and streams as they are', async () => {
  const script = 'cat; printf "<%s>" "$@"; pwd; env | grep -v "^_\\|^PWD\\|^SHLVL\\|^OLDPWD" | sort; exit 7';
  expect(await said(script, 'input\n')).toEqual({
    ending: { kind: 'exited', status: 7 },
    output: 'input\n<a b><>/usr\nONLY=this one\nPATH=/usr/bin:/bin\n',
  });
});

it('leaves it no descriptor that we have opened, no ignored signal, and a session of its own', async () => {
  const script =
    'ls -l /proc/self/fd; grep "^SigIgn\\|^SigBlk" /proc/self/status; test "$(ps -o sid= -p $$)" -eq $$ && echo own';
  const opened = openSync('/etc/hostname', 'r');
  const { output } = await said(script);
  closeSync(opened);
  expect(output).toContain('1 -> /memfd:prodng');
  expect(output).not.toContain('/etc/hostname');
  expect(output).toMatch(/SigBlk:\s0{16}\nSigIgn:\s0{16}\nown\n$/);
});

it('says that there is no such program', () => {
  const request = { path: '/nonexistent/program', argv: ['program'], env: {}, descriptors: [] };
  expect(() => spawnProgram(request)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});
