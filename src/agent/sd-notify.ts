/** Tells systemd how it stands with us, sd_notify(3). Does nothing where we were not started by it. */
export async function notifySystemd(state: 'READY=1' | 'WATCHDOG=1' | 'STOPPING=1'): Promise<void> {
  const socket = process.env.NOTIFY_SOCKET;
  if (socket === undefined || socket === '') return;
  const { sendDatagram } = await import('../kernel/datagram.ts');
  sendDatagram(socket, state);
}

/** ms between two signs of life, half of what systemd waits for, sd_watchdog_enabled(3); undefined when it does not. */
export function watchdogInterval(
  env: Readonly<Record<string, string | undefined>> = process.env,
): number | undefined {
  const us = Number(env.WATCHDOG_USEC ?? Number.NaN);
  const isOurs = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === process.pid;
  return isOurs && Number.isInteger(us) && us > 0 ? Math.floor(us / 2000) : undefined;
}
