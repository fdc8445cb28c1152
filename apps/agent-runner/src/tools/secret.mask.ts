const MASK = '[secret]';

/**
 * Takes secrets out of what a server answers, as it would write them: plain, in JSON, in a URL, in base64. A server
 * that changes them otherwise gives them away: it was trusted with them.
 */
export function secretMask(secrets: Readonly<Record<string, string>>): (text: string) => string {
  const forms = [...new Set(Object.values(secrets).flatMap(writtenForms))]
    .filter((form) => form !== '')
    // A secret may stand in another one.
    .sort((left, right) => right.length - left.length);
  return (text) => forms.reduce((masked, form) => masked.replaceAll(form, MASK), text);
}

const writtenForms = (secret: string): string[] => {
  const bytes = Buffer.from(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams({ '': secret }).toString().slice(1),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ];
};
