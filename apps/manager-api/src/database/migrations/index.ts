import { Initial1795362282197 } from './1795362282197-initial';
import { WakeTimeline1795369500000 } from './1795369500000-wake-timeline';
import { WarmPool1795371339000 } from './1795371339000-warm-pool';

/** In the order in which they are applied. */
export const migrations = [Initial1795362282197, WakeTimeline1795369500000, WarmPool1795371339000];
