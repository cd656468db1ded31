#!/usr/bin/env bash
# Builds the order service's image and installs or upgrades its chart; safe to run again.
set -euo pipefail

usage() {
    cat <<'END'
DOCKER_HUB_USERNAME=you ./deploy.sh [options] [-- arguments for helm]

Builds the image, pushes it to Docker Hub as you/order-service (or loads it into Minikube), and installs
or upgrades the chart in helm_chart/. Run it again after any change: only what changed is replaced.

  --minikube          into Minikube (started if need be): nothing is pushed, the reference upstreams
                      are installed too, and an order goes through at once
  --with-upstreams    install the reference upstreams elsewhere, too
  --image REFERENCE   take this image instead of building one, such as you/order-service:1.2.0 or
                      you/order-service@sha256:…; it is not pushed
  --platform NAME     build for linux/amd64 or linux/arm64; default: this machine's
  --values FILE       further values; may be given several times
  --release NAME      default: order-service
  --namespace NAME    default: orders
  --timeout TIME      how long to wait until everything is ready; default: 5m
  --rollback          on failure, bring back what was there before (a first install vanishes)
  --test              run helm test afterwards, which places an order
  --uninstall         remove the release; the volumes of the reference upstreams stay
  --dry-run           only show what would be done
  --help              this text

DOCKER_HUB_USERNAME is your name on Docker Hub. With --minikube nothing is pushed, and any name will do.
END
}

fail() {
    printf 'deploy.sh: %s\n' "$1" >&2
    exit "${2:-1}"
}

say() { printf '\n── %s\n' "$*"; }

# Commands that change something go through here.
run() {
    printf '+'
    printf ' %q' "$@"
    printf '\n'
    [[ -n $dry_run ]] || "$@"
}

# Commands whose answer is needed: (what stands for the answer in a dry run) command…
ask() {
    local shown=$1
    shift
    if [[ -n $dry_run ]]; then echo "$shown"; else "$@"; fi
}

need() {
    [[ -n $dry_run ]] || command -v "$1" >/dev/null || fail "there is no $1 here: $2"
}

# ── what was asked for ────────────────────────────────────────────────────────────────────────────

chart=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/helm_chart
release=order-service
namespace=orders
timeout=5m
image='' platform='' minikube='' upstreams='' rollback='' test='' uninstall='' dry_run=''
values=()
for_helm=()

value_of() { [[ $# -ge 2 && -n $2 ]] || fail "$1 needs a value; see --help" 2; }

while (($#)); do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --minikube) minikube=yes ;;
        --with-upstreams) upstreams=yes ;;
        --rollback) rollback=yes ;;
        --test) test=yes ;;
        --uninstall) uninstall=yes ;;
        --dry-run) dry_run=yes ;;
        --image) value_of "$@"; image=$2; shift ;;
        --platform) value_of "$@"; platform=$2; shift ;;
        --values | -f) value_of "$@"; values+=(--values "$2"); shift ;;
        --release) value_of "$@"; release=$2; shift ;;
        --namespace | -n) value_of "$@"; namespace=$2; shift ;;
        --timeout) value_of "$@"; timeout=$2; shift ;;
        --) shift; for_helm=("$@"); break ;;
        *) fail "what is $1? See --help" 2 ;;
    esac
    shift
done

# Minikube's own context, whatever kubectl points at: nothing must land on another cluster.
profile=${MINIKUBE_PROFILE:-minikube}
helm=(helm)
kubectl=(kubectl)
if [[ -n $minikube ]]; then
    helm+=(--kube-context "$profile")
    kubectl+=(--context "$profile")
fi
kubectl+=(--namespace "$namespace")

# ── uninstall ─────────────────────────────────────────────────────────────────────────────────────

remove() {
    need helm "https://helm.sh/docs/intro/install"
    say "Removing $release from $namespace"
    run "${helm[@]}" uninstall "$release" --namespace "$namespace" --ignore-not-found --wait \
        --timeout "$timeout"
    echo "Volumes of the reference upstreams are kept. To delete them with all orders:"
    echo "  ${kubectl[*]} delete pvc --selector app.kubernetes.io/instance=$release"
}

# ── the image ─────────────────────────────────────────────────────────────────────────────────────

check_username() {
    [[ -n ${DOCKER_HUB_USERNAME:-} ]] ||
        fail "DOCKER_HUB_USERNAME is not set: give your name on Docker Hub, as in
  DOCKER_HUB_USERNAME=you ./deploy.sh
With --minikube nothing is pushed, and any name will do." 2
    [[ $DOCKER_HUB_USERNAME =~ ^[a-z0-9][a-z0-9_-]*$ ]] ||
        fail "DOCKER_HUB_USERNAME=$DOCKER_HUB_USERNAME cannot be part of an image's name: it has lower-case letters and digits only" 2
}

# Sets `image_values`. A tag that names the content, and not only the version, changes when the image
# does, and never otherwise: so exactly then pods are replaced.
build() {
    local repository=$DOCKER_HUB_USERNAME/order-service id tag
    # What is attested is when it was built, which would make the same content another image.
    local build=(env DOCKER_BUILDKIT=1 BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker build)
    if [[ -n $platform ]]; then build+=(--platform "$platform"); fi
    need docker "install Docker, or name an image with --image"
    say "Building $repository"
    run "${build[@]}" --tag "$repository:latest" "$(dirname "$chart")"
    id=$(ask 'sha256:0000000000000000' docker image inspect --format '{{.Id}}' "$repository:latest")
    tag=${id#sha256:}
    tag=${tag:0:12}
    run docker tag "$repository:latest" "$repository:$tag"
    image_values=(--set "image.repository=$repository" --set-string "image.tag=$tag")
    if [[ -n $minikube ]]; then load "$repository:$tag"; else push "$repository" "$tag"; fi
}

push() {
    local repository=$1 tag=$2 digest
    say "Pushing $repository"
    run docker push --quiet "$repository:$tag" ||
        fail "Docker Hub did not take $repository:$tag: log in with docker login -u $DOCKER_HUB_USERNAME"
    run docker push --quiet "$repository:latest"
    digest=$(ask "$repository@sha256:$(printf '0%.0s' {1..64})" \
        docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$repository:$tag" |
        sed -n "s|^.*${repository}@||p" | head -n 1)
    [[ $digest == sha256:* ]] || fail "docker does not know the digest of $repository:$tag, though it was pushed"
    image_values+=(--set-string "image.digest=$digest")
}

load() {
    say "Loading $1 into Minikube"
    run minikube --profile "$profile" image load "$1"
}

# Sets `image_values` from --image: REPOSITORY[:TAG][@DIGEST].
take() {
    local name=$1 digest='' tag=''
    if [[ $name == *@* ]]; then digest=${name##*@} name=${name%@*}; fi
    if [[ ${name##*/} == *:* ]]; then tag=${name##*:} name=${name%:*}; fi
    [[ -n $tag$digest ]] || fail "--image $1 names no tag: say which one, such as $1:1.2.0" 2
    image_values=(--set "image.repository=$name" --set-string "image.tag=$tag" --set-string "image.digest=$digest")
    if [[ -n $minikube && -z $digest ]]; then load "$name:$tag"; fi
}

# ── the cluster ───────────────────────────────────────────────────────────────────────────────────

prepare_minikube() {
    need minikube "https://minikube.sigs.k8s.io/docs/start"
    if [[ -n $dry_run ]] || ! minikube --profile "$profile" status >/dev/null 2>&1; then
        say "Starting Minikube (unless it runs)"
        run minikube --profile "$profile" start
    fi
    # Without it the HPA knows no CPU, and nothing scales.
    run minikube --profile "$profile" addons enable metrics-server
}

# Helm 4 gave --atomic another name.
rollback_flag() {
    case $(ask v4 helm version --short) in
        v3.*) echo --atomic ;;
        *) echo --rollback-on-failure ;;
    esac
}

install() {
    local flags=(--namespace "$namespace" --create-namespace --wait --timeout "$timeout")
    if [[ -n $minikube ]]; then flags+=(--values "$chart/values-minikube.yaml"); fi
    if [[ -n $upstreams ]]; then flags+=(--set upstreams.enabled=true); fi
    if ((${#values[@]})); then flags+=("${values[@]}"); fi
    if [[ -n $rollback ]]; then flags+=("$(rollback_flag)"); fi
    flags+=("${image_values[@]}")
    if ((${#for_helm[@]})); then flags+=("${for_helm[@]}"); fi
    say "Installing $release in $namespace"
    run "${helm[@]}" upgrade --install "$release" "$chart" "${flags[@]}" ||
        fail "it is not installed, or not ready after $timeout; look at
  ${kubectl[*]} get pods,events
  docs/kubernetes.md, \"When it does not work\""
}

# ── where it is ───────────────────────────────────────────────────────────────────────────────────

# (what to show in a dry run) (a jsonpath of the order service's own Service)
of_service() {
    ask "$1" "${kubectl[@]}" get service --output "jsonpath={.items[0]$2}" \
        --selector "app.kubernetes.io/instance=$release,app.kubernetes.io/component=orders"
}

node() {
    if [[ -n $minikube ]]; then
        ask 192.168.49.2 minikube --profile "$profile" ip
    else
        ask NODE "${kubectl[@]}" get nodes --output \
            'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}'
    fi
}

tell() {
    local service port node_port url
    service=$(of_service "$release" .metadata.name)
    port=$(of_service 8080 '.spec.ports[0].port')
    node_port=$(of_service 30001 '.spec.ports[0].nodePort')
    url=http://localhost:$port
    if [[ -n $node_port ]]; then url=http://$(node):$node_port; fi
    say "Orders are taken at $url"
    cat <<END
Not reached from here (Minikube in Docker on macOS or Windows, kind, a private cluster)? Then
  ${kubectl[*]} port-forward service/$service $port:$port
and http://localhost:$port instead.

  curl -i $url/orders -H "X-Idempotency-Key: \$(date +%s)" -H 'Content-Type: application/json' -d '{
    "userId": "u-1", "currency": "INR",
    "address": {"line1": "1 MG Road", "city": "Bengaluru", "country": "IN", "postalCode": "560001"},
    "items": [{"sku": "SKU-1", "qty": 2, "price": "499.50"}]}'
END
}

# ── all of it ─────────────────────────────────────────────────────────────────────────────────────

if [[ -n $uninstall ]]; then
    remove
    exit 0
fi

check_username
need helm "https://helm.sh/docs/intro/install"
need kubectl "https://kubernetes.io/docs/tasks/tools"
image_values=()
if [[ -n $minikube ]]; then prepare_minikube; fi
if [[ -n $image ]]; then take "$image"; else build; fi
install
if [[ -n $test ]]; then
    run "${helm[@]}" test "$release" --namespace "$namespace" --logs --timeout "$timeout"
fi
tell
