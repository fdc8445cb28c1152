const live = process.stdout.isTTY;
const heartbeatSeconds = live ? 1 : 15;

/**
 * Shows that something goes on, and for how long.
 *
 * @template T
 * @param {string} label
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(label, work) {
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(live ? 0 : 1);
  if (live) process.stdout.write(`  ${label} …`);
  const heartbeat = setInterval(() => {
    if (live) process.stdout.write(`\r  ${label} … ${seconds()} s`);
    else console.log(`  ${label}: ${seconds()} s so far`);
  }, heartbeatSeconds * 1000);
  try {
    const result = await work();
    end('✓', seconds());
    return result;
  } catch (error) {
    end('✗', seconds());
    throw error;
  } finally {
    clearInterval(heartbeat);
  }

  /** @param {string} mark @param {string} took */
  function end(mark, took) {
    process.stdout.write(`${live ? '\r\x1b[K' : ''}${mark} ${label} (${took} s)\n`);
  }
}

/**
 * A line between steps, or during one.
 *
 * @param {string} line
 */
export function say(line) {
  process.stdout.write(`${live ? '\r\x1b[K' : ''}  ${line}\n`);
}
