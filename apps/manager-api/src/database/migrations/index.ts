import { Initial1795362282197 } from './1795362282197-initial';
import { WarmPool1795371339000 } from './1795371339000-warm-pool';

/** In the order in which they are applied. */
export const migrations = [Initial1795362282197, WarmPool1795371339000];
