{{/* What all pods of this chart have in common: the "restricted" Pod Security Standard and more. */}}

{{/* (dict "uid" 10001 "root" $); null leaves the number to the platform. */}}
{{- define "order-service.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  {{- if not (kindIs "invalid" .uid) }}
  runAsUser: {{ int64 .uid }}
  runAsGroup: {{ int64 .uid }}
  fsGroup: {{ int64 .uid }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "order-service.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* Where pods may run; the same for all of them. */}}
{{- define "order-service.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* A pod that runs one of files/*.py once: (dict "root" $ "component" … "script" … "arguments" (list …)). */}}
{{- define "order-service.scriptPod" -}}
{{ include "order-service.podSecurity" (dict "uid" .root.Values.runAsUser "root" .root) }}
{{- with include "order-service.placement" .root }}
{{ . }}
{{- end }}
restartPolicy: Never
containers:
  - name: {{ .component }}
    image: {{ include "order-service.image" (dict "image" .root.Values.image "default" .root.Chart.AppVersion) }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    command: [python, /scripts/{{ .script }}]
    args:
      {{- range .arguments }}
      - {{ . | quote }}
      {{- end }}
    resources:
      requests: {cpu: 50m, memory: 64Mi}
      limits: {memory: 128Mi}
    {{- include "order-service.containerSecurity" . | nindent 4 }}
    volumeMounts:
      - {name: scripts, mountPath: /scripts, readOnly: true}
volumes:
  - name: scripts
    configMap:
      name: {{ include "order-service.fullname" .root }}-scripts
{{- end -}}
