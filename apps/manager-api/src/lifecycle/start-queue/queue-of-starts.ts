/** Names the lock under which places are counted and given, over all managers. */
export const ADMISSION_LOCK = 7_061_001;

/** Of an instance `i` that lives: it has not had its turn. Managers of the release before give codes at once. */
export const WAITS = "(i.state = 'starting' AND i.launched_at IS NULL AND i.code_hash IS NULL)";

/** Of an instance `i` that lives: it takes one of the places for those that start. */
const STARTS = `(i.state IN ('starting', 'initializing') AND NOT ${WAITS})`;

/**
 * The queue of starts as common table expressions. `census` is every live instance that counts (those by hand do
 * not), `keys` what the API keys have of them, `queue` who waits: `position` from 1, and `fits` when the key has room.
 * Keys take turns: the one with the fewest starts under way is next, of several the one whose last turn is longest
 * ago, and within a key the oldest.
 */
export const queueOfStarts = (per_key_max: number | null): string => `
  census AS (
    SELECT i.id, i.agent_id, i.generation, i.created_at, i.state, i.deadline, i.launched_at, a.enabled, a.created_by,
           ${WAITS} AS waits, ${STARTS} AS starts
    FROM instances i JOIN agents a ON a.id = i.agent_id WHERE i.ended_at IS NULL AND NOT i.by_hand),
  keys AS (
    SELECT created_by, count(*) FILTER (WHERE starts) AS starting, count(*) FILTER (WHERE NOT waits) AS live,
           count(*) FILTER (WHERE state = 'stopping') AS stopping, count(*) FILTER (WHERE waits AND enabled) AS waiting,
           max(launched_at) AS last_turn
    FROM census GROUP BY created_by),
  turns AS (
    SELECT c.id, c.agent_id, c.generation, c.created_at, k.last_turn,
           row_number() OVER of_key + k.starting AS turn,
           ${per_key_max === null ? 'true' : `(c.created_by IS NULL OR row_number() OVER of_key + k.live <= ${per_key_max})`} AS fits
    FROM census c JOIN keys k ON k.created_by IS NOT DISTINCT FROM c.created_by
    WHERE c.waits AND c.enabled AND c.deadline > now()
    WINDOW of_key AS (PARTITION BY c.created_by ORDER BY c.created_at, c.id)),
  queue AS MATERIALIZED (
    SELECT id, agent_id, generation, fits,
           (row_number() OVER (ORDER BY fits DESC, turn, last_turn NULLS FIRST, created_at, id))::integer AS position
    FROM turns)`;
