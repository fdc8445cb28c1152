/** One series of a manager's /metrics. @throws {Error} when it is not there. */
export async function readSeries(internal_url: string, ...series: string[]): Promise<number[]> {
  const response = await fetch(`${internal_url}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const lines = (await response.text()).split('\n');
  return series.map((name) => {
    const line = lines.find((candidate) => candidate.startsWith(`${name} `));
    if (line === undefined) throw new Error(`the manager has no metric ${name}`);
    return Number(line.slice(name.length + 1));
  });
}
