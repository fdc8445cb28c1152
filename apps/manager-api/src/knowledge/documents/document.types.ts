import { ServiceError } from '@roost/contracts';
import type { DocumentType } from '@roost/contracts/rest';
import { extname } from 'node:path';

const byExtension: Record<string, DocumentType> = {
  '.pdf': 'pdf',
  '.docx': 'docx',
  '.html': 'html',
  '.htm': 'html',
  '.xhtml': 'html',
  '.md': 'markdown',
  '.markdown': 'markdown',
  '.txt': 'text',
  '.text': 'text',
  '.csv': 'csv',
  '.tsv': 'csv',
};

const byMediaType: Record<string, DocumentType> = {
  'application/pdf': 'pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'text/markdown': 'markdown',
  'text/plain': 'text',
  'text/csv': 'csv',
  'text/tab-separated-values': 'csv',
};

export const SUPPORTED_TYPES =
  'PDF (.pdf), Word (.docx), HTML (.html), Markdown (.md), text (.txt) and CSV (.csv, .tsv) are supported';

/** By the extension of its name, or, where that says nothing, by what its sender calls it; null for neither. */
export function documentType(name: string, media_type: string | undefined): DocumentType | null {
  const extension = extname(name).toLowerCase();
  const named = byExtension[extension];
  if (named) return named;
  // An extension that says something else is believed more than a media type, which browsers guess.
  if (/^\.[a-z][a-z0-9]{1,4}$/.test(extension)) return null;
  return byMediaType[media_type?.split(';')[0]?.trim().toLowerCase() ?? ''] ?? null;
}

/** @throws {ServiceError} `unsupported_media_type`, naming what is supported */
export function supportedType(name: string, media_type: string | undefined): DocumentType {
  const type = documentType(name, media_type);
  if (!type)
    throw new ServiceError(
      'unsupported_media_type',
      `${SUPPORTED_TYPES}: send the document as one of these.`,
    );
  return type;
}

/** What the answer to a URL is: servers know their media types better than paths do. */
export const fetchedType = (url: string, media_type: string | undefined): DocumentType | null =>
  byMediaType[media_type?.split(';')[0]?.trim().toLowerCase() ?? ''] ??
  documentType(new URL(url).pathname, undefined);
