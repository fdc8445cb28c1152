import { Initial1795362282197 } from './1795362282197-initial';
import { LostRuns1795373201942 } from './1795373201942-lost-runs';

/** In the order in which they are applied. */
export const migrations = [Initial1795362282197, LostRuns1795373201942];
