{{- /* Takes the root, the name of a Deployment, the path of its values and the values. */}}
{{- define "roost.autoscaler" -}}
{{- if .values.autoscaling.enabled }}
{{- with .values.autoscaling }}
{{- if lt (int .maxReplicas) (int .minReplicas) }}
{{- fail (printf "%s.autoscaling.maxReplicas: %d is less than minReplicas, %d" $.path (int .maxReplicas) (int .minReplicas)) }}
{{- end }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "roost.metadata" $ | nindent 2 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ $.name }} }
  minReplicas: {{ .minReplicas }}
  maxReplicas: {{ .maxReplicas }}
  metrics:
    - type: Resource
      resource: { name: cpu, target: { type: Utilization, averageUtilization: {{ .targetCpuUtilization }} } }
  # Sockets are long: those of a replica that goes must all come back elsewhere.
  behavior: { scaleDown: { stabilizationWindowSeconds: 600 } }
{{- end }}
{{- end }}
{{- end }}

{{- /* Takes the root, the name of a Deployment and its values. */}}
{{- define "roost.disruptionBudget" -}}
{{- with .values.podDisruptionBudget }}
{{- if .enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "roost.metadata" $ | nindent 2 }}
spec:
  maxUnavailable: {{ .maxUnavailable }}
  selector: { matchLabels: { app.kubernetes.io/name: {{ $.name }} } }
{{- end }}
{{- end }}
{{- end }}
