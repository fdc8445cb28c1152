{{- /* An image of `images`, with registry and with digest or tag. Takes the root and a name. */}}
{{- define "roost.image" -}}
{{- $images := .root.Values.images -}}
{{- $image := index $images .name -}}
{{- with $image.registry | default $images.registry }}{{ . }}/{{ end -}}
{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default $images.tag }}{{ end -}}
{{- end }}

{{- /* Image and pull policy of a container. Takes the root and a name. */}}
{{- define "roost.pulled" -}}
image: {{ include "roost.image" . }}
imagePullPolicy: {{ .root.Values.images.pullPolicy }}
{{- end }}

{{- /* What holds for every pod. Takes the root and the user's id. */}}
{{- define "roost.podDefaults" -}}
enableServiceLinks: false
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- /* On which nodes pods may be. Takes their values. */}}
{{- define "roost.scheduling" -}}
{{- range $name := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $ $name }}
{{ $name }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{- /* What holds for every container. */}}
{{- define "roost.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- /* Takes the root and the name of the pods. */}}
{{- define "roost.topologySpread" -}}
{{- with .root.Values.topologySpread }}
{{- if .topologyKeys }}
topologySpreadConstraints:
  {{- range .topologyKeys }}
  - maxSkew: {{ $.root.Values.topologySpread.maxSkew }}
    topologyKey: {{ . | quote }}
    whenUnsatisfiable: {{ $.root.Values.topologySpread.whenUnsatisfiable }}
    labelSelector: { matchLabels: { app.kubernetes.io/name: {{ $.name }} } }
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Variables from a Secret. Takes its name, and which it must and which it may hold. */}}
{{- define "roost.secretEnv" -}}
{{- range .required }}
- name: {{ . }}
  valueFrom: { secretKeyRef: { name: {{ $.secret | quote }}, key: {{ . }} } }
{{- end }}
{{- range .optional }}
- name: {{ . }}
  valueFrom: { secretKeyRef: { name: {{ $.secret | quote }}, key: {{ . }}, optional: true } }
{{- end }}
{{- end }}

{{- /*
A map of variables as data of a ConfigMap. Numbers of values files are floats: 1048576 is not to be 1.048576e+06. Takes
the variables and the path of the values.
*/}}
{{- define "roost.envData" -}}
{{- range $name, $value := .variables }}
{{- if regexMatch "://[^/]*@" (toString $value) }}
{{- fail (printf "%s.env.%s: holds a credential; name it in the Secret, and give the address without" $.path $name) }}
{{- end }}
{{- if and (kindIs "float64" $value) (eq $value (floor $value)) }}
{{ $name }}: {{ printf "%.0f" $value | quote }}
{{- else }}
{{ $name }}: {{ $value | toString | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- /*
Seconds from SIGTERM to the kill: the pause before the stop (5), the shutdown's deadline (20 unless the variable says
otherwise), and as much again as a shutdown needs on a busy node (15). Takes the variables.
*/}}
{{- define "roost.gracePeriod" -}}
{{ add 20 (int (.SHUTDOWN_SECONDS | default 20)) }}
{{- end }}

{{- /* Startup, liveness and readiness over HTTP. Takes the port's name. */}}
{{- define "roost.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: {{ . }} }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /livez, port: {{ . }} }
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /readyz, port: {{ . }} }
  periodSeconds: 5
  timeoutSeconds: 4
  failureThreshold: 2
{{- end }}
