/** One thing that a host has or lacks. */
export interface HostCheck {
  /** What is checked: `user namespaces`. */
  name: string;
  ok: boolean;
  /** What was found, or what went wrong. */
  detail: string;
  /** What cannot be done without it. */
  costs?: string;
  /** The command that fixes it. */
  fix?: string;
}
