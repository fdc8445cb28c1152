import type { WirePod } from './pod.types';

/** Whether a pod bears what an equality selector asks for. */
export function selected(selector: string | null): (pod: WirePod) => boolean {
  const wanted = (selector ?? '')
    .split(',')
    .filter((part) => part !== '')
    .map((part) => part.split('='));
  return ({ metadata }) => wanted.every(([name = '', value]) => metadata.labels?.[name] === value);
}
