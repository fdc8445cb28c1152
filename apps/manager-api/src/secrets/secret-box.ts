import { Inject, Injectable } from '@nestjs/common';
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { CONFIG, type ManagerConfig } from '../config';

const FORMAT = 'v1';

/** Seals secrets at rest: AES-256-GCM, bound to where the secret belongs, with the id of the key that sealed it. */
@Injectable()
export class SecretBox {
  private readonly key: Buffer;
  private readonly key_id: string;

  constructor(@Inject(CONFIG) config: ManagerConfig) {
    this.key = Buffer.from(config.SECRETS_KEY, 'base64');
    this.key_id = createHash('sha256').update(this.key).digest('hex').slice(0, 8);
  }

  /** `place` (such as an agent's id) must be the same when opening, so that a sealed value cannot be moved. */
  seal(secret: string, place: string): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key, iv).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    const parts = [iv, cipher.getAuthTag(), sealed].map((part) => part.toString('base64url'));
    return [FORMAT, this.key_id, ...parts].join('.');
  }

  /** @throws {Error} when another key sealed it, it was tampered with, or it belongs elsewhere. */
  open(sealed: string, place: string): string {
    const [format, key_id, ...parts] = sealed.split('.');
    if (format !== FORMAT || key_id !== this.key_id) {
      throw new Error(
        `A stored secret was sealed with key ${key_id ?? '?'}, SECRETS_KEY is ${this.key_id}; restore the former key`,
      );
    }
    const [iv, tag, body] = parts.map((part) => Buffer.from(part, 'base64url'));
    if (!iv || !tag || !body) throw new Error('A stored secret is incomplete');
    const decipher = createDecipheriv('aes-256-gcm', this.key, iv).setAAD(Buffer.from(place)).setAuthTag(tag);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  }

  /** A key of its own for another use of `SECRETS_KEY`. */
  derive(purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.key, '', purpose, 32));
  }
}
