{{/* What things are called. */}}

{{- define "order-service.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 40 characters: the longest ending (-postgresql-data and a pod's hash) must fit in 63. */}}
{{- define "order-service.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- $full | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "order-service.serviceAccount" -}}
{{- $own := .Values.serviceAccount.create | ternary (include "order-service.fullname" .) "default" -}}
{{- default $own .Values.serviceAccount.name -}}
{{- end -}}

{{/* Labels that never change: (dict "root" $ "component" "orders"). */}}
{{- define "order-service.selector" -}}
app.kubernetes.io/name: {{ include "order-service.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "order-service.labels" -}}
{{ include "order-service.selector" . }}
app.kubernetes.io/part-of: order-service
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* An image: (dict "image" .Values.image "default" "its tag when none is given"). */}}
{{- define "order-service.image" -}}
{{- $tag := default .default .image.tag -}}
{{- if .image.digest -}}
{{- printf "%s:%s@%s" .image.repository $tag .image.digest | quote -}}
{{- else -}}
{{- printf "%s:%s" .image.repository $tag | quote -}}
{{- end -}}
{{- end -}}
