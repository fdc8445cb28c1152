import type { Launcher } from '../launcher';

/** What the suite needs of one kind of launcher. Everything but `launcher` is made of the same kind. */
export interface LauncherHarness {
  /** Its instances run `program.mjs`, or pretend to. */
  launcher: Launcher;
  /** Another manager's launcher of the same installation; may be `launcher` where there is only one. */
  sibling: Launcher;
  /** A launcher of another installation on the same platform. */
  stranger: Launcher;
  /** One whose image or program was never built. */
  unbuilt: Launcher;
  /** The command that `unbuilt` must name. */
  build_hint: string;
  /** Launchers whose platform does not answer, by how it fails. */
  unreachable: Record<string, Launcher>;
  /** Within this, in milliseconds, every call of `unreachable` must have failed. */
  deadline_ms: number;
  /** Removes what the harness made. */
  close(): Promise<void>;
}
