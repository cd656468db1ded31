{{/* One reference upstream: (dict "root" $ "name" "inventory"). */}}

{{- define "order-service.upstreamEnvironment" -}}
{{- range $key, $value := .Values.upstreams.settings }}
{{ $key }}: {{ include "order-service.settingText" $value | quote }}
{{- end }}
{{- end -}}

{{/* Where it keeps its state. The password goes past the address: libpq takes it from PGPASSWORD. */}}
{{- define "order-service.upstreamStore" -}}
{{- $upstreams := .root.Values.upstreams -}}
{{- if eq $upstreams.storage "sqlite" -}}
- name: DATABASE_URL
  value: sqlite:////data/{{ .name }}.db
{{- else if eq $upstreams.storage "postgresql" -}}
- name: DATABASE_URL
  value: postgresql://orders@{{ include "order-service.fullname" .root }}-postgresql:5432/orders
- name: PGPASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $upstreams.postgresql.existingSecret }}
      key: password
{{- else -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ $upstreams.external.existingSecret }}
      key: DATABASE_URL
{{- end -}}
{{- end -}}

{{- define "order-service.upstreamPod" -}}
{{- $root := .root -}}
{{- $sqlite := eq $root.Values.upstreams.storage "sqlite" -}}
{{- $port := get (include "order-service.upstreamPorts" . | fromYaml) .name | int64 -}}
metadata:
  labels:
    {{- include "order-service.selector" (dict "root" $root "component" .name) | nindent 4 }}
  annotations:
    checksum/config: {{ include "order-service.upstreamEnvironment" $root | sha256sum }}
spec:
  {{- include "order-service.podSecurity" (dict "uid" $root.Values.runAsUser "root" $root) | nindent 2 }}
  # 5 s until nobody calls, 20 s for the calls that are left (services/__main__.py), 5 s to close.
  terminationGracePeriodSeconds: 30
  {{- with include "order-service.placement" $root }}
  {{- . | nindent 2 }}
  {{- end }}
  containers:
    - name: {{ .name }}
      image: {{ include "order-service.image" (dict "image" $root.Values.image "default" $root.Chart.AppVersion) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      command: [python, -m, services, {{ .name }}, --host, "0.0.0.0", --port, {{ $port | quote }}]
      ports:
        - name: http
          containerPort: {{ $port }}
          protocol: TCP
      envFrom:
        - configMapRef:
            name: {{ include "order-service.fullname" $root }}-upstreams
      env:
        {{- include "order-service.upstreamStore" . | nindent 8 }}
      lifecycle:
        {{- include "order-service.preStop" (dict "root" $root "seconds" 5) | nindent 8 }}
      startupProbe:
        httpGet: {path: /livez, port: http}
        {{- toYaml $root.Values.probes.startup | nindent 8 }}
      livenessProbe:
        httpGet: {path: /livez, port: http}
        {{- toYaml $root.Values.probes.liveness | nindent 8 }}
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        {{- toYaml $root.Values.probes.readiness | nindent 8 }}
      resources:
        {{- toYaml $root.Values.upstreams.resources | nindent 8 }}
      {{- include "order-service.containerSecurity" $root | nindent 6 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- if $sqlite }}
        - name: data
          mountPath: /data
        {{- end }}
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    {{- if $sqlite }}
    - name: data
      {{- include "order-service.volume" (dict "root" $root "name" .name) | nindent 6 }}
    {{- end }}
{{- end -}}

{{/* Where a store's files are: (dict "root" $ "name" "inventory"). */}}
{{- define "order-service.volume" -}}
{{- if .root.Values.upstreams.persistence.enabled -}}
persistentVolumeClaim:
  claimName: {{ include "order-service.fullname" .root }}-{{ .name }}-data
{{- else -}}
emptyDir: {}
{{- end -}}
{{- end -}}

{{/* A claim beside the StatefulSet, not in it: there neither its size could change nor its use. */}}
{{- define "order-service.claim" -}}
{{- $persistence := .root.Values.upstreams.persistence -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ include "order-service.fullname" .root }}-{{ .name }}-data
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "order-service.labels" (dict "root" .root "component" .name) | nindent 4 }}
  {{- if $persistence.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
spec:
  accessModes: [ReadWriteOnce]
  {{- with $persistence.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests:
      storage: {{ $persistence.size }}
{{- end -}}
