#!/usr/bin/env bash
# In the cluster that kubectl points at: installs the chart with the reference upstreams under the
# "restricted" Pod Security Standard, places an order, then replaces every pod while orders come in.
set -euo pipefail
cd "$(dirname "$0")/../.."

image=order-service:kind
namespace=orders
kubectl=(kubectl --namespace "$namespace")

say() { printf '\n── %s\n' "$*"; }

say "The image"
docker build --tag "$image" .
kind load docker-image "$image"

say "The namespace, which takes restricted pods only"
kubectl create namespace "$namespace" --dry-run=client --output yaml | kubectl apply --filename -
kubectl label namespace "$namespace" --overwrite pod-security.kubernetes.io/enforce=restricted

say "Two replicas"
helm upgrade --install order-service helm_chart --namespace "$namespace" --wait --timeout 5m \
    --values helm_chart/values-minikube.yaml --set image.tag=kind \
    --set hpa.enabled=false --set replicaCount=2

say "An order"
helm test order-service --namespace "$namespace" --logs --timeout 5m

say "The same two under an HPA and back again"
helm upgrade order-service helm_chart --namespace "$namespace" --wait --timeout 5m --reuse-values \
    --set hpa.enabled=true --set hpa.minReplicas=2
helm upgrade order-service helm_chart --namespace "$namespace" --wait --timeout 5m --reuse-values \
    --set hpa.enabled=false

say "Every pod is replaced, while orders come in"
"${kubectl[@]}" create configmap load --from-file .github/kind/load.py --dry-run=client \
    --output yaml | "${kubectl[@]}" apply --filename -
"${kubectl[@]}" delete job load --ignore-not-found
"${kubectl[@]}" apply --filename .github/kind/load.yaml
"${kubectl[@]}" wait --for=jsonpath='{.status.ready}'=1 job/load --timeout 60s
"${kubectl[@]}" rollout restart deployment/order-service
"${kubectl[@]}" rollout status deployment/order-service --timeout 5m
"${kubectl[@]}" wait --for=condition=Complete job/load --timeout 5m || {
    "${kubectl[@]}" logs job/load
    exit 1
}
"${kubectl[@]}" logs job/load
