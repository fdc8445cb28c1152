import { Initial1795362282197 } from './1795362282197-initial';
import { StartLimits1795370400000 } from './1795370400000-start-limits';

/** In the order in which they are applied. */
export const migrations = [Initial1795362282197, StartLimits1795370400000];
