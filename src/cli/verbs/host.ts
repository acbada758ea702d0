import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import type { HostStatus, SlotView } from '../../image/host/host-update.ts';
import { agentClient } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng host status
  prodng host update host_1.1_amd64.slot
  prodng host reboot

An update is tried at the next start, once. The host commits it by itself when its jails are healthy; otherwise it goes
back to the slot that it ran before, and refuses that image from then on. See docs/image.md.`;

interface Flags {
  format: TextOrJson;
}

/** `prodng host`: the base image that this host runs. */
export function register(program: Command): void {
  const host = program
    .command('host')
    .description('show and update the base image of this host')
    .addHelpText('after', examples);
  const verb = (name: string, description: string) =>
    host
      .command(name)
      .description(description)
      .addHelpText(
        'after',
        `\nExample:\n  prodng host ${name}${name === 'update' ? ' host_1.1_amd64.slot' : ''}`,
      )
      .addOption(formatOption(['text', 'json']))
      .addOption(jsonOption());
  verb('status', 'show both slots, as read from the disk').action(status);
  verb('update', 'write an image to the other slot, and try it at the next start')
    .argument('<slot>', 'the signed slot image')
    .option('--again', 'take an image that failed its trial here, or was rolled back')
    .action(update);
  verb('commit', 'keep the running image').action(commit);
  verb('rollback', 'boot the other slot from the next start on').action(rollback);
  verb('reboot', 'restart this host').action(reboot);
}

async function status({ format }: Flags): Promise<void> {
  const client = await agentClient();
  report((await client.call('GET', '/v1/host')) as HostStatus, format);
}

async function commit({ format }: Flags): Promise<void> {
  const client = await agentClient();
  report((await client.call('POST', '/v1/host/commit')) as HostStatus, format);
}

/** Bytes of a piece: its base64 fits the body that the agent takes. */
const pieceSize = 512 * 1024;

async function update(path: string, { format, again }: Flags & { again?: true }): Promise<void> {
  const client = await agentClient();
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(pieceSize);
    for (let offset = 0; ; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      if (bytesRead === 0) break;
      const data = buffer.subarray(0, bytesRead).toString('base64');
      await client.call('PATCH', '/v1/host/update', { offset, data });
      offset += bytesRead;
    }
  } finally {
    await file.close();
  }
  const tried = (await client.call('POST', '/v1/host/update', {
    again: again ?? false,
  })) as SlotView;
  const text = `slot ${tried.slot}: ${tried.image?.version ?? '-'} is tried at the next start`;
  print(`${format === 'json' ? JSON.stringify(tried, undefined, 2) : text}\n`);
}

async function rollback({ format }: Flags): Promise<void> {
  const client = await agentClient();
  const slot = (await client.call('POST', '/v1/host/rollback')) as SlotView;
  const text = `slot ${slot.slot}: ${slot.image?.version ?? '-'} is booted from the next start on`;
  print(`${format === 'json' ? JSON.stringify(slot, undefined, 2) : text}\n`);
}

async function reboot({ format }: Flags): Promise<void> {
  const client = await agentClient();
  const answer = await client.call('POST', '/v1/host/reboot');
  print(format === 'json' ? `${JSON.stringify(answer)}\n` : 'restarting\n');
}

function report(view: HostStatus, format: TextOrJson): void {
  if (format === 'json') {
    print(`${JSON.stringify(view, undefined, 2)}\n`);
    return;
  }
  const lines = view.slots.map(({ slot, running, image }) => {
    const what =
      image === undefined ? 'empty' : `${image.name} ${image.version}  ${image.digest.slice(0, 16)}`;
    const notes = [
      running ? (view.trial ? 'running, on trial' : 'running') : '',
      view.next === slot ? 'tried next' : '',
    ];
    return `${slot}  ${what}  ${notes.filter(Boolean).join(', ')}`.trimEnd();
  });
  print(`${[...lines, `data: ${view.data}`, `refused: ${view.refused.length}`].join('\n')}\n`);
}
