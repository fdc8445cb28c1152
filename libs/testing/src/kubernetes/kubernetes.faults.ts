/** How the stand-in fails. All off to begin with; a test turns on what it is about. */
export interface KubernetesFaults {
  /** Requests whose method and path match are cut off, unheard. */
  away: RegExp | null;
  /** Those are heard and never answered. */
  hang: RegExp | null;
  /** Those are acted on, and the answer is lost. */
  lose_answer: RegExp | null;
  /** Milliseconds before each request is heard. */
  latency_ms: number;
  /** Pods the namespace's quota allows. */
  pods_max: number | null;
  /** An admission plugin denies every pod with this message. */
  denied: string | null;
  /** No node has room. */
  unschedulable: string | null;
  /** Images no node can get, with the reason and message a kubelet gives. */
  images: Record<string, { reason: string; message: string }>;
}

export const noFaults = (): KubernetesFaults => ({
  away: null,
  hang: null,
  lose_answer: null,
  latency_ms: 0,
  pods_max: null,
  denied: null,
  unschedulable: null,
  images: {},
});
