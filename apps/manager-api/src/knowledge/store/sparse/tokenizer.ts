import { stemmer as stemEnglish } from '@orama/stemmers/english';
import { stemmer as stemRussian } from '@orama/stemmers/russian';
import { stopWords } from './stop-words';

/** A word may hold marks, and apostrophes between its letters. */
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’][\p{L}\p{M}]+)*/gu;
const CYRILLIC = /^\p{Script=Cyrillic}+$/u;
const LATIN = /^[a-z]+$/;
const WORD_MAX = 64;

/**
 * The terms of a text, in its order, as all stores index and query them: words in lower case, stop words left out,
 * reduced to their stems by Porter's rules for the language of their script. Numbers and words of other scripts stay as
 * they are.
 */
export function termsOf(text: string): string[] {
  const words = text.normalize('NFKC').toLowerCase().match(WORD) ?? [];
  return words
    .map((word) =>
      word
        .replaceAll('ё', 'е')
        .replace(/['’]s$/, '')
        .replace(/['’]/g, ''),
    )
    .filter((word) => word !== '' && word.length <= WORD_MAX && !stopWords.has(word))
    .map(stem);
}

function stem(word: string): string {
  if (LATIN.test(word)) return stemEnglish(word);
  return CYRILLIC.test(word) ? stemRussian(word) : word;
}
