import { parseAllDocuments } from 'yaml';

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: Record<string, unknown>;
  data?: Record<string, string>;
  [other: string]: unknown;
}

export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: PodSpec;
}

export interface PodSpec {
  automountServiceAccountToken?: boolean;
  containers: Container[];
  [other: string]: unknown;
}

export interface Container {
  name: string;
  image: string;
  env?: { name: string }[];
  envFrom?: { configMapRef?: { name: string } }[];
  ports?: { name: string; containerPort: number }[];
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> };
  securityContext?: Record<string, unknown>;
  [other: string]: unknown;
}

/** The objects of a rendered stream of YAML documents. */
export const objectsOf = (yaml: string): KubernetesObject[] =>
  parseAllDocuments(yaml).map((document) => document.toJS() as KubernetesObject);

/** The template of pods in a workload; undefined for what starts none. */
export const templateOf = ({ spec }: KubernetesObject): PodTemplate | undefined =>
  spec?.['template'] as PodTemplate | undefined;
