{{- /*
The labels of a Deployment, a Job and their pods, by which selectors, services and policies know them. Selectors cannot
be changed, so nothing that an upgrade changes is among them. Takes the name and the component.
*/}}
{{- define "roost.podLabels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/part-of: roost
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- /* The labels that Helm's tools know objects by. Takes the root. */}}
{{- define "roost.labels" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- /* Name, namespace and labels of an object beside its pods. Takes the root, a name, and maybe a namespace. */}}
{{- define "roost.metadata" -}}
name: {{ .name }}
namespace: {{ .namespace | default .root.Release.Namespace | quote }}
labels:
  {{- include "roost.labels" .root | nindent 2 }}
{{- end }}

{{- /* The agents' namespace. */}}
{{- define "roost.agentsNamespace" -}}
{{- if eq .Values.agents.namespace .Release.Namespace -}}
{{- fail (printf "agents.namespace: must not be the release's own namespace, %s: runners would be let to what is in it" .Release.Namespace) -}}
{{- end -}}
{{ .Values.agents.namespace }}
{{- end }}
