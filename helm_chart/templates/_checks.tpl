{{/* What cannot work is refused before anything is installed. */}}

{{- define "order-service.checks" -}}
{{- include "order-service.checkScaling" . -}}
{{- include "order-service.checkSignals" . -}}
{{- include "order-service.checkTimes" . -}}
{{- include "order-service.checkBudget" . -}}
{{- include "order-service.checkResources" . -}}
{{- include "order-service.checkUpstreams" . -}}
{{- end -}}

{{- define "order-service.checkScaling" -}}
{{- if and .Values.hpa.enabled .Values.keda.enabled -}}
{{- fail "hpa.enabled and keda.enabled: two scalers would fight over one Deployment; set one of them to false" -}}
{{- end -}}
{{- range $scaler := list "hpa" "keda" -}}
{{- $values := get $.Values $scaler -}}
{{- if gt (int64 $values.minReplicas) (int64 $values.maxReplicas) -}}
{{- fail (printf "%s.minReplicas=%d exceeds %s.maxReplicas=%d" $scaler (int64 $values.minReplicas) $scaler (int64 $values.maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.keda.enabled (not .Values.keda.prometheusAddress) -}}
{{- fail "keda.enabled needs keda.prometheusAddress, such as http://prometheus.monitoring:9090" -}}
{{- end -}}
{{- if and (eq (toString .Values.rollout.maxUnavailable) "0" "0%") (eq (toString .Values.rollout.maxSurge) "0" "0%") -}}
{{- fail "rollout.maxUnavailable and rollout.maxSurge are both 0: no pod could ever be replaced; set maxSurge=1" -}}
{{- end -}}
{{- end -}}

{{/* An autoscaler goes up when its metric is more than a tenth above the target. What a full pod does
not exceed by that much, it would never see. */}}
{{- define "order-service.checkSignals" -}}
{{- $places := int64 .Values.settings.MAX_IN_FLIGHT -}}
{{- $signals := dict -}}
{{- if .Values.keda.enabled -}}{{- $_ := set $signals "keda.inFlightPerPod" .Values.keda.inFlightPerPod -}}{{- end -}}
{{- if and .Values.hpa.enabled .Values.hpa.targetInFlight -}}{{- $_ := set $signals "hpa.targetInFlight" .Values.hpa.targetInFlight -}}{{- end -}}
{{- range $name, $target := $signals -}}
{{- if ge (mulf 1.1 $target) (float64 $places) -}}
{{- fail (printf "%s=%d with settings.MAX_IN_FLIGHT=%d: full pods would refuse orders before more of them were asked for; set it to half of MAX_IN_FLIGHT at most" $name (int64 $target) $places) -}}
{{- end -}}
{{- end -}}
{{- if .Values.hpa.enabled -}}
{{- $request := include "order-service.millicores" .Values.resources.requests.cpu | int64 -}}
{{- $target := .Values.hpa.targetCPUUtilizationPercentage -}}
{{- if ge (mulf 1.1 0.01 $target $request) 1000.0 -}}
{{- fail (printf "hpa.targetCPUUtilizationPercentage=%d of resources.requests.cpu=%v: the event loop uses one core at most, so more pods would never be asked for; lower one of the two" (int64 $target) .Values.resources.requests.cpu) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "order-service.checkTimes" -}}
{{- $settings := .Values.settings -}}
{{- $answer := addf $settings.ORDER_DEADLINE_S $settings.UPSTREAM_TIMEOUT_S -}}
{{- if gt (float64 $settings.UPSTREAM_TIMEOUT_S) (float64 $settings.ORDER_DEADLINE_S) -}}
{{- fail (printf "settings.UPSTREAM_TIMEOUT_S=%v exceeds settings.ORDER_DEADLINE_S=%v: one silent call would use up the whole order" $settings.UPSTREAM_TIMEOUT_S $settings.ORDER_DEADLINE_S) -}}
{{- end -}}
{{- if le (float64 $settings.LEASE_S) $answer -}}
{{- fail (printf "settings.LEASE_S=%v must exceed ORDER_DEADLINE_S + UPSTREAM_TIMEOUT_S = %v, or a replica would lose orders that it is still working on" $settings.LEASE_S $answer) -}}
{{- end -}}
{{- $drain := include "order-service.drainSeconds" . -}}
{{- if lt (float64 $drain) $answer -}}
{{- fail (printf "settings.DRAIN_S=%s is less than ORDER_DEADLINE_S + UPSTREAM_TIMEOUT_S = %v: a pod would go before its orders are answered; leave DRAIN_S null to have it derived" $drain $answer) -}}
{{- end -}}
{{- $least := include "order-service.leastGraceSeconds" . -}}
{{- $grace := include "order-service.graceSeconds" . -}}
{{- if lt (int64 $grace) (int64 $least) -}}
{{- fail (printf "drain.terminationGracePeriodSeconds=%s is less than preStop + DRAIN_S + giving up the leases = %s: SIGKILL would come first; leave it null to have it derived" $grace $least) -}}
{{- end -}}
{{- end -}}

{{- define "order-service.checkBudget" -}}
{{- $least := .Values.pdb.minAvailable -}}
{{- $most := .Values.pdb.maxUnavailable -}}
{{- if .Values.pdb.enabled -}}
{{- if and (not (kindIs "invalid" $least)) (not (kindIs "invalid" $most)) -}}
{{- fail "pdb.minAvailable and pdb.maxUnavailable: Kubernetes takes one of them; set the other to null" -}}
{{- end -}}
{{- if and (kindIs "invalid" $least) (kindIs "invalid" $most) -}}
{{- fail "pdb.enabled needs pdb.maxUnavailable (or pdb.minAvailable)" -}}
{{- end -}}
{{- if eq (toString $most) "0" "0%" -}}
{{- fail "pdb.maxUnavailable=0 would keep every node from being drained; set it to 1" -}}
{{- end -}}
{{- if eq (toString $least) "100%" -}}
{{- fail "pdb.minAvailable=100% would keep every node from being drained; use pdb.maxUnavailable=1" -}}
{{- end -}}
{{- if and (not (kindIs "invalid" $least)) (not (hasSuffix "%" (toString $least))) -}}
{{- $pods := include "order-service.fewestPods" . -}}
{{- if ge (int64 $least) (int64 $pods) -}}
{{- fail (printf "pdb.minAvailable=%d with as few as %s pods would keep nodes from being drained; use pdb.maxUnavailable=1" (int64 $least) $pods) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What scaling may go down to. */}}
{{- define "order-service.fewestPods" -}}
{{- if .Values.hpa.enabled -}}{{ int64 .Values.hpa.minReplicas }}
{{- else if .Values.keda.enabled -}}{{ int64 .Values.keda.minReplicas }}
{{- else -}}{{ .Values.replicaCount | default 1 | int64 }}{{- end -}}
{{- end -}}

{{- define "order-service.checkResources" -}}
{{- with .Values.resources.limits -}}
{{- if and .cpu (lt (include "order-service.millicores" .cpu | int64) 1000) -}}
{{- fail (printf "resources.limits.cpu=%v is below one core: throttling would freeze the event loop with all its orders; leave it out" .cpu) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "order-service.checkUpstreams" -}}
{{- $upstreams := .Values.upstreams -}}
{{- if $upstreams.enabled -}}
{{- if and (eq $upstreams.storage "postgresql") (not $upstreams.postgresql.existingSecret) -}}
{{- fail (printf "upstreams.storage=postgresql needs upstreams.postgresql.existingSecret: kubectl -n %s create secret generic orders-postgresql --from-literal=password=\"$(openssl rand -hex 24)\"" .Release.Namespace) -}}
{{- end -}}
{{- if and (eq $upstreams.storage "external") (not $upstreams.external.existingSecret) -}}
{{- fail (printf "upstreams.storage=external needs upstreams.external.existingSecret: kubectl -n %s create secret generic orders-database --from-literal=DATABASE_URL=postgresql://…" .Release.Namespace) -}}
{{- end -}}
{{- if and (eq $upstreams.storage "sqlite") (gt (int64 $upstreams.replicas) 1) -}}
{{- fail "upstreams.replicas: a SQLite file has one pod; set upstreams.storage=postgresql or upstreams.replicas=1" -}}
{{- end -}}
{{- end -}}
{{- end -}}
