import { closeSync, openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { ProdngError } from '../../error/prodng-error.ts';
import { givenPassphrase } from '../../sign/passphrase.ts';

export interface PassphraseOptions {
  passphraseFd?: string;
}

/** The option's name and text, the same for every command that signs. */
export const passphraseOption = [
  '--passphrase-fd <n>',
  'read the passphrase from file descriptor N (or from the file named by PRODNG_KEY_PASSPHRASE_FILE)',
] as const;

/**
 * A passphrase from the descriptor, the file or the terminal, in this order.
 *
 * @param question what the terminal asks
 * @throws ProdngError KEY when there is nobody to ask
 */
export async function askPassphrase(options: PassphraseOptions, question: string): Promise<string> {
  return (await given(options)) ?? (await fromTerminal(question));
}

/** As askPassphrase, for a new key: twice on the terminal; an empty one means none. */
export async function askNewPassphrase(options: PassphraseOptions): Promise<string | undefined> {
  const text = await given(options);
  if (text !== undefined) return text === '' ? undefined : text;
  const first = await fromTerminal('Passphrase for the new key (empty for none): ');
  if (first === '') return undefined;
  if ((await fromTerminal('Once more: ')) === first) return first;
  throw new ProdngError('USAGE', 'the two passphrases differ');
}

async function given({ passphraseFd }: PassphraseOptions): Promise<string | undefined> {
  if (passphraseFd !== undefined && !/^\d{1,5}$/.test(passphraseFd))
    throw new ProdngError('USAGE', `--passphrase-fd ${passphraseFd}: not a file descriptor`);
  const file = process.env.PRODNG_KEY_PASSPHRASE_FILE;
  return await givenPassphrase({
    ...(passphraseFd === undefined ? {} : { fd: Number(passphraseFd) }),
    ...(file === undefined ? {} : { file }),
  });
}

/** Reads a line from the controlling terminal without showing it. */
async function fromTerminal(question: string): Promise<string> {
  const fd = openTerminal();
  const terminal = new ReadStream(fd);
  try {
    // before the question: what is typed at once must not be shown either
    terminal.setRawMode(true);
    writeSync(fd, question);
    return await typedLine(terminal);
  } finally {
    terminal.setRawMode(false);
    writeSync(fd, '\n');
    terminal.destroy();
  }
}

function openTerminal(): number {
  try {
    const fd = openSync('/dev/tty', 'r+');
    try {
      // without a controlling terminal the open works in some containers, and fails only here
      writeSync(fd, '');
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  } catch (cause) {
    throw new ProdngError('KEY', 'a passphrase is required, and there is no terminal to ask for it', {
      cause,
      hint: 'use --passphrase-fd N, or a file named by PRODNG_KEY_PASSPHRASE_FILE',
    });
  }
}

function typedLine(terminal: ReadStream): Promise<string> {
  let line = '';
  return new Promise((resolve, reject) => {
    terminal.setEncoding('utf8');
    terminal.once('error', reject);
    terminal.on('data', (text: string) => {
      for (const char of text) {
        if (char === '\r' || char === '\n') return resolve(line);
        if (char === '\u0003' || char === '\u0004')
          return reject(new ProdngError('INTERRUPTED', 'interrupted'));
        line = char === '\u007f' || char === '\b' ? line.slice(0, -1) : line + char;
      }
      return undefined;
    });
  });
}
