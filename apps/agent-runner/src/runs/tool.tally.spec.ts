import type { AgentConfiguration } from '@roost/contracts';
import { describe, expect, it } from 'vitest';
import { ToolTally, toolTypeOf } from './tool.tally';

const configured = {
  tools: [
    { type: 'http_request', name: 'find_order' },
    { type: 'mcp', name: 'shop' },
    { type: 'openapi', name: 'find' },
    { type: 'http_request', name: 'remember' },
    { type: 'mcp', name: 'forget' },
    { type: 'http_request', name: 'shop_list' },
    { type: 'openapi', name: 'shop_archive' },
  ],
} as unknown as Pick<AgentConfiguration, 'tools'>;

describe('the type of a tool', () => {
  it.each([
    ['find_order', 'http_request'],
    ['shop_list_items', 'mcp'],
    ['find_customers', 'openapi'],
    ['remember_fact', 'memory'],
    ['forget_fact', 'memory'],
    ['forget_everything', 'mcp'],
    ['remember_me', 'unknown'],
    ['shop_archive_items', 'openapi'],
    ['shopping', 'unknown'],
    ['made_up', 'unknown'],
  ])('%s is %s', (name, type) => {
    expect(toolTypeOf(name, configured)).toBe(type);
  });
});

describe('the tally of a run', () => {
  it('counts how calls ended, by type', () => {
    const tally = new ToolTally();
    for (const state of ['started', 'completed', 'started', 'failed', 'rejected', 'completed'] as const)
      tally.count('mcp', state);
    tally.count('unknown', 'failed');
    expect(tally.entries).toEqual([
      { type: 'mcp', completed: 2, failed: 1, rejected: 1 },
      { type: 'unknown', completed: 0, failed: 1, rejected: 0 },
    ]);
  });
});
