import type { JailDeclaration } from '../control/jail-declaration.ts';

/** What an observer learns about a jail that is about to start. */
export interface ObservedJail {
  name: string;
  packageName: string;
  version: string;
  declaration: JailDeclaration;
  runtime: { name: string };
  record: { sha256: string };
}

/** What watches a jail from its first instruction on; a jail is started with one or without. */
export interface JailObserver {
  /**
   * Called when the jail's namespaces are there and its service has not been executed.
   *
   * @param pid its first process
   */
  created(pid: number, jail: ObservedJail): void;
  /**
   * Called when the service has been executed and has not begun.
   *
   * @throws ProdngError when it is not being watched: the service is killed
   */
  confined(pid: number): void;
}
