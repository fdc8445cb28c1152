import { describe, expect, it } from 'vitest';
import { presentInstance } from './container-state';

const labels = {
  'roost.installation': 'default',
  'roost.instance_id': 'i1',
  'roost.agent_id': 'a1',
  'roost.generation': '3',
};
const ZERO = '0001-01-01T00:00:00Z';
const ended = {
  Created: '2026-01-01T10:00:00.1Z',
  Config: { Labels: labels },
  State: {
    Status: 'exited',
    OOMKilled: false,
    ExitCode: 3,
    StartedAt: '2026-01-01T10:00:01.1Z',
    FinishedAt: '2026-01-01T10:00:02.1Z',
  },
};
const inState = (state: Partial<typeof ended.State>) =>
  presentInstance({ ...ended, State: { ...ended.State, ...state } }, 'default');

describe('a container as an instance', () => {
  it('is whole', () => {
    expect(presentInstance(ended, 'default')).toEqual({
      instance_id: 'i1',
      agent_id: 'a1',
      generation: 3,
      state: 'exited',
      created_at: '2026-01-01T10:00:00.1Z',
      started_at: '2026-01-01T10:00:01.1Z',
      ended_at: '2026-01-01T10:00:02.1Z',
      exit_code: 3,
      oom_killed: false,
    });
  });

  it('of the warm pool has no agent', () => {
    const { 'roost.agent_id': _agent, 'roost.generation': _generation, ...Labels } = labels;
    expect(presentInstance({ ...ended, Config: { Labels } }, 'default')).toMatchObject({
      instance_id: 'i1',
      agent_id: null,
      generation: null,
    });
  });

  it.each([
    ['created', 'created'],
    ['running', 'running'],
    ['paused', 'running'],
    ['restarting', 'running'],
    ['removing', 'exited'],
    ['exited', 'exited'],
    ['dead', 'exited'],
  ])('%s is %s', (Status, state) => expect(inState({ Status })).toMatchObject({ state }));

  it('has no end and no exit code while it runs', () => {
    expect(inState({ Status: 'running', ExitCode: 0, FinishedAt: ZERO })).toMatchObject({
      ended_at: null,
      exit_code: null,
    });
  });

  it('has no start before it was started', () => {
    expect(inState({ Status: 'created', StartedAt: ZERO })).toMatchObject({ started_at: null });
  });

  it('was ended by the memory limit only when it was itself killed', () => {
    expect(inState({ OOMKilled: true, ExitCode: 137 })).toMatchObject({ oom_killed: true });
    expect(inState({ OOMKilled: true, ExitCode: 0 })).toMatchObject({ oom_killed: false });
    expect(inState({ OOMKilled: false, ExitCode: 137 })).toMatchObject({ oom_killed: false });
  });

  it('is none of ours with another installation, or without our labels', () => {
    expect(presentInstance(ended, 'other')).toBeUndefined();
    expect(presentInstance({ ...ended, Config: { Labels: {} } }, 'default')).toBeUndefined();
  });
});
