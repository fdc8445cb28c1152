import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
} from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import type { DocumentType } from '@roost/contracts/rest';
import type { Request, Response } from 'express';
import multer, { MulterError, type StorageEngine } from 'multer';
import type { IncomingMessage } from 'node:http';
import { basename } from 'node:path';
import { CONFIG, type ManagerConfig } from '../../config';
import { checkStorable } from '../../http/storable';
import { tooLarge } from '../files/disk.document.files';
import { DOCUMENT_FILES, type DocumentFiles, type ReceivedFile } from '../files/document.files';
import { supportedType } from './document.types';

/** A file of a request, on disk, and what its sender says of it. */
export interface Upload {
  file: ReceivedFile;
  name: string;
  type: DocumentType;
}

declare module 'http' {
  interface IncomingMessage {
    /** Set by {@link UploadReceiver}; whoever keeps it takes it from here. */
    upload?: Upload | null;
  }
}

const FIELDS_MAX = 8;
const FIELD_BYTES_MAX = 32_768;
const NAME_MAX = 255;

/**
 * Takes the file of a `multipart/form-data` request in. A guard, not an interceptor: it comes after the credential
 * was checked and before the idempotency of the request is, which looks at what was sent.
 */
@Injectable()
export class UploadReceiver implements CanActivate {
  private readonly receive: (
    request: Request,
    response: Response,
    next: (error?: unknown) => void,
  ) => unknown;

  constructor(
    @Inject(DOCUMENT_FILES) private readonly files: DocumentFiles,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {
    this.receive = multer({
      storage: this.storage(),
      defParamCharset: 'utf8',
      limits: {
        files: 1,
        fields: FIELDS_MAX,
        fieldSize: FIELD_BYTES_MAX,
        parts: FIELDS_MAX + 1,
        fieldNameSize: 64,
      },
    }).single('file');
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    if (!isMultipart(request)) return true;
    const response = context.switchToHttp().getResponse<Response>();
    // An upload that is refused later, or that nobody kept, must not stay.
    response.once('close', () => void this.discard(request));
    this.refuseDeclaredSize(request);
    await new Promise<void>((resolve, reject) => {
      this.receive(request, response, (error) => {
        if (error === undefined) resolve();
        else reject(asProblem(error));
      });
    });
    if (!request.upload)
      throw new ServiceError('validation_failed', 'file: send the document as the part "file".');
    request.body = fieldsOf(request);
    checkStorable(request.body);
    return true;
  }

  /** Most uploads that are too large say so first: they need not be read. */
  private refuseDeclaredSize(request: Request): void {
    const max = this.config.KNOWLEDGE_UPLOAD_BYTES_MAX;
    if (Number(request.get('content-length') ?? 0) > max + (FIELDS_MAX + 1) * FIELD_BYTES_MAX)
      throw tooLarge(max);
  }

  private storage(): StorageEngine {
    return {
      _handleFile: (request, part, done) => {
        this.take(request, part).then(
          () => done(null, {}),
          (error: unknown) => done(error),
        );
      },
      _removeFile: (request, _part, done) => {
        this.discard(request).then(() => done(null), done);
      },
    };
  }

  private async take(request: IncomingMessage, part: Express.Multer.File): Promise<void> {
    const name = basename(part.originalname.normalize('NFC').replaceAll('\\', '/')).slice(-NAME_MAX);
    checkStorable({ file: name });
    const type = supportedType(name, part.mimetype);
    const file = await this.files.receive(part.stream, this.config.KNOWLEDGE_UPLOAD_BYTES_MAX);
    request.upload = { file, name, type };
  }

  private async discard(request: IncomingMessage): Promise<void> {
    const upload = request.upload;
    request.upload = null;
    if (upload) await this.files.discard(upload.file);
  }
}

/** The file that came with the request; from here on it is the caller's to keep. */
export const Uploaded = createParamDecorator((_data: unknown, context: ExecutionContext): Upload | null => {
  return context.switchToHttp().getRequest<Request>().upload ?? null;
});

export const isMultipart = (request: Request): boolean => Boolean(request.is('multipart/form-data'));

/** Fields are texts; metadata is JSON in one. */
function fieldsOf(request: Request): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...(request.body as Record<string, unknown> | undefined) };
  const { metadata } = fields;
  if (typeof metadata !== 'string') return fields;
  try {
    return { ...fields, metadata: JSON.parse(metadata) as unknown };
  } catch {
    throw new ServiceError('validation_failed', 'metadata: send a JSON object, as text.');
  }
}

function asProblem(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error instanceof MulterError) {
    return error.code === 'LIMIT_FILE_COUNT' || error.code === 'LIMIT_UNEXPECTED_FILE'
      ? new ServiceError('validation_failed', 'file: send one document a request, as the part "file".')
      : new ServiceError('validation_failed', `The form does not fit: ${error.message}.`);
  }
  // The parser's own complaints are plain errors, and so is a client that went away.
  return new ServiceError('validation_failed', 'The form cannot be read: send complete multipart/form-data.');
}
