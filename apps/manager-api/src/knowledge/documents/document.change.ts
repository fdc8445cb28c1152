import type { KnowledgeDocumentEntity } from './knowledge-document.entity';
import type { DocumentInput } from './document.input';

type Described = Pick<KnowledgeDocumentEntity, 'title' | 'metadata'>;
type Content = Pick<KnowledgeDocumentEntity, 'type' | 'content_hash' | 'bytes'>;

/** What the document becomes, and whether anything has to be done for it. */
export interface DocumentChange {
  /** Neither content nor title nor metadata differ, and nothing went wrong with them before. */
  unchanged: boolean;
  fields: Described & Content & Pick<KnowledgeDocumentEntity, 'source' | 'name' | 'revision'>;
}

/** What an input makes of the document there is; of none, a new one. */
export function changeOf(current: KnowledgeDocumentEntity | null, input: DocumentInput): DocumentChange {
  const { source, name } = input;
  const described: Described = {
    title: input.title ?? current?.title ?? name.slice(0, TITLE_MAX),
    metadata: input.metadata ?? current?.metadata ?? {},
  };
  const content = contentOf(current, input);
  if (!current) return { unchanged: false, fields: { source, name, revision: 1, ...described, ...content } };
  const sameDescription =
    described.title === current.title && canonical(described.metadata) === canonical(current.metadata);
  const sameContent = content.content_hash === current.content_hash && content.type === current.type;
  const isUrl = source === 'url';
  return {
    // What a URL has now is known only after it was fetched.
    unchanged:
      !isUrl && sameDescription && sameContent && current.state !== 'failed' && current.source === source,
    fields: {
      source,
      name,
      revision:
        isUrl && sameDescription && current.source === 'url' ? current.revision : current.revision + 1,
      ...described,
      ...content,
    },
  };
}

const TITLE_MAX = 300;

function contentOf(current: KnowledgeDocumentEntity | null, { content }: DocumentInput): Content {
  if (content) {
    const { type, file } = content;
    return { type, content_hash: file.content_hash, bytes: file.bytes };
  }
  const { type = null, content_hash = null, bytes = null } = current ?? {};
  return { type, content_hash, bytes };
}

/** jsonb keeps no order. */
const canonical = (metadata: KnowledgeDocumentEntity['metadata']): string =>
  JSON.stringify(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
