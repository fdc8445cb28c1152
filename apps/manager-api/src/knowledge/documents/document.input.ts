import { type MetadataFilter, ServiceError } from '@roost/contracts';
import type { AddDocumentDto, DocumentSource, DocumentType } from '@roost/contracts/rest';
import type { ReceivedFile } from '../files/document.files';
import type { Upload } from './upload.receiver';

/** What a request asks for, with its content received where it came along. */
export interface DocumentInput {
  source: DocumentSource;
  name: string;
  /** Undefined leaves what the document has, or takes the name. */
  title: string | undefined;
  metadata: MetadataFilter | undefined;
  document_id: string | undefined;
  /** Null for a URL, which is fetched later. */
  content: { file: ReceivedFile; type: DocumentType } | null;
}

const METADATA_MAX = 32;
const METADATA_NAME_MAX = 64;
const METADATA_VALUE_MAX = 500;
/** What an index of PostgreSQL holds, less than three bytes a character. */
const URL_BYTES_MAX = 2_000;

/** @throws {ServiceError} `validation_failed` unless there is one text, URL or file */
export async function documentInput(
  body: AddDocumentDto,
  upload: Upload | null,
  receiveText: (text: string) => Promise<ReceivedFile>,
): Promise<DocumentInput> {
  const { title, metadata, document_id, text, url } = body;
  if ([text, url, upload ?? undefined].filter((given) => given !== undefined).length !== 1) {
    throw new ServiceError('validation_failed', 'Send one of text, url, or a file as multipart/form-data.');
  }
  checkMetadata(metadata);
  const common = { title, metadata, document_id };
  if (upload) {
    return {
      ...common,
      source: 'file',
      name: upload.name,
      content: { file: upload.file, type: upload.type },
    };
  }
  if (url !== undefined) return { ...common, source: 'url', name: normalUrl(url), content: null };
  if (title === undefined) throw new ServiceError('validation_failed', 'title: a text needs one.');
  const content = { file: await receiveText(text ?? ''), type: 'markdown' } as const;
  return { ...common, source: 'text', name: title, content };
}

/** One spelling a URL, without what servers never see. */
function normalUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url) throw new ServiceError('validation_failed', 'url: it cannot be read; check it.');
  url.hash = '';
  if (Buffer.byteLength(url.href) > URL_BYTES_MAX) {
    throw new ServiceError('validation_failed', `url: it may have ${URL_BYTES_MAX} bytes.`);
  }
  return url.href;
}

function checkMetadata(metadata: MetadataFilter | undefined): void {
  const entries = Object.entries(metadata ?? {});
  const fits = ([name, value]: [string, unknown]): boolean =>
    name.length > 0 &&
    name.length <= METADATA_NAME_MAX &&
    (typeof value === 'boolean' ||
      (typeof value === 'number' && Number.isFinite(value)) ||
      (typeof value === 'string' && value.length <= METADATA_VALUE_MAX));
  if (entries.length > METADATA_MAX || !entries.every(fits)) {
    throw new ServiceError(
      'validation_failed',
      `metadata: at most ${METADATA_MAX} texts (of ${METADATA_VALUE_MAX} characters), numbers or booleans, with names of ${METADATA_NAME_MAX} characters.`,
    );
  }
}
