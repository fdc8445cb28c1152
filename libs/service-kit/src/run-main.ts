import { ConfigError } from './config.schema';

/** Starts an app: a wrong environment is told in one message and exit code 2, anything else with its stack and 1. */
export function runMain(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exit(error instanceof ConfigError ? 2 : 1);
  });
}
