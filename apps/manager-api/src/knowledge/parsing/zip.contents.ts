import { fromBuffer, type Entry, type ZipFile } from 'yauzl';
import { promisify } from 'node:util';
import { UnreadableDocument } from './parse.request';

const ENTRIES_MAX = 5_000;
/** Bytes all entries may have once they are unpacked. */
const UNPACKED_BYTES_MAX = 100 * 1_048_576;

const openZip = promisify<Buffer, object, ZipFile>(fromBuffer);
const tooMuch = (): UnreadableDocument =>
  new UnreadableDocument(
    `The archive unpacks to more than ${UNPACKED_BYTES_MAX / 1_048_576} MiB or ${ENTRIES_MAX} files, as zip bombs do.`,
  );

/**
 * The names in an archive that is safe to unpack: every entry was inflated once, counted and thrown away, since what
 * its directory says of sizes may be a lie.
 * @throws {UnreadableDocument}
 */
export async function safeEntries(content: Buffer): Promise<string[]> {
  const zip = await openZip(content, { lazyEntries: true, autoClose: false }).catch(() => {
    throw new UnreadableDocument('The file is no complete ZIP archive, as Word documents are: it is broken.');
  });
  const entries = await directory(zip);
  if (entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0) > UNPACKED_BYTES_MAX)
    throw tooMuch();
  let unpacked = 0;
  for (const entry of entries.filter(({ fileName }) => !fileName.endsWith('/'))) {
    unpacked += await inflatedSize(zip, entry, UNPACKED_BYTES_MAX - unpacked);
  }
  return entries.map(({ fileName }) => fileName);
}

function directory(zip: ZipFile): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    zip.on('error', () => reject(broken()));
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      entries.push(entry);
      if (entries.length > ENTRIES_MAX) reject(tooMuch());
      else zip.readEntry();
    });
    zip.readEntry();
  });
}

/** @throws {UnreadableDocument} past `bytes_max` */
function inflatedSize(zip: ZipFile, entry: Entry, bytes_max: number): Promise<number> {
  if (entry.isEncrypted())
    throw new UnreadableDocument('The document is encrypted: save it without a password.');
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) {
        reject(broken());
        return;
      }
      let bytes = 0;
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= bytes_max) return;
        stream.destroy();
        reject(tooMuch());
      });
      stream.on('end', () => resolve(bytes));
      stream.on('error', () => reject(broken()));
    });
  });
}

const broken = (): UnreadableDocument =>
  new UnreadableDocument('The archive of the document is broken: make it anew.');
