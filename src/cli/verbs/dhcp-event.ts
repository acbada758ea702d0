import type { Command } from 'commander';

/** `prodng dhcp-event`: nobody calls it but the DHCP client of a jail. */
export function register(program: Command): void {
  program
    .command('dhcp-event', { hidden: true })
    .argument('<script>')
    .argument('<event>')
    .action(async (_script: string, event: string) => {
      const { onDhcpEvent } = await import('../../jail/network/dhcp-event.ts');
      await onDhcpEvent(event, process.env);
    });
}
