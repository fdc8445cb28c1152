import { existsSync, readdirSync } from 'node:fs';
import nodeModule from 'node:module';

/**
 * Whether V8 found compiled code from an earlier run. Node keeps it in a folder named after its own version, the
 * processor and the user, and writes there only at exit: an empty one means that everything was compiled anew.
 */
export function compileCacheState(): 'hit' | 'miss' | 'off' {
  // Since Node 22.1; absent on 20.
  const { getCompileCacheDir } = nodeModule as { getCompileCacheDir?: () => string | undefined };
  const folder = getCompileCacheDir?.();
  if (!folder) return 'off';
  return existsSync(folder) && readdirSync(folder).length > 0 ? 'hit' : 'miss';
}
