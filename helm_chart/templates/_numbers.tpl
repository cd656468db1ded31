{{/* Numbers as text. Helm holds each as a float, and prints 1048576 as 1.048576e+06. */}}

{{- define "order-service.number" -}}
{{- $float := float64 . -}}
{{- if eq $float (floor $float) -}}{{ int64 $float }}{{- else -}}{{ $float }}{{- end -}}
{{- end -}}

{{/* A CPU quantity ("250m", "1", 0.5) in thousandths of a core. */}}
{{- define "order-service.millicores" -}}
{{- $text := toString . -}}
{{- if hasSuffix "m" $text -}}{{ trimSuffix "m" $text | int64 }}
{{- else -}}{{ mulf (float64 $text) 1000 | int64 }}{{- end -}}
{{- end -}}
