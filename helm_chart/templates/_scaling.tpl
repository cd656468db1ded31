{{/* How an HPA goes down, ours or the one that KEDA makes; up it goes by Kubernetes' default. */}}
{{- define "order-service.behavior" -}}
scaleDown:
  stabilizationWindowSeconds: {{ int64 .Values.hpa.scaleDownWindowSeconds }}
  policies:
    - type: Pods
      value: 1
      periodSeconds: {{ int64 .Values.hpa.scaleDownPeriodSeconds }}
{{- end -}}
