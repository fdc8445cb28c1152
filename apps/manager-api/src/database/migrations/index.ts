import { Initial1795362282197 } from './1795362282197-initial';
import { WakeTimeline1795369500000 } from './1795369500000-wake-timeline';
import { StartLimits1795370400000 } from './1795370400000-start-limits';
import { MessageWhileBusy1795370800000 } from './1795370800000-message-while-busy';
import { WarmPool1795371339000 } from './1795371339000-warm-pool';
import { LostRuns1795373201942 } from './1795373201942-lost-runs';
import { Handoffs1795383942408 } from './1795383942408-handoffs';

/** In the order in which they are applied. */
export const migrations = [
  Initial1795362282197,
  WakeTimeline1795369500000,
  StartLimits1795370400000,
  MessageWhileBusy1795370800000,
  WarmPool1795371339000,
  LostRuns1795373201942,
  Handoffs1795383942408,
];
