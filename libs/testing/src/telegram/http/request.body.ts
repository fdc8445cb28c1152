import type { Request, Response } from 'express';
import multer from 'multer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Json } from '../json';
import { badRequest } from '../telegram.refusal';

/** The parameters of a request, and whether they came as text: then every value is a string. */
export interface SentParams {
  values: Json;
  textual: boolean;
}

/**
 * Reads what the Bot API takes: a query string, `application/x-www-form-urlencoded`, `application/json` and
 * `multipart/form-data`. A file becomes `{file_name, bytes}`.
 */
export async function readParams(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<SentParams> {
  const inQuery = Object.fromEntries(query);
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('multipart/form-data'))
    return { values: { ...inQuery, ...(await parts(request, response)) }, textual: true };
  const body = await text(request);
  if (type.startsWith('application/json') && body !== '')
    return { values: { ...inQuery, ...parsed(body) }, textual: false };
  return { values: { ...inQuery, ...Object.fromEntries(new URLSearchParams(body)) }, textual: true };
}

const parseForm = multer().any();

/** Some clients name the method in the form too. */
async function parts(request: IncomingMessage, response: ServerResponse): Promise<Json> {
  const form = request as Request;
  await new Promise<void>((resolve, reject) => {
    parseForm(form, response as Response, (error?: Error | string) => {
      if (error) reject(badRequest(`can't parse the form: ${String(error)}`));
      else resolve();
    });
  });
  const { method: _method, ...values } = form.body as Json;
  for (const { fieldname, originalname, size } of form.files as Express.Multer.File[])
    values[fieldname] = { file_name: originalname, bytes: size };
  return values;
}

function parsed(body: string): Json {
  try {
    return JSON.parse(body) as Json;
  } catch {
    throw badRequest("can't parse JSON object");
  }
}
