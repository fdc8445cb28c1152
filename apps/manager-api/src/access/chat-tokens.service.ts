import { Injectable } from '@nestjs/common';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { SecretBox } from '../secrets/secret-box';
import type { ChatTokenPrincipal } from './principal';

const ISSUER = 'roost';
const Claims = z.object({
  aud: z.string(),
  sub: z.string(),
  exp: z.int(),
  key: z.string(),
  user_data: z.record(z.string(), z.unknown()),
});

/** Short-lived credentials of chat clients: one agent, one user. JSON Web Tokens, HS256, RFC 7519. */
@Injectable()
export class ChatTokensService {
  private readonly key: Uint8Array;

  constructor(secrets: SecretBox) {
    this.key = secrets.derive('chat-tokens');
  }

  issue(token: ChatTokenPrincipal): Promise<string> {
    return new SignJWT({ key: token.api_key_id, user_data: token.user_data })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(ISSUER)
      .setAudience(token.agent_id)
      .setSubject(token.user_id)
      .setExpirationTime(token.expires_at)
      .sign(this.key);
  }

  /** Null when it is not one of ours or has expired. */
  async verify(token: string): Promise<ChatTokenPrincipal | null> {
    try {
      const { payload } = await jwtVerify(token, this.key, { issuer: ISSUER, algorithms: ['HS256'] });
      const { aud, sub, exp, key, user_data } = Claims.parse(payload);
      return { kind: 'chat_token', agent_id: aud, user_id: sub, user_data, api_key_id: key, expires_at: exp };
    } catch {
      return null;
    }
  }
}
