import { clamped, type Fields, fieldsOf, given, isFields, textOf } from './former.values';
import { FormerFields } from './former.fields';
import { FormerSecrets } from './former.secrets';
import { importRequest } from './former.request';
import type { LeftOutList } from './left-out';

/** A tool in our words, and where its former one stood. */
export interface ImportedTool {
  path: string;
  tool: Fields;
}

/** Common to all, and of no meaning here. */
const COMMON = ['id', 'type', 'settings'];
const NAME_MAX = 64;
const DESCRIPTION_MAX = 2_000;

/** Reads the tools of one configuration, one after the other. */
export class ToolImport {
  readonly secrets: FormerSecrets;
  private readonly names = new Set<string>();

  constructor(
    private readonly left_out: LeftOutList,
    private readonly knowledge_bases: ReadonlyMap<string, string>,
  ) {
    this.secrets = new FormerSecrets(left_out);
  }

  /** Null when it could not be taken over. */
  take(former: unknown, path: string): ImportedTool | null {
    if (!isFields(former)) {
      this.left_out.add(path, 'is not an object');
      return null;
    }
    // Its settings stood beside its type or in an object of their own.
    const beside = new FormerFields(former, path, this.left_out);
    beside.object('settings');
    const settings = new FormerFields({ ...former, ...fieldsOf(former['settings']) }, path, this.left_out);
    if (settings.boolean('enabled') === false) {
      this.left_out.add(path, 'is switched off');
      return null;
    }
    const tool = this.read(textOf(former['type']), settings);
    settings.leaveOutOthers(...COMMON);
    return tool === null ? null : { path, tool };
  }

  private read(type: string | undefined, settings: FormerFields): Fields | null {
    const description = settings.text('description', DESCRIPTION_MAX);
    const name = settings.text('name', DESCRIPTION_MAX);
    switch (type) {
      case 'knowledgeBase':
        return this.knowledge(settings, name, description);
      case 'webSearch':
        return given({
          type: 'web_search',
          name: this.named(name, 'web_search'),
          description,
          limit: within(settings, 'searchLimit', 1, 10),
        });
      case 'apiRequest':
        return importRequest(settings, this.named(name, 'api_request'), description, this.secrets);
      default:
        this.left_out.add(settings.path, `there is no tool of the type ${type?.slice(0, 64) ?? '(none)'}`);
        return null;
    }
  }

  private knowledge(settings: FormerFields, name?: string, description?: string): Fields | null {
    const retrieval_limit = within(settings, 'retrievalLimit', 1, 20);
    const rewrite_attempts = within(settings, 'rewriteAttempts', 0, 5);
    const ids = settings.list('knowledgeBaseIds').flatMap((id, index) => {
      const known = this.knowledge_bases.get(String(id));
      if (known !== undefined) return [known];
      settings.leaveOut(
        `knowledgeBaseIds.${index}`,
        `the knowledge base ${String(id).slice(0, 64)} is not here: make one with POST /knowledge-bases, add its documents, and name it in knowledge_bases`,
      );
      return [];
    });
    if (ids.length === 0) {
      this.left_out.add(settings.path, 'has no knowledge base left');
      return null;
    }
    return given({
      type: 'knowledge_base',
      name: this.named(name, 'knowledge_base'),
      description: description ?? 'Searches the knowledge base.',
      knowledge_base_ids: [...new Set(ids)],
      retrieval_limit,
      rewrite_attempts,
    });
  }

  /** A name that models take and no other tool has. */
  private named(former: string | undefined, fallback: string): string {
    const words = (former ?? '').normalize('NFKD').replaceAll(/[^A-Za-z0-9_-]+/g, '_');
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

function within(settings: FormerFields, name: string, min: number, max: number): number | undefined {
  const number = settings.number(name);
  if (number === undefined) return undefined;
  const taken = clamped(Math.trunc(number), min, max);
  if (taken !== number) settings.leaveOut(name, `${number} became ${taken}`);
  return taken;
}
