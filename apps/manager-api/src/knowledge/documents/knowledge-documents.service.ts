import { Inject, Injectable } from '@nestjs/common';
import type { AddDocumentDto, DocumentDto, DocumentPageDto, PageQueryDto } from '@roost/contracts/rest';
import { Readable } from 'node:stream';
import { CONFIG, type ManagerConfig } from '../../config';
import { byCreation, pageRequest, toPage } from '../../database/page';
import { KnowledgeBasesService } from '../bases/knowledge-bases.service';
import { DOCUMENT_FILES, type DocumentFiles } from '../files/document.files';
import { IngestionWorker } from '../ingestion/ingestion.worker';
import { KnowledgeRemoval } from '../ingestion/knowledge.removal';
import { documentInput } from './document.input';
import { toDocumentDto } from './document.views';
import { documentNotFound, KnowledgeDocumentsRepository } from './knowledge-documents.repository';
import type { Upload } from './upload.receiver';

@Injectable()
export class KnowledgeDocumentsService {
  constructor(
    private readonly bases: KnowledgeBasesService,
    private readonly documents: KnowledgeDocumentsRepository,
    private readonly worker: IngestionWorker,
    private readonly removal: KnowledgeRemoval,
    @Inject(DOCUMENT_FILES) private readonly files: DocumentFiles,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  async add(knowledge_base_id: string, body: AddDocumentDto, upload: Upload | null): Promise<DocumentDto> {
    await this.bases.get(knowledge_base_id);
    const input = await documentInput(body, upload, (text) =>
      this.files.receive(Readable.from([Buffer.from(text)]), this.config.KNOWLEDGE_UPLOAD_BYTES_MAX),
    );
    const { content } = input;
    try {
      const document = await this.documents.accept(knowledge_base_id, input, async (document_id) => {
        if (content) await this.files.keep(content.file, { knowledge_base_id, document_id });
      });
      this.worker.nudge();
      return toDocumentDto(document);
    } finally {
      if (content) await this.files.discard(content.file);
    }
  }

  async get(knowledge_base_id: string, id: string): Promise<DocumentDto> {
    const document = await this.documents.find(knowledge_base_id, id);
    if (!document) throw documentNotFound();
    return toDocumentDto(document);
  }

  async list(knowledge_base_id: string, query: PageQueryDto): Promise<DocumentPageDto> {
    await this.bases.get(knowledge_base_id);
    const request = pageRequest(query);
    return toPage(await this.documents.page(knowledge_base_id, request), request, byCreation, toDocumentDto);
  }

  async delete(knowledge_base_id: string, id: string): Promise<void> {
    await this.documents.markDeleted(knowledge_base_id, id);
    await this.removal.removeSoon({ document_id: id });
  }
}
