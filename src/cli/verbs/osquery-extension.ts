import type { Command } from 'commander';
import { prodngPaths } from '../../system/paths.ts';
import { untilInterrupted } from '../terminal/agent-client.ts';

const examples = `
Examples:
  prodng osquery-extension --socket /var/osquery/osquery.em

osqueryd starts it by itself when a file that /etc/osquery/extensions.load names is a link to it. It asks the agent over
its socket, and waits for osqueryd when that is not there (yet).`;

/** `prodng osquery-extension` */
export function register(program: Command): void {
  program
    .command('osquery-extension')
    .description('serve tables of jails, their processes, packages, findings and events to osquery')
    .requiredOption('--socket <path>', "osqueryd's extension socket")
    .option('--timeout <seconds>', 'accepted, as osqueryd passes it')
    .option('--interval <seconds>', 'accepted, as osqueryd passes it')
    .option('--verbose', 'accepted, as osqueryd passes it')
    .addHelpText('after', examples)
    .action(async ({ socket }: { socket: string }, command: Command) => {
      const { AgentClient } = await import('../../agent/client.ts');
      const { localAgent } = await import('../../agent/agent-target.ts');
      const { serveExtension } = await import('../../osquery/extension.ts');
      const { tablesOf } = await import('../../osquery/tables.ts');
      const { auditTables } = await import('../../osquery/audit-tables.ts');
      const { hostTables } = await import('../../osquery/host-tables.ts');
      const { agentPaths } = await import('../../agent/state/agent-paths.ts');
      const client = new AgentClient(localAgent(prodngPaths()));
      await serveExtension({
        manager: socket,
        version: command.parent?.version() ?? '',
        tables: [
          ...tablesOf(client),
          ...auditTables(client),
          ...hostTables(client, agentPaths(prodngPaths())),
        ],
        signal: untilInterrupted(),
      });
    });
}
