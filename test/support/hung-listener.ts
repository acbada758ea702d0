import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const script = `
use Socket;
$| = 1;
my $here = sockaddr_in($ARGV[0], INADDR_LOOPBACK);
socket(my $server, PF_INET, SOCK_STREAM, 0) or die;
bind($server, $here) && listen($server, 0) or die;
socket(my $client, PF_INET, SOCK_STREAM, 0) or die;
connect($client, $here) or die;
print "full\\n";
sleep 1000;
`;

/**
 * A service that never accepts and whose queue is full, in the network namespace of a process: the kernel answers no
 * further connection.
 */
export async function hungListener(pid: number, port: number): Promise<ChildProcess> {
  const argv = ['--net', '--target', String(pid), 'perl', '-e', script, String(port)];
  const child = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no output');
  await once(child.stdout, 'data');
  return child;
}
