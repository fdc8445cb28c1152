import { setTimeout as delay } from 'node:timers/promises';

interface Page {
  items: { id: string; name: string }[];
  next_cursor: string | null;
}

const name = 'Demo';

/** The id of the demo agent, created through the REST API the first time. */
export async function ensureDemoAgent(
  managerUrl: string,
  apiKey: string,
  modelName: string,
): Promise<string> {
  const api = (path: string, init: RequestInit = {}) => call(`${managerUrl}${path}`, apiKey, init);
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = (await api(`/agents?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)) as Page;
    const found = page.items.find((agent) => agent.name === name);
    if (found) return found.id;
    cursor = page.next_cursor;
  }
  const created = (await api('/agents', {
    method: 'POST',
    body: JSON.stringify({
      name,
      description: 'Made by npm start, to try things out.',
      model: { provider: 'openai', name: modelName },
      system_prompt: 'You are a friendly assistant. Answer briefly.',
      memory: { enabled: true, depth: 20 },
      access: { chat: 'public' },
    }),
  })) as { id: string };
  return created.id;
}

async function call(url: string, apiKey: string, init: RequestInit): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, {
      ...init,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(10_000),
    });
    if (response.ok) return response.json();
    // It may still warm up; anything else will not change by asking again.
    if (response.status !== 503 || attempt === 5) {
      throw new Error(`${init.method ?? 'GET'} ${url}: status ${response.status}\n${await response.text()}`);
    }
    await delay(200 * attempt * (1 + Math.random()));
  }
}
