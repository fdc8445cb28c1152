import { clamped, type Fields, fieldsOf, given, isFields, listOf, numberOf, textOf } from './former.values';
import { FormerSecrets } from './former.secrets';
import { importRequest } from './former.request';
import type { LeftOutList } from './left-out';

const COMMON = ['id', 'type', 'name', 'description', 'enabled', 'settings'];
const NAME_MAX = 64;

/** Reads the tools of one configuration, one after the other. */
export class ToolImport {
  readonly secrets: FormerSecrets;
  hasKnowledge = false;
  private readonly names = new Set<string>();

  constructor(
    private readonly left_out: LeftOutList,
    private readonly knowledge_bases: ReadonlyMap<string, string>,
  ) {
    this.secrets = new FormerSecrets(left_out);
  }

  /** The tool in our words, or nothing when it could not be taken over. */
  take(tool: unknown, path: string): Fields[] {
    if (!isFields(tool)) {
      this.left_out.add(path, 'is not an object');
      return [];
    }
    if (tool['enabled'] === false) {
      this.left_out.add(path, 'is switched off');
      return [];
    }
    // Its settings stood beside its type or in an object of their own.
    const settings = { ...tool, ...fieldsOf(tool['settings']) };
    switch (tool['type']) {
      case 'knowledgeBase':
        return this.knowledge(settings, path);
      case 'webSearch':
        return this.webSearch(settings, path);
      case 'apiRequest':
        return this.request(settings, path);
      default:
        this.left_out.add(path, `there is no tool of the type ${textOf(tool['type']) ?? '(none)'}`);
        return [];
    }
  }

  private knowledge(settings: Fields, path: string): Fields[] {
    this.left_out.addUnknown(path, settings, [
      ...COMMON,
      ...['knowledgeBaseIds', 'retrievalLimit', 'rewriteAttempts'],
    ]);
    const ids = listOf(settings['knowledgeBaseIds']).flatMap((id, index) => {
      const known = this.knowledge_bases.get(String(id));
      if (known === undefined)
        this.left_out.add(
          `${path}.knowledgeBaseIds.${index}`,
          `the knowledge base ${String(id)} is not here: make one with POST /knowledge-bases, add its documents, and name it in knowledge_bases`,
        );
      return known === undefined ? [] : [known];
    });
    if (ids.length === 0) {
      this.left_out.add(path, 'has no knowledge base left');
      return [];
    }
    this.hasKnowledge = true;
    return [
      given({
        type: 'knowledge_base',
        name: this.named(settings, 'knowledge_base'),
        description: textOf(settings['description']) ?? 'Searches the knowledge base.',
        knowledge_base_ids: [...new Set(ids)],
        retrieval_limit: this.within(settings['retrievalLimit'], 1, 20, `${path}.retrievalLimit`),
        rewrite_attempts: this.within(settings['rewriteAttempts'], 0, 5, `${path}.rewriteAttempts`),
      }),
    ];
  }

  private webSearch(settings: Fields, path: string): Fields[] {
    this.left_out.addUnknown(path, settings, [...COMMON, 'searchLimit']);
    return [
      given({
        type: 'web_search',
        name: this.named(settings, 'web_search'),
        description: textOf(settings['description']),
        limit: this.within(settings['searchLimit'], 1, 10, `${path}.searchLimit`),
      }),
    ];
  }

  private request(settings: Fields, path: string): Fields[] {
    this.left_out.addUnknown(path, settings, [...COMMON, ...['apiUrl', 'method', 'headers', 'params']]);
    const name = this.named(settings, 'api_request');
    const tool = importRequest(settings, name, path, this.left_out, this.secrets);
    return tool === null ? [] : [tool];
  }

  private within(value: unknown, min: number, max: number, path: string): number | undefined {
    const number = numberOf(value);
    if (number === undefined) return undefined;
    const taken = clamped(Math.trunc(number), min, max);
    if (taken !== number) this.left_out.add(path, `${number} became ${taken}`);
    return taken;
  }

  /** A name that models take and no other tool has. */
  private named(settings: Fields, fallback: string): string {
    const words = (textOf(settings['name']) ?? '').normalize('NFKD').replaceAll(/[^A-Za-z0-9_-]+/g, '_');
    const cleaned = words
      .replace(/^[^A-Za-z]+/, '')
      .replace(/_+$/, '')
      .slice(0, NAME_MAX - 4);
    const wanted = cleaned === '' ? fallback : cleaned;
    let name = wanted;
    for (let number = 2; this.names.has(name); number += 1) name = `${wanted}_${number}`;
    this.names.add(name);
    return name;
  }
}
