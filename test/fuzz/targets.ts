import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { localAgent } from '../../src/agent/agent-target.ts';
import { hostNameOf } from '../../src/agent/api/cross-site.ts';
import { AgentClient } from '../../src/agent/client.ts';
import { parseRecord } from '../../src/agent/events/event-record.ts';
import { parseLogLine } from '../../src/agent/events/log-file.ts';
import { FrameReader } from '../../src/agent/exec/exec-frames.ts';
import { execSchema } from '../../src/agent/exec/exec-schema.ts';
import { overridesSchema } from '../../src/agent/state/overrides-schema.ts';
import { readArMembers } from '../../src/archive/ar.ts';
import { readTar } from '../../src/archive/tar-reader.ts';
import { parseDeb822 } from '../../src/control/deb822.ts';
import { hasJailFields, parseJailDeclaration } from '../../src/control/jail-schema.ts';
import { parseAnswer } from '../../src/jail/network/dhcp-lease.ts';
import { parseElf } from '../../src/lint/elf/parse-elf.ts';
import { parseLock } from '../../src/lock/lock-parser.ts';
import { prodngPaths } from '../../src/system/paths.ts';
import { parseEnvironmentFile } from '../../src/systemd-unit/environment-file.ts';
import { parseExecLine } from '../../src/systemd-unit/exec-line.ts';
import { parseUnitFile } from '../../src/systemd-unit/unit-file.ts';
import { parseBytes, parseListenAddress, parseTimeSpan } from '../../src/systemd-unit/unit-values.ts';
import { readXzIndex } from '../../src/verify/diff/xz-index.ts';
import { seal } from '../archive/raw-archive.ts';

/** A parser of foreign bytes: whatever it is given, it answers or throws a ProdngError, in little time. */
export interface Target {
  /** What the format is made of. */
  words: readonly string[];
  parse(data: Buffer): unknown;
  /** Makes what is random pass a checksum, so that more than the check of it is reached. */
  repair?(data: Buffer): Buffer;
}

/** A scratch folder in memory. */
export const scratch = { folder: '/dev/shm' };

async function withFile(data: Buffer, read: (file: Awaited<ReturnType<typeof open>>) => Promise<unknown>) {
  const path = join(scratch.folder, `prodng-fuzz-${process.pid}`);
  const fd = openSync(path, 'w', 0o600);
  ftruncateSync(fd, 0);
  writeSync(fd, data);
  closeSync(fd);
  const file = await open(path);
  try {
    await read(file);
  } finally {
    await file.close();
  }
}

async function* pieces(data: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += 700) yield data.subarray(at, at + 700);
}

let current: Buffer = Buffer.alloc(0);
let client: AgentClient | undefined;

/** A client of a real socket, whose other end says what it likes. */
async function sseClient(): Promise<AgentClient> {
  if (client !== undefined) return client;
  const run = join(scratch.folder, `prodng-fuzz-run-${process.pid}`);
  const { mkdirSync } = await import('node:fs');
  mkdirSync(run, { recursive: true });
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(current);
  });
  server.unref();
  await new Promise<void>((resolve) => server.listen(join(run, 'agent.sock'), resolve));
  client = new AgentClient(
    localAgent(prodngPaths({ PRODNG_RUN_DIR: run, PRODNG_STATE_DIR: run, PRODNG_CACHE_DIR: run })),
  );
  return client;
}

function json(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    return undefined;
  }
}

const facts = { unit: 'fuzz@x.service', user: 'root' };

export const targets: Readonly<Record<string, Target>> = {
  ar: {
    words: [
      '!<arch>\n',
      'debian-binary   ',
      '`\n',
      '4         ',
      '9999999999',
      '_gpgorigin',
      'data.tarx',
      '//',
      '#1/20',
    ],
    parse: (data) => withFile(data, readArMembers),
  },
  tar: {
    words: [
      'ustar  \0',
      'ustar\0' + '00',
      '././@LongLink',
      '../',
      '/',
      'PaxHeaders/x',
      '12 path=a/b\n',
      '17 size=99999999\n',
    ],
    async parse(data) {
      for await (const { content } of readTar(pieces(data))) for await (const _ of content);
    },
    repair(data) {
      const blocks = Buffer.from(data);
      for (let at = 0; at + 512 <= blocks.length; at += 512)
        if (blocks.subarray(at + 257, at + 262).toString('latin1') === 'ustar')
          seal(blocks.subarray(at, at + 512));
      return blocks;
    },
  },
  deb822: {
    words: [
      'Package: ',
      '\n ',
      '\n .',
      '\n\n',
      '#',
      'Jail-Format: 1\n',
      'Jail-Command: ',
      'Jail-Filesystem:\n rw ',
      'size=',
      'interval=',
      '${',
      '\r',
      '-----BEGIN',
    ],
    parse(data) {
      for (const stanza of parseDeb822(data.toString('utf8'), 'fuzz'))
        if (hasJailFields(stanza)) parseJailDeclaration(stanza, 'fuzz', 'Jail-');
    },
  },
  lock: {
    words: ['Format: ', 'Package: ', 'SHA256: ', 'Filename: ', '\n\n', 'Size: 99999999999999999999', '../'],
    parse: (data) => parseLock(data, 'fuzz'),
  },
  xz: {
    words: ['\xfd7zXZ\0', 'YZ', '\0\x01', '\xff\xff\xff\xff\xff\xff\xff\x7f'],
    parse: (data) => withFile(data, (file) => readXzIndex(file, 0, data.length)),
  },
  elf: {
    words: ['\x7fELF', '\x02\x01\x01', '\xff\xff\xff\xff\xff\xff\xff\xff', '\x03\0\0\0', '\x02\0\0\0'],
    parse: (data) =>
      parseElf({
        size: data.length,
        slice: (offset, length) =>
          offset >= 0 && length >= 0 && offset + length <= data.length
            ? data.subarray(offset, offset + length)
            : undefined,
      }),
  },
  unit: {
    words: [
      '[Service]\n',
      'ExecStart=',
      '\\\n',
      '%i',
      '%%',
      '${A}',
      '"',
      "'",
      '\\x41',
      'Environment=',
      '@-+!',
    ],
    parse(data) {
      const text = data.toString('utf8');
      parseUnitFile(data, 'fuzz.service');
      parseEnvironmentFile(data);
      for (const line of text.split('\n').slice(0, 50)) {
        parseExecLine(line, facts);
        parseTimeSpan(line);
        parseBytes(line);
        parseListenAddress(line);
      }
    },
  },
  dhcp: {
    words: [
      'ip=',
      'mask=',
      'subnet=255.255.255.0\n',
      'router=',
      'lease=',
      'serverid=',
      'dns=',
      '192.0.2.1',
      '\0',
      '99999999999',
    ],
    parse(data) {
      const lines = data.toString('utf8').split('\n');
      parseAnswer(
        Object.fromEntries(
          lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
        ),
      );
    },
  },
  api: {
    words: [
      '{"argv":[',
      '"terminal":{"columns":80,"rows":24}',
      '"__proto__":',
      '"memory":',
      'null',
      '\\u0000',
      ' stdout F ',
    ],
    parse(data) {
      const body = json(data);
      execSchema.safeParse(body);
      overridesSchema.safeParse(body);
      const text = data.toString('utf8');
      hostNameOf(text);
      parseRecord(text);
      parseLogLine(text);
      try {
        new FrameReader().push(data);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    },
  },
  sse: {
    words: ['event: ', 'data: ', '\n\n', '{"seq":1}', ':', '\r\n', 'id: '],
    async parse(data) {
      const asking = await sseClient();
      current = data;
      for await (const _ of asking.stream('/', new AbortController().signal));
    },
  },
};
