import type { LoggedFrame, MessageObject } from './frames';

/** Bytes one frame may have in a thread's log and on its way to clients, as JSON. */
export const LOGGED_FRAME_BYTES_MAX = 256 * 1024;
/** Kept for all of a frame that is not its text: ids, times, names. */
const ENVELOPE_BYTES = 2 * 1024;
/** Bytes of one UTF-16 unit as JSON, at most: `\u0000`. */
const UNIT_BYTES_MAX = 6;

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/**
 * A frame as one or more that fit. A `token` frame becomes several, whose texts together are the same. Of any other
 * the text is cut, and a `message_object` then says `truncated`; the whole message is in PostgreSQL.
 */
export function fitFrame(
  frame: LoggedFrame,
  bytes_max = LOGGED_FRAME_BYTES_MAX,
): [LoggedFrame, ...LoggedFrame[]] {
  // Most are far smaller: the exact size is not needed to know that.
  const envelope = ENVELOPE_BYTES + citationBytes(frame);
  if (frame.type !== 'approval_request' && frame.content.length * 2 * UNIT_BYTES_MAX + envelope <= bytes_max)
    return [frame];
  if (bytesOf(frame) <= bytes_max) return [frame];
  const text_max = bytes_max - envelope;
  switch (frame.type) {
    case 'token': {
      const [first = '', ...rest] = splitText(frame.content, text_max);
      return [{ ...frame, content: first }, ...rest.map((content) => ({ ...frame, content }))];
    }
    case 'message':
    case 'user_message': {
      // The text stands in it twice.
      const content = cutText(frame.content, text_max / 2);
      return [{ ...frame, content, message_object: { ...frame.message_object, content, truncated: true } }];
    }
    case 'error': {
      const content = cutText(frame.content, text_max / 2);
      return [{ ...frame, content, message: content }];
    }
    case 'approval_request':
      return [{ ...frame, content: cutText(frame.content, text_max), arguments: {}, truncated: true }];
    case 'run':
    case 'tool':
    case 'authorization_request':
      return [{ ...frame, content: cutText(frame.content, text_max) }];
  }
}

const citationBytesOf = ({ citations }: MessageObject): number => (citations ? bytesOf(citations) : 0);

const citationBytes = (frame: LoggedFrame): number =>
  frame.type === 'message' ? citationBytesOf(frame.message_object) : 0;

/** The newest of the messages that fit into one frame together, oldest first; the newest is always among them. */
export function fitTranscript(
  messages: MessageObject[],
  bytes_max = LOGGED_FRAME_BYTES_MAX,
): MessageObject[] {
  const text_max = bytes_max - ENVELOPE_BYTES;
  const fitting: MessageObject[] = [];
  let bytes = 0;
  for (const message of [...messages].reverse()) {
    bytes += bytesOf(message) + 1;
    if (bytes <= text_max) fitting.unshift(message);
    else if (fitting.length > 0) break;
    else {
      const content = cutText(message.content, text_max - ENVELOPE_BYTES - citationBytesOf(message));
      return [{ ...message, content, truncated: true }];
    }
  }
  return fitting;
}

/** The beginning of a text that has at most `bytes_max` bytes as JSON, without half a character. */
function cutText(text: string, bytes_max: number): string {
  let cut = text.slice(0, bytes_max);
  for (let bytes = bytesOf(cut); bytes > bytes_max; bytes = bytesOf(cut))
    cut = cut.slice(0, Math.floor((cut.length * bytes_max) / bytes) - 1);
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}

function splitText(text: string, bytes_max: number): string[] {
  const parts: string[] = [];
  for (let rest = text; rest !== '';) {
    const part = cutText(rest, bytes_max);
    parts.push(part);
    rest = rest.slice(part.length);
  }
  return parts;
}
