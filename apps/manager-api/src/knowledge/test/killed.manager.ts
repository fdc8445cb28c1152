import 'reflect-metadata';
import { pino } from 'pino';
import { startManager } from '../../bootstrap';
import { testConfig } from '../../test/test-config';
import { EMBEDDER } from '../embedding/embedder';
import { KNOWLEDGE_STORE } from '../store/knowledge.store';
import { HashEmbedder } from './hash.embedder';
import { MemoryKnowledgeStore } from './memory.knowledge.store';

/** A manager in a process of its own that says when it has begun to embed, and never ends with that. */
process.once('message', (settings: Record<string, string>) => {
  const embedder = new HashEmbedder();
  embedder.before = () => {
    process.send?.('embedding');
    return new Promise(() => undefined);
  };
  void startManager(testConfig(settings), pino({ enabled: false }), [
    { provide: KNOWLEDGE_STORE, useValue: new MemoryKnowledgeStore() },
    { provide: EMBEDDER, useValue: embedder },
  ]);
});
