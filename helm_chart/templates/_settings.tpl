{{/* The settings as environment variables. */}}

{{/* Where an upstream is: (dict "root" $ "name" "inventory"). */}}
{{- define "order-service.upstreamUrl" -}}
{{- $given := get .root.Values.settings (include "order-service.urlSetting" .) -}}
{{- $port := get (include "order-service.upstreamPorts" . | fromYaml) .name | int64 -}}
{{- if $given -}}
{{- $given -}}
{{- else if .root.Values.upstreams.enabled -}}
{{- printf "http://%s-%s:%d" (include "order-service.fullname" .root) .name $port -}}
{{- else -}}
{{- printf "http://%s:%d" .name $port -}}
{{- end -}}
{{- end -}}

{{/* The ports of the contract. */}}
{{- define "order-service.upstreamPorts" -}}
database: 8000
payment: 8005
inventory: 8006
shipping: 8007
{{- end -}}

{{- define "order-service.urlSetting" -}}
{{- eq .name "database" | ternary "DATABASE_SERVICE_URL" (printf "%s_URL" (upper .name)) -}}
{{- end -}}

{{/* The upstreams that are installed here, as a list of names. */}}
{{- define "order-service.installed" -}}
{{- $root := . -}}
{{- range $name := list "database" "inventory" "payment" "shipping" }}
{{- $given := get $root.Values.settings (include "order-service.urlSetting" (dict "name" $name)) }}
{{- if and $root.Values.upstreams.enabled (not $given) }}
- {{ $name }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "order-service.environment" -}}
{{- $root := . -}}
{{- range $name := list "database" "inventory" "payment" "shipping" }}
{{- $one := dict "root" $root "name" $name }}
{{ include "order-service.urlSetting" $one }}: {{ include "order-service.upstreamUrl" $one | quote }}
{{- end }}
{{- range $key, $value := omit .Values.settings "DATABASE_SERVICE_URL" "INVENTORY_URL" "PAYMENT_URL" "SHIPPING_URL" "DRAIN_S" "EXTRA_UPSTREAMS" }}
{{ $key }}: {{ include "order-service.settingText" $value | quote }}
{{- end }}
EXTRA_UPSTREAMS: {{ toJson .Values.settings.EXTRA_UPSTREAMS | quote }}
DRAIN_S: {{ include "order-service.drainSeconds" . | quote }}
{{- end -}}

{{- define "order-service.settingText" -}}
{{- if or (kindIs "bool" .) (kindIs "string" .) -}}{{ . }}{{- else -}}{{ include "order-service.number" . }}{{- end -}}
{{- end -}}

{{/* The port of an address; a policy is asked after the Service's own translation, which for a
Service that maps its port to another means the pod's: then networkPolicy.extraEgress names it. */}}
{{- define "order-service.portOf" -}}
{{- $host := get (urlParse .) "host" -}}
{{- $port := regexFind ":[0-9]+$" $host | trimPrefix ":" -}}
{{- if $port -}}{{ $port }}{{- else -}}{{ hasPrefix "https" . | ternary 443 80 }}{{- end -}}
{{- end -}}
