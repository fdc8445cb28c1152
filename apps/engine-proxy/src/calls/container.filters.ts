import { z } from 'zod';
import { Refusal } from './refusal';

const Filters = z.record(z.string(), z.array(z.string()));

/**
 * Lets a question about many containers pass that leaves others' out. Filters of one kind are joined by "and" for
 * labels, so that further ones only narrow it.
 * @throws {Refusal} without the installation's label.
 */
export function requireOwnLabel(query: URLSearchParams, label: string): void {
  const all = query.getAll('filters');
  const found = all.length === 1 ? Filters.safeParse(parsed(all[0] ?? '')) : null;
  if (!found?.success || !(found.data['label'] ?? []).includes(label))
    throw new Refusal(
      `the query "filters" must hold the label ${label}, and that alone shows its containers`,
    );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
