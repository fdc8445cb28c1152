{{- /* A rule to public addresses on 80 and 443. Takes the root. */}}
{{- define "roost.toPublic" -}}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except:
          - 0.0.0.0/8
          - 10.0.0.0/8
          - 100.64.0.0/10
          - 127.0.0.0/8
          - 169.254.0.0/16
          - 172.16.0.0/12
          - 192.0.0.0/24
          - 192.168.0.0/16
          - 198.18.0.0/15
          - 224.0.0.0/3
          {{- range .Values.egress.except }}
          {{- if not (contains ":" .) }}
          - {{ . }}
          {{- end }}
          {{- end }}
    - ipBlock:
        cidr: '::/0'
        except:
          - '::/127'
          - '::ffff:0:0/96'
          - '64:ff9b::/96'
          - '64:ff9b:1::/48'
          - 'fc00::/7'
          - 'fe80::/10'
          - 'ff00::/8'
          {{- range .Values.egress.except }}
          {{- if contains ":" . }}
          - {{ . | quote }}
          {{- end }}
          {{- end }}
  ports: [{ port: 80, protocol: TCP }, { port: 443, protocol: TCP }]
{{- end }}

{{- /* A rule to the cluster's DNS. Takes the root. */}}
{{- define "roost.toDns" -}}
{{- with .Values.networkPolicies.dns -}}
- to:
    - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: {{ .namespace | quote }} } }
      podSelector:
        matchLabels:
          {{- toYaml .podLabels | nindent 10 }}
  ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
{{- end }}
{{- end }}

{{- /* A rule to a database or a collector, where it is said to be; none at all without an address, as no address would mean any. */}}
{{- define "roost.toState" -}}
{{- if .to -}}
- to:
    {{- toYaml .to | nindent 4 }}
  ports: [{ port: {{ .port }}, protocol: TCP }]
{{- end }}
{{- end }}

{{- /* Runners, as policies of the release's namespace know them. Takes the root. */}}
{{- define "roost.runners" -}}
- namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: {{ include "roost.agentsNamespace" . | quote }} } }
  podSelector: { matchLabels: { app.kubernetes.io/component: runner } }
{{- end }}
