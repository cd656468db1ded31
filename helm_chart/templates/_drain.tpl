{{/* How long a pod's end takes: every number follows from the deadline of an order.

  preStop sleep     nobody has heard yet that this pod goes: it works on as if nothing were
  SIGTERM, DRAIN_S  readiness fails; orders that are under way are finished and answered
  the rest          the search for orders ends (one call at most), leases are given up (one call)
  SIGKILL           at the end of the grace period, which must not come before all that
*/}}

{{- define "order-service.drainSeconds" -}}
{{- $settings := .Values.settings -}}
{{- if kindIs "invalid" $settings.DRAIN_S -}}
{{- $spare := maxf 10 (addf $settings.UPSTREAM_TIMEOUT_S 5) -}}
{{- addf $settings.ORDER_DEADLINE_S $spare | ceil | int64 -}}
{{- else -}}
{{- include "order-service.number" $settings.DRAIN_S -}}
{{- end -}}
{{- end -}}

{{- define "order-service.leastGraceSeconds" -}}
{{- $drain := include "order-service.drainSeconds" . | float64 -}}
{{- $rest := maxf 10 (mulf 2 .Values.settings.UPSTREAM_TIMEOUT_S) -}}
{{- addf .Values.drain.preStopSeconds $drain $rest | ceil | int64 -}}
{{- end -}}

{{- define "order-service.graceSeconds" -}}
{{- $least := include "order-service.leastGraceSeconds" . -}}
{{- $given := .Values.drain.terminationGracePeriodSeconds -}}
{{- kindIs "invalid" $given | ternary $least (int64 $given | toString) -}}
{{- end -}}

{{/* preStop: (dict "root" $ "seconds" 10). The kubelet itself can sleep since 1.30. */}}
{{- define "order-service.preStop" -}}
preStop:
  {{- if semverCompare ">=1.30.0-0" .root.Capabilities.KubeVersion.Version }}
  sleep:
    seconds: {{ int64 .seconds }}
  {{- else }}
  exec:
    command: [sleep, {{ int64 .seconds | quote }}]
  {{- end }}
{{- end -}}
